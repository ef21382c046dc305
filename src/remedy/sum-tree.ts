/**
 * The sum tree: proves what all refunds add up to without showing any other. Each inner node binds the sums of both children, each
 * by itself: a tree that binds only their total lets a part be hidden (Chalkias, Chatzigiannis, Ji: ePrint 2022/043; the flaw is
 * ePrint 2018/1139). Leaf: H(0x00 ‖ amount ‖ salt ‖ commitment), inner: H(0x01 ‖ left sum ‖ left hash ‖ right sum ‖ right hash).
 * Amounts are whole, at least 0 and below 2^127, so that no sum can wrap.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { joinBytes } from '../chain/digest.ts';

export interface SumLeaf {
  /** 1e-8 USDC, at least 0. */
  readonly amount: bigint;
  /** 32 bytes known to the receipt alone. */
  readonly salt: Uint8Array;
  /** Salted commitment to the account, 32 bytes. */
  readonly commitment: Uint8Array;
}

export interface SumNode {
  readonly sum: bigint;
  readonly hash: Uint8Array;
}

/** A sibling on the way to the root, and on which side it stands. */
export interface SumStep extends SumNode {
  readonly isLeft: boolean;
}

const SUM_BYTES = 16;
const LIMIT = 1n << 127n;

/** An amount or sum that no sum tree holds. */
export class SumOutOfRange extends Error {
  constructor(sum: bigint) {
    super(`${sum} is no sum of refunds: whole, at least 0, below 2^127`);
    this.name = 'SumOutOfRange';
  }
}

function bytesOf(sum: bigint): Uint8Array {
  if (sum < 0n || sum >= LIMIT) throw new SumOutOfRange(sum);
  const bytes = new Uint8Array(SUM_BYTES);
  let rest = sum;
  for (let at = SUM_BYTES - 1; at >= 0; at--) {
    bytes[at] = Number(rest % 256n);
    rest /= 256n;
  }
  return bytes;
}

function hashOf(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(joinBytes(parts));
}

/** The node of a leaf. Refuses (throws) an amount out of range. */
function sumLeaf({ amount, salt, commitment }: SumLeaf): SumNode {
  return { sum: amount, hash: hashOf(Uint8Array.of(0), bytesOf(amount), salt, commitment) };
}

/** The node over two. Refuses (throws) sums out of range. */
function sumParent(left: SumNode, right: SumNode): SumNode {
  const sum = left.sum + right.sum;
  if (sum >= LIMIT) throw new SumOutOfRange(sum);
  return { sum, hash: hashOf(Uint8Array.of(1), bytesOf(left.sum), left.hash, bytesOf(right.sum), right.hash) };
}

export class SumTree {
  /** Levels from the leaves to the root; a node without a sibling goes up as it is. */
  private readonly levels: SumNode[][];

  /** Builds the tree of these leaves in their order: whoever gives them has shuffled and filled them up. Refuses none at all. */
  constructor(leaves: readonly SumLeaf[]) {
    if (leaves.length === 0) throw new RangeError('a sum tree has at least one leaf');
    this.levels = [leaves.map(sumLeaf)];
    for (let level = this.levels[0] as SumNode[]; level.length > 1; ) {
      const above: SumNode[] = [];
      for (let at = 0; at < level.length; at += 2) {
        const [left, right] = [level[at] as SumNode, level[at + 1]];
        above.push(right === undefined ? left : sumParent(left, right));
      }
      this.levels.push(above);
      level = above;
    }
  }

  get root(): SumNode {
    return (this.levels.at(-1) as SumNode[])[0] as SumNode;
  }

  /** The siblings on the way from leaf `place` to the root. */
  path(place: number): SumStep[] {
    const steps: SumStep[] = [];
    let at = place;
    for (const level of this.levels.slice(0, -1)) {
      const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
      if (sibling !== undefined) steps.push({ ...sibling, isLeft: at % 2 === 1 });
      at = Math.floor(at / 2);
    }
    return steps;
  }
}

/** The root to which a leaf and its siblings lead. Refuses (throws) sums out of range: one below 0 would hide a debt. */
export function sumRootOf(leaf: SumLeaf, steps: readonly SumStep[]): SumNode {
  return steps.reduce((node, step) => (step.isLeft ? sumParent(step, node) : sumParent(node, step)), sumLeaf(leaf));
}
