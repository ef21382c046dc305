/** A state of a branch that a rollback ended and that its commands alone do not lead to: with what the process held in memory. */
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import { endingOf, type ReadableHistory } from '../chain/branches.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { Deviation } from '../remedy/deviation.ts';
import { deviateBefore } from './read-dead-branch.ts';
import { NoSuchState, type StateAt, stateAtBlock } from './state-at-block.ts';

/**
 * The state at the end of the block at a height of a dead branch, with the deviations of the case that ended it: every root on the way
 * must agree. Refuses (throws `NoSuchState`) a height that is not there or on no such branch, and deviations that do not explain it.
 */
export function deadStateAt(
  history: ReadableHistory,
  height: number,
  deviations: readonly Deviation[],
  { folder }: { readonly folder?: string } = {},
): StateAt {
  const block = history.block(height);
  const restores = endingOf(history, height)?.restores;
  if (block === undefined || restores === undefined) {
    throw new NoSuchState('block_not_found', `no rollback ended a branch with block ${height}`);
  }
  const options = folder === undefined ? { head: height } : { head: height, folder };
  const { state, block: restored } = stateAtBlock(history, restores, options);
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), headOf(restored, sha256));
  const { equal, firstDivergence } = replay(state, entriesUpTo(history.entries(restores), restores, height), {
    sealer,
    hash: sha256,
    history,
    head: height,
    amend: { keepHalts: true, replaceCommand: (sequence) => deviateBefore(state, sequence, deviations) },
  });
  if (equal && sealer.head.height === height) return { state, block };
  const { what, height: at } = firstDivergence ?? { what: 'block_without_end', height };
  throw new NoSuchState('journal_diverges', `block ${at}: ${what}, with what the case says that the process held`);
}
