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
import type { SqlSession } from './database.ts';
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

/** The state that a database has, if it is that of a sealed block on the way to the history's last one. */
export async function recoverFromDatabase(
  session: SqlSession,
  history: ReadableHistory,
  options: RecoverFromDatabaseOptions = {},
): Promise<RecoveredFromDatabase | RefusedState> {
  const head = await stateHeadOf(session);
  if (head === undefined) return refused('no_state', 'the database keeps no state', undefined);
  const block = history.block(head.height);
  const unfit = unfitHead(history, head, block);
  if (unfit !== undefined) return unfit;
  const sealed = block as Block;
  let state: State;
  try {
    state = await loadState(session);
  } catch (error) {
    if (!(error instanceof UnreadableState)) throw error;
    return refused('state_unreadable', error.message, head.height);
  }
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
