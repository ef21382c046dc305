/**
 * Branches of history. Heights go on for ever; a block that restores an earlier one begins a new branch there, and what stands
 * between the two is passed over on the way to it. So the way to any block is all heights up to it, but for some ranges.
 */
import type { Block } from './block.ts';
import type { Entry } from './entry.ts';

/** A block at `height` whose state is that of the block at `restores`. */
export interface Restore {
  readonly height: number;
  readonly restores: number;
}

/** What is known of a whole history before it is read again: its blocks, and which of them restore others. */
export interface History {
  /** Height of the last block, −1 when there is none. */
  readonly height: number;
  /** In rising order of heights. Behind a crash the last one may be of a block that is still to come. */
  readonly restores: readonly Restore[];
  block(height: number): Block | undefined;
}

/** A history that can be read from the end of any block on. */
export interface ReadableHistory extends History {
  /** The entries behind the end of block `afterHeight`; all of them for −1. */
  entries(afterHeight: number): Iterable<Entry>;
}

/** Heights from `from` up to `to`, both included. */
export interface Heights {
  readonly from: number;
  readonly to: number;
}

/** The heights that are not on the way to the block at `head`, in rising order: the branches that rollbacks before it ended. */
export function passedOver(restores: readonly Restore[], head: number): Heights[] {
  const passed: Heights[] = [];
  let at = head;
  for (let n = restores.length - 1; n >= 0; n--) {
    const { height, restores: to } = restores[n] as Restore;
    if (height > at) continue;
    if (height > to + 1) passed.push({ from: to + 1, to: height - 1 });
    at = to;
  }
  return passed.reverse();
}

/** True when a height is in one of the ranges. */
export function isPassed(passed: readonly Heights[], height: number): boolean {
  return passed.some(({ from, to }) => height >= from && height <= to);
}

/** The rollback that ended the branch of the block at a height; undefined when the branch goes on. */
export function endingOf({ restores }: History, height: number): Restore | undefined {
  return restores.find((each) => each.height > height && each.restores < height);
}

/** A branch from its first block to its last: block 0, or one that restores another, up to the one before the next such. */
export interface Branch extends Heights {
  readonly fork: number;
  /** What its first block restores; undefined of the first branch. */
  readonly restores: number | undefined;
}

/** All branches of a history, in their order; none of one without blocks. */
export function branchesOf(history: History): Branch[] {
  if (history.height < 0) return [];
  const starts = [
    { height: 0, restores: undefined },
    ...history.restores.filter(({ height }) => height <= history.height),
  ];
  return starts.map(({ height: from, restores }, n) => {
    const to = (starts[n + 1]?.height ?? history.height + 1) - 1;
    return { from, to, fork: history.block(from)?.fork ?? 0, restores };
  });
}
