/** The state as a history has it at the end of a block: what the run of a case starts from. */
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, type ChainHead, headOf } from '../chain/block-sealer.ts';
import { isPassed, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import { sha256 } from '../journal/node-digest.ts';
import { loadNewestSnapshot } from '../journal/snapshot-folder.ts';

/** A history has no such block on the way to its end, or does not lead to it. */
export class NoSuchState extends Error {
  readonly code: 'block_not_found' | 'journal_diverges';
  constructor(code: NoSuchState['code'], message: string) {
    super(message);
    this.name = 'NoSuchState';
    this.code = code;
  }
}

export interface StateAt {
  readonly state: State;
  readonly block: Block;
}

/**
 * The state at the end of the block at a height, by a replay that compares every root on the way to it: from the newest snapshot in
 * `folder` that its block vouches for, else from the first command. Refuses (throws `NoSuchState`) a height that is not there, one on a
 * branch that a rollback before `head` (default: the end) ended, and a history that diverges before it.
 */
export function stateAtBlock(
  history: ReadableHistory,
  height: number,
  { folder, head = history.height }: { readonly folder?: string; readonly head?: number } = {},
): StateAt {
  const block = history.block(height);
  if (block === undefined)
    throw new NoSuchState('block_not_found', `no block ${height}, the last is ${history.height}`);
  if (isPassed(passedOver(history.restores, head), height)) {
    throw new NoSuchState('block_not_found', `block ${height} is on a branch that ended before block ${head}`);
  }
  const { state, head: from } = startBelow(history, height, folder);
  const entries = entriesUpTo(history.entries(from.height), from.height, height);
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), from);
  const { firstDivergence } = replay(state, entries, { sealer, hash: sha256, history, head: height, amend: null });
  if (firstDivergence === null && sealer.head.height === height) return { state, block };
  const { what, height: at } = firstDivergence ?? { what: 'block_without_end', height };
  throw new NoSuchState('journal_diverges', `block ${at}: ${what}`);
}

/** The newest snapshot on the way to a height, else the state before the first command. */
function startBelow(
  history: ReadableHistory,
  height: number,
  folder: string | undefined,
): { readonly state: State; readonly head: ChainHead } {
  const passed = passedOver(history.restores, height);
  const onWay = (at: number): Block | undefined =>
    at <= height && !isPassed(passed, at) ? history.block(at) : undefined;
  const loaded = folder === undefined ? undefined : loadNewestSnapshot(folder, onWay).loaded;
  if (loaded === undefined) return { state: genesis(), head: BEFORE_GENESIS };
  return { state: loaded.state, head: headOf(loaded.block, sha256) };
}
