/**
 * The refund tree: one leaf for each account of the block at which the incident began, in the format `standard-v1` of OpenZeppelin's
 * merkle-tree, so that any verifier of that format (a library, a contract) checks a receipt against the published root.
 *
 * Leaf: keccak256(keccak256(abi.encode(incident, index, account commitment, amount, detail hash))). Leaves are sorted by hash; the
 * hash of a pair is keccak256 of both, the smaller first.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { fromHex } from '../chain/digest.ts';

/** The types of a leaf, as the format names them. */
export const LEAF_ENCODING = ['bytes32', 'uint256', 'bytes32', 'int256', 'bytes32'] as const;

export interface RefundLeaf {
  /** 32 bytes that name the incident. */
  readonly incident: Uint8Array;
  /** Place of the account among those assessed, from 0. */
  readonly index: number;
  /** Salted commitment to the account, 32 bytes. */
  readonly commitment: Uint8Array;
  /** What is refunded, 1e-8 USDC; 0 for most. */
  readonly amount: bigint;
  /** SHA-256 of the receipt's detail, 32 bytes. */
  readonly detail: Uint8Array;
}

const WORD = 32;
const RANGE = 1n << 256n;

/** The hash of a leaf. Refuses (throws) fields of another length and amounts that 256 bits do not hold. */
function leafHash({ incident, index, commitment, amount, detail }: RefundLeaf): Uint8Array {
  const bytes = new Uint8Array(LEAF_ENCODING.length * WORD);
  bytes.set(requireWord(incident, 'incident'), 0);
  bytes.set(wordOf(BigInt(index)), WORD);
  bytes.set(requireWord(commitment, 'commitment'), 2 * WORD);
  bytes.set(wordOf(amount), 3 * WORD);
  bytes.set(requireWord(detail, 'detail'), 4 * WORD);
  return keccak_256(keccak_256(bytes));
}

function requireWord(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length !== WORD) throw new RangeError(`${name} has ${bytes.length} bytes, not ${WORD}`);
  return bytes;
}

/** A whole number as 32 bytes, the highest first; a negative one in two's complement. Refuses (throws) what 256 bits do not hold. */
export function wordOf(value: bigint): Uint8Array {
  if (value >= RANGE / 2n || value < -RANGE / 2n) throw new RangeError(`${value} does not fit 256 bits`);
  return fromHex((value < 0n ? value + RANGE : value).toString(16).padStart(2 * WORD, '0'));
}

/** Negative when the 32 bytes of `a` stand before those of `b`. */
export function compareWords(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < WORD; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** keccak256 of both, the smaller first. Refuses (throws) what is not 32 bytes. */
export function pairHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * WORD);
  const [first, second] = compareWords(a, b) <= 0 ? [a, b] : [b, a];
  bytes.set(requireWord(first, 'a hash'));
  bytes.set(requireWord(second, 'a hash'), WORD);
  return keccak_256(bytes);
}

export class RefundTree {
  /** Node n has the children 2n + 1 and 2n + 2; the leaves stand last, in falling order. */
  private readonly nodes: Uint8Array[];
  /** Node of the leaf that was given at each place. */
  private readonly places: number[] = [];

  /** Builds the tree of these leaves. Refuses (throws) none at all. */
  constructor(leaves: readonly RefundLeaf[]) {
    if (leaves.length === 0) throw new RangeError('a refund tree has at least one leaf');
    const hashed = leaves.map((leaf, place) => ({ hash: leafHash(leaf), place }));
    hashed.sort((a, b) => compareWords(a.hash, b.hash));
    this.nodes = Array.from({ length: 2 * leaves.length - 1 });
    hashed.forEach(({ hash, place }, rank) => {
      const node = this.nodes.length - 1 - rank;
      this.nodes[node] = hash;
      this.places[place] = node;
    });
    for (let node = leaves.length - 2; node >= 0; node--) {
      this.nodes[node] = pairHash(this.nodes[2 * node + 1] as Uint8Array, this.nodes[2 * node + 2] as Uint8Array);
    }
  }

  get root(): Uint8Array {
    return this.nodes[0] as Uint8Array;
  }

  /** The siblings on the way from a leaf (by the place at which it was given) to the root. */
  proof(place: number): Uint8Array[] {
    const siblings: Uint8Array[] = [];
    for (let node = this.places[place] as number; node > 0; node = Math.floor((node - 1) / 2)) {
      // Left children have odd numbers; their sibling is the next one.
      siblings.push(this.nodes[node % 2 === 1 ? node + 1 : node - 1] as Uint8Array);
    }
    return siblings;
  }
}

/** The root to which a leaf and its siblings lead. */
export function rootOf(leaf: RefundLeaf, siblings: readonly Uint8Array[]): Uint8Array {
  return siblings.reduce(pairHash, leafHash(leaf));
}
