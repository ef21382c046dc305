/**
 * The state at the tip, verified in the short time in which nobody trades. All of it is read and its root compared beforehand; at the tip
 * the blocks since are replayed on it, root by root, and only the rows that the database says were written since are read again: they must
 * be those that the replay changed, with its values.
 */
import { sameBytes, toHex } from '../chain/digest.ts';
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import type { State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { Database, SqlSession } from '../store/database.ts';
import { loadState, stateHeadOf, UnreadableState } from '../store/load-state.ts';
import { quotedColumns, STATE_TABLES, type StateTable } from '../store/state-columns.ts';
import type { Findings } from './finding.ts';

/** The rows of a table as they were. */
interface Rows {
  readonly rows: number;
  readonly words: Int32Array;
}

interface Taken {
  readonly state: State;
  /** The rows before the blocks that are replayed on it. */
  readonly before: ReadonlyMap<string, Rows>;
  readonly height: number;
  readonly roots: DirectRoots;
  /** Transactions from this one on came later. */
  readonly mark: string;
  readonly reader: JournalReader;
}

export class TipState {
  private readonly taken: Taken;
  /** The state at the tip, once `check` has led there. */
  state: State;

  private constructor(taken: Taken) {
    this.taken = taken;
    this.state = taken.state;
  }

  /** Computes the roots of `state` as it goes on. */
  get roots(): DirectRoots {
    return this.taken.roots;
  }

  /** Reads the state of a candidate while people trade. Undefined where it is not that of a sealed block: then it is to be verified whole. */
  static async take(candidate: Database, journal: string): Promise<TipState | undefined> {
    const found = await candidate.hold(async (session) => {
      await session.query('begin isolation level repeatable read');
      try {
        const mark = await markOf(session);
        const head = await stateHeadOf(session);
        return head === undefined ? undefined : { height: head.height, mark, state: await loadState(session) };
      } catch (error) {
        if (error instanceof UnreadableState) return undefined;
        throw error;
      } finally {
        await session.query('rollback');
      }
    });
    return found === undefined ? undefined : TipState.of(found, journal);
  }

  /**
   * The state at the end of the block at `height`, as it was read behind `mark` (`markOf`); it goes on from here. Undefined where it is not
   * that of the block.
   */
  static of({ state, height, mark }: Pick<Taken, 'state' | 'height' | 'mark'>, journal: string): TipState | undefined {
    const reader = new JournalReader(journal);
    const roots = new DirectRoots(sha256);
    roots.request(state);
    const block = reader.block(height);
    if (block === undefined || !sameBytes(roots.wait().stateRoot, block.stateRoot)) return undefined;
    state.index.restore(state);
    const before = new Map(STATE_TABLES.map(({ table }) => [table, rowsOf(state[table])] as const));
    return new TipState({ state, before, height, roots, mark, reader });
  }

  /** Height of the block whose state was read. */
  get height(): number {
    return this.taken.height;
  }

  /** Verifies the state of the candidate at the end of the block at `height`; adds what differs. Returns its root. */
  async check(candidate: SqlSession, height: number, findings: Findings): Promise<string> {
    const { state, before, reader, roots, mark } = this.taken;
    const block = reader.block(this.taken.height);
    if (block === undefined) throw new Error(`block ${this.taken.height} is gone`);
    const sealer = new BlockSealer(sha256, roots, headOf(block, sha256));
    const entries = entriesUpTo(reader.entries(block.height), block.height, height);
    const options = { sealer, hash: sha256, history: reader, head: height, amend: null };
    const result = replay(state, entries, options);
    const root = result.stateRoot ?? toHex(block.stateRoot);
    if (result.firstDivergence !== null || sealer.head.height !== height) {
      const what = result.firstDivergence?.what ?? 'it was not reached';
      findings.add(`block/${height}/state_root`, 'replayed', what);
      return root;
    }
    const head = await stateHeadOf(candidate);
    const found = head === undefined ? 'none' : `block ${head.height}, root ${toHex(head.stateRoot)}`;
    const expected = `block ${height}, root ${root}`;
    if (found !== expected) findings.add('state_head/0/height', expected, found);
    await compareCounts(candidate, state, findings);
    for (const each of STATE_TABLES) {
      await compareChanged(candidate, each, before.get(each.table) as Rows, state[each.table], mark, findings);
    }
    this.state = state;
    return root;
  }
}

/** Transactions from this one on come later than what is read now. */
export async function markOf(session: SqlSession): Promise<string> {
  const [row] = await session.query<{ mark: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as mark');
  return row?.mark ?? '0';
}

async function compareCounts(session: SqlSession, state: State, findings: Findings): Promise<void> {
  const counts = await session.query<{ name: string; rows: number; free: number; live: number }>(
    'select name, rows, free, live from state_table',
  );
  for (const { table } of STATE_TABLES) {
    const found = counts.find(({ name }) => name === table);
    for (const column of ['rows', 'free', 'live'] as const) {
      const [own, other] = [String(state[table][column]), String(found?.[column] ?? 'none')];
      if (own !== other) findings.add(`state_table/${table}/${column}`, own, other);
    }
  }
}

async function compareChanged(
  session: SqlSession,
  table: StateTable,
  before: Rows,
  after: Table,
  mark: string,
  findings: Findings,
): Promise<void> {
  const { name, columns } = table;
  const changed = await session.query<Record<string, number | null>>(
    `select ${quotedColumns(table).join(', ')} from ${name}
      where age(xmin) <= age(($1::text::xid8)::xid)`,
    [mark],
  );
  const written = new Map(changed.map((row) => [row['row'] as number, row]));
  for (let row = 1; row < after.rows; row++) {
    const found = written.get(row);
    written.delete(row);
    if (found === undefined) {
      if (!isSameRow(before, after, row)) findings.add(`${name}/${row}/row`, 'written', 'not written');
      continue;
    }
    for (const { name: column, column: own, index } of columns) {
      const [ours, theirs] = [after.read(row, own, index), found[column]];
      if (ours !== theirs) findings.add(`${name}/${row}/${column}`, String(ours), String(theirs));
    }
  }
  for (const row of written.keys()) findings.add(`${name}/${row}/row`, 'none', 'written');
}

function rowsOf({ rows, i32, rowWords }: Table): Rows {
  return { rows, words: i32.slice(0, rows * rowWords) };
}

function isSameRow(before: Rows, after: Table, row: number): boolean {
  if (row >= before.rows) return false;
  const words = after.rowWords;
  for (let at = row * words; at < (row + 1) * words; at++) if (before.words[at] !== after.i32[at]) return false;
  return true;
}
