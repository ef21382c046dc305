/** Where a projection goes on: the branch that the next block is on, and the block whose state its replay starts from. */
import { type History, isPassed, passedOver } from '../chain/branches.ts';

/** A run of blocks of one branch that are to be projected. */
export interface Stretch {
  /** The block whose state the replay starts from; −1: the state before the first command. */
  readonly start: number;
  /** The first block to be projected. */
  readonly next: number;
  /** The first block of the branch, and its last one; undefined while the branch goes on. */
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * The stretch that begins with the block at `next`, which the history has or may get. Where the block at height `kept` is on the way to
 * it, the replay starts there.
 */
export function planStretch(history: History, next: number, kept?: number): Stretch {
  // A rollback whose block is still to come has begun its branch.
  const starts = [{ height: 0, restores: -1 }, ...history.restores];
  const at = starts.findLastIndex(({ height }) => height <= next);
  const { height: from, restores } = starts[at] as { height: number; restores: number };
  const following = starts[at + 1]?.height;
  const parent = next === from ? restores : next - 1;
  const isOnWay = kept !== undefined && kept <= parent && !isPassed(passedOver(history.restores, parent), kept);
  return { start: isOnWay ? kept : parent, next, from, to: following === undefined ? undefined : following - 1 };
}
