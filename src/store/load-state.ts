/** The state as the tables of a database have it: rows made into tables of the engine again. Nothing of it is believed yet. */
import { touchAll } from '../chain/touched-pages.ts';
import { State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import type { SqlSession } from './database.ts';
import { quotedColumns, STATE_TABLES, type StateTable } from './state-columns.ts';

/** Rows that are asked for at once. */
const PAGE_ROWS = 20_000;
/** Rows that no table exceeds (`Table`). */
const ROW_LIMIT = 1 << 24;

/** Whose state a database has. */
export interface StateHead {
  readonly height: number;
  readonly fork: number;
  readonly stateRoot: Uint8Array;
  readonly blockHash: Uint8Array;
}

/** What in the tables of the state cannot be made into rows of the engine: `table/row/column: what`. */
export class UnreadableState extends Error {
  constructor(table: string, row: number | string, column: string, what: string) {
    super(`${table}/${row}/${column}: ${what}`);
    this.name = 'UnreadableState';
  }
}

/** The block whose state the database has, undefined where it has none. */
export async function stateHeadOf(session: SqlSession): Promise<StateHead | undefined> {
  const [head] = await session.query<{ height: number; fork: number; state_root: Uint8Array; block_hash: Uint8Array }>(
    'select height, fork, state_root, block_hash from state_head',
  );
  if (head === undefined) return undefined;
  const { height, fork } = head;
  return { height, fork, stateRoot: Uint8Array.from(head.state_root), blockHash: Uint8Array.from(head.block_hash) };
}

/**
 * Reads all tables of the state. Refuses (throws `UnreadableState`) rows that are missing, too many or empty, and counts that no table can
 * have. Its index is not built: that is for a state whose root is known to be right.
 */
export async function loadState(session: SqlSession): Promise<State> {
  const counts = await session.query<{ name: string; rows: number; free: number; live: number }>(
    'select name, rows, free, live from state_table',
  );
  const stray = counts.find(({ name }) => !STATE_TABLES.some(({ table }) => table === name));
  if (stray !== undefined) throw new UnreadableState('state_table', stray.name, 'row', 'there is no such table');
  const state = new State();
  for (const each of STATE_TABLES) {
    const count = counts.find(({ name }) => name === each.table);
    if (count === undefined) throw new UnreadableState('state_table', each.table, 'row', 'it is missing');
    const { rows, free, live } = count;
    for (const [column, value, least] of [
      ['rows', rows, 1],
      ['free', free, 0],
      ['live', live, 0],
    ] as const) {
      const most = column === 'rows' ? ROW_LIMIT : rows - 1;
      if (value >= least && value <= most) continue;
      throw new UnreadableState('state_table', each.table, column, `${value} is not from ${least} to ${most}`);
    }
    const table = state[each.table];
    table.reserve(rows);
    table.rows = rows;
    table.free = free;
    table.live = live;
    await loadRows(session, each, table);
  }
  touchAll(state);
  return state;
}

async function loadRows(session: SqlSession, each: StateTable, table: Table): Promise<void> {
  const { name, columns } = each;
  const wanted = quotedColumns(each).join(', ');
  let expected = 1;
  for (;;) {
    const rows = await session.query<Record<string, number | null>>(
      `select ${wanted} from ${name} where row >= $1 order by row limit ${PAGE_ROWS}`,
      [expected === 1 ? -(2 ** 31) : expected],
    );
    for (const row of rows) {
      const at = row['row'] as number;
      if (at !== expected || at >= table.rows) {
        const what = at === expected ? `behind the last, ${table.rows - 1}` : `in the place of row ${expected}`;
        throw new UnreadableState(name, at, 'row', what);
      }
      for (const { name: column, column: own, index } of columns) {
        const value = row[column];
        if (typeof value !== 'number') throw new UnreadableState(name, at, column, 'there is no value');
        write(table, at, own.kind, own.offset + index, value);
      }
      expected++;
    }
    if (rows.length < PAGE_ROWS) break;
  }
  if (expected < table.rows) throw new UnreadableState(name, expected, 'row', 'it is missing');
}

function write(table: Table, row: number, kind: 'i32' | 'f64', offset: number, value: number): void {
  if (kind === 'f64') table.f64[row * table.rowFloats + offset] = value;
  else table.i32[row * table.rowWords + offset] = value;
}
