/**
 * The claims tree of Uniswap's MerkleDistributor (merkle-distributor, src/balance-tree.ts and src/merkle-tree.ts), in which most
 * refunds that were ever paid on a chain were published: Compound's of 2020, Aave's of 2023. It is read to check those; what this
 * project publishes is the refund tree, whose leaf is hashed twice and whose fields have a fixed width.
 *
 * Leaf: keccak256(index ‖ account ‖ amount), packed in 32, 20 and 32 bytes. Leaves are sorted by hash, each once; a level is paired
 * from the left, a node without a sibling goes up as it is; the hash of a pair is keccak256 of both, the smaller first.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { toHex } from '../chain/digest.ts';
import { compareWords, pairHash, wordOf } from './refund-tree.ts';

const ADDRESS_BYTES = 20;

export interface PackedClaim {
  /** Place in the distribution, from 0; the contract keeps a bit for each, so that a claim is paid once. */
  readonly index: number;
  /** Address, 20 bytes. */
  readonly account: Uint8Array;
  /** Smallest units of the token, at least 0. */
  readonly amount: bigint;
}

/** The hash of a claim. Refuses (throws) an address of another length, and an index or amount that is no unsigned 256-bit number. */
function packedLeafHash({ index, account, amount }: PackedClaim): Uint8Array {
  if (account.length !== ADDRESS_BYTES)
    throw new RangeError(`an address has ${ADDRESS_BYTES} bytes, not ${account.length}`);
  if (index < 0 || amount < 0n) throw new RangeError('an index and an amount are at least 0');
  const bytes = new Uint8Array(32 + ADDRESS_BYTES + 32);
  bytes.set(wordOf(BigInt(index)), 0);
  bytes.set(account, 32);
  bytes.set(wordOf(amount), 32 + ADDRESS_BYTES);
  return keccak_256(bytes);
}

export class PackedTree {
  /** Levels from the sorted leaves to the root. */
  private readonly levels: Uint8Array[][];
  /** Place of the leaf of each claim among the sorted ones. */
  private readonly places: number[];

  /** Builds the tree of these claims. Refuses (throws) none at all. */
  constructor(claims: readonly PackedClaim[]) {
    if (claims.length === 0) throw new RangeError('a claims tree has at least one claim');
    const hashes = claims.map(packedLeafHash);
    const leaves = [...new Map(hashes.map((hash) => [toHex(hash), hash])).values()].sort(compareWords);
    const placeOf = new Map(leaves.map((hash, place) => [toHex(hash), place]));
    this.places = hashes.map((hash) => placeOf.get(toHex(hash)) as number);
    this.levels = [leaves];
    for (let level = leaves; level.length > 1; ) {
      const above: Uint8Array[] = [];
      for (let at = 0; at < level.length; at += 2) {
        const [left, right] = [level[at] as Uint8Array, level[at + 1]];
        above.push(right === undefined ? left : pairHash(left, right));
      }
      this.levels.push(above);
      level = above;
    }
  }

  get root(): Uint8Array {
    return (this.levels.at(-1) as Uint8Array[])[0] as Uint8Array;
  }

  /** The siblings on the way from a claim (by the place at which it was given) to the root. */
  proof(place: number): Uint8Array[] {
    const siblings: Uint8Array[] = [];
    let at = this.places[place] as number;
    for (const level of this.levels.slice(0, -1)) {
      const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
      if (sibling !== undefined) siblings.push(sibling);
      at = Math.floor(at / 2);
    }
    return siblings;
  }
}

/** The root to which a claim and its siblings lead. */
export function packedRootOf(claim: PackedClaim, siblings: readonly Uint8Array[]): Uint8Array {
  return siblings.reduce(pairHash, packedLeafHash(claim));
}
