/**
 * A start from the database, as most venues do it; here only where it is safe: the root computed from the rows must be the one that the
 * sealed block says, by the word of the journal, whatever the database says of itself.
 */
import { type Block, blockHash } from '../chain/block.ts';
import { isPassed, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { sameBytes, toHex } from '../chain/digest.ts';
import { diffStates } from '../chain/state-difference.ts';
import { computeRoots } from '../chain/state-tree.ts';
import type { State } from '../engine/state.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { RowDifference } from './compare-rows.ts';
import type { Database, SqlSession } from './database.ts';
import { loadState, type StateHead, stateHeadOf, UnreadableState } from './load-state.ts';

export interface RecoveredFromDatabase {
  readonly accepted: true;
  /** The state at the end of `block`, which is on the way to the journal's last one. */
  readonly state: State;
  readonly block: Block;
}

export interface RefusedState {
  readonly accepted: false;
  readonly refusal: /** The database keeps no state. */
    | 'no_state'
    /** It says to have that of a block which the journal has not, or has otherwise. */
    | 'block_unknown'
    /** Its own row of that block is missing, or says otherwise. */
    | 'block_differs'
    /** It has that of a block on a branch that a rollback ended. */
    | 'block_on_dead_branch'
    /** Its rows are none of a state: one is missing, too many, or empty. */
    | 'state_unreadable'
    /** The root of its rows is not that of the block. */
    | 'state_differs';
  readonly about: string;
  readonly height: number | undefined;
  /** Where the rows differ from the state that the journal leads to, as far as it was asked for. */
  readonly differences: readonly RowDifference[];
}

export interface RecoverFromDatabaseOptions {
  /** The folder of the journal's snapshots, from which the journal's own state is made faster. */
  readonly folder?: string;
  /** How many differences are to be found of a state that is refused; each needs a replay. 0: none. */
  readonly differences?: number;
}

/** What a database says of the state that it keeps. Nothing of it is believed yet. */
export interface DatabaseState {
  readonly head: StateHead;
  /** What its row of the block says of it; undefined where there is none. */
  readonly row: Pick<StateHead, 'fork' | 'stateRoot' | 'blockHash'> | undefined;
  /** Or why its rows are none of a state. */
  readonly state: State | UnreadableState;
}

/** Reads the state that a database keeps, all of it as of one moment, whoever writes; undefined where it keeps none, or has no schema. */
export function readStateAtOnce(database: Database): Promise<DatabaseState | undefined> {
  return database.hold(async (session) => {
    const [found] = await session.query<{ is_there: boolean }>(
      "select to_regclass('state_head') is not null and to_regclass('block') is not null as is_there",
    );
    if (found?.is_there !== true) return undefined;
    await session.query('begin isolation level repeatable read');
    try {
      return await readDatabaseState(session);
    } finally {
      await session.query('rollback');
    }
  });
}

async function readDatabaseState(session: SqlSession): Promise<DatabaseState | undefined> {
  const head = await stateHeadOf(session);
  if (head === undefined) return undefined;
  const [row] = await session.query<{ fork: number; state_root: Uint8Array; hash: Uint8Array }>(
    'select fork, state_root, hash from block where height = $1',
    [head.height],
  );
  let state: State | UnreadableState;
  try {
    state = await loadState(session);
  } catch (error) {
    if (!(error instanceof UnreadableState)) throw error;
    state = error;
  }
  const own =
    row === undefined
      ? undefined
      : { fork: row.fork, stateRoot: Uint8Array.from(row.state_root), blockHash: Uint8Array.from(row.hash) };
  return { head, row: own, state };
}

/** The state that a database has, if it is that of a sealed block on the way to the history's last one. */
export async function recoverFromDatabase(
  session: SqlSession,
  history: ReadableHistory,
  options: RecoverFromDatabaseOptions = {},
): Promise<RecoveredFromDatabase | RefusedState> {
  return judgeDatabaseState(await readDatabaseState(session), history, options);
}

/**
 * What was read of a database, if it is the state of a sealed block on the way to the history's last one: by the journal's word, and by
 * that of the database's own row of the block.
 */
export function judgeDatabaseState(
  read: DatabaseState | undefined,
  history: ReadableHistory,
  options: RecoverFromDatabaseOptions = {},
): RecoveredFromDatabase | RefusedState {
  if (read === undefined) return refused('no_state', 'the database keeps no state', undefined);
  const { head, row, state } = read;
  const block = history.block(head.height);
  const unfit = unfitHead(history, head, block) ?? unfitRow(head, row);
  if (unfit !== undefined) return unfit;
  const sealed = block as Block;
  if (state instanceof UnreadableState) return refused('state_unreadable', state.message, head.height);
  const { stateRoot } = computeRoots(state, sha256);
  if (sameBytes(stateRoot, sealed.stateRoot)) {
    state.index.restore(state);
    return { accepted: true, state, block: sealed };
  }
  const about = `its root is ${toHex(stateRoot)}, block ${head.height} says ${toHex(sealed.stateRoot)}`;
  return {
    ...refused('state_differs', about, head.height),
    differences: differencesOf(state, history, head.height, options),
  };
}

/** The head, which is the journal's, against the database's own row of the block. */
function unfitRow(
  { height, fork, stateRoot, blockHash: hash }: StateHead,
  row: DatabaseState['row'],
): RefusedState | undefined {
  const differs = (column: string, journal: string, database: string): RefusedState =>
    refused('block_differs', `block/${height}/${column}: journal ${journal}, database ${database}`, height);
  if (row === undefined) return differs('row', 'there', 'none');
  if (row.fork !== fork) return differs('fork', String(fork), String(row.fork));
  if (!sameBytes(row.stateRoot, stateRoot)) return differs('state_root', toHex(stateRoot), toHex(row.stateRoot));
  return sameBytes(row.blockHash, hash) ? undefined : differs('hash', toHex(hash), toHex(row.blockHash));
}

function unfitHead(history: ReadableHistory, head: StateHead, block: Block | undefined): RefusedState | undefined {
  const { height, fork } = head;
  if (block === undefined) {
    return refused('block_unknown', `block ${height}; the journal's last one is ${history.height}`, height);
  }
  if (!sameBytes(blockHash(block, sha256), head.blockHash)) {
    const about = `block ${height} on fork ${fork} with hash ${toHex(head.blockHash)}; the journal's is on fork ${block.fork} with ${toHex(blockHash(block, sha256))}`;
    return refused('block_unknown', about, height);
  }
  if (!sameBytes(block.stateRoot, head.stateRoot)) {
    const about = `block ${height} has root ${toHex(block.stateRoot)}, the database says ${toHex(head.stateRoot)}`;
    return refused('block_unknown', about, height);
  }
  return isPassed(passedOver(history.restores, history.height), height)
    ? refused('block_on_dead_branch', `block ${height} on fork ${fork}`, height)
    : undefined;
}

function differencesOf(
  state: State,
  history: ReadableHistory,
  height: number,
  { folder, differences = 0 }: RecoverFromDatabaseOptions,
): RowDifference[] {
  if (differences === 0) return [];
  const control = stateAtBlock(history, height, folder === undefined ? {} : { folder }).state;
  return diffStates(control, state, differences).map(({ table, row, column, index, control: ours, candidate }) => ({
    table,
    row: String(row),
    column: index === 0 ? column : `${column}[${index}]`,
    journal: String(ours ?? 'none'),
    database: String(candidate ?? 'none'),
  }));
}

function refused(refusal: RefusedState['refusal'], about: string, height: number | undefined): RefusedState {
  return { accepted: false, refusal, about, height, differences: [] };
}
