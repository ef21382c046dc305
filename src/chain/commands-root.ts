/**
 * The root of a block's commands: a two-level Merkle tree over their rows.
 *
 * Leaves are the SHA-256 of each 65,536 bytes of rows, the last one of what is left; the root is the SHA-256 of all leaves
 * and the number of rows. So it depends on the rows alone, not on how they were batched, a proof of one command is one leaf,
 * and the cost is that of SHA-256 over long inputs (about 40 ns a row).
 */
import { COMMAND_BYTES } from '../engine/command.ts';
import { DIGEST_BYTES, type Hash } from './digest.ts';

const LEAF_BYTES = 65536;

export class CommandsRoot {
  private readonly hash: Hash;
  private readonly leaf = new Uint8Array(LEAF_BYTES);
  private filled = 0;
  private leaves = new Uint8Array(64 * DIGEST_BYTES);
  private leafCount = 0;
  private bytes = 0;

  constructor(hash: Hash) {
    this.hash = hash;
  }

  /** Takes in further whole rows. Keeps no reference to them. */
  add(rows: Uint8Array): void {
    this.bytes += rows.length;
    for (let at = 0; at < rows.length; ) {
      if (this.filled === 0 && rows.length - at >= LEAF_BYTES) {
        this.push(this.hash(rows.subarray(at, at + LEAF_BYTES)));
        at += LEAF_BYTES;
        continue;
      }
      const part = rows.subarray(at, at + LEAF_BYTES - this.filled);
      this.leaf.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === LEAF_BYTES) this.pushPartial();
    }
  }

  /** The root of everything since the last `finish`. */
  finish(): Uint8Array {
    if (this.filled > 0) this.pushPartial();
    const end = this.leafCount * DIGEST_BYTES;
    const preimage = new Uint8Array(end + 8);
    preimage.set(this.leaves.subarray(0, end));
    preimage.set(new Uint8Array(Float64Array.of(this.bytes / COMMAND_BYTES).buffer), end);
    this.leafCount = 0;
    this.bytes = 0;
    return this.hash(preimage);
  }

  private pushPartial(): void {
    this.push(this.hash(this.leaf.subarray(0, this.filled)));
    this.filled = 0;
  }

  private push(digest: Uint8Array): void {
    const at = this.leafCount++ * DIGEST_BYTES;
    if (at === this.leaves.length) {
      const grown = new Uint8Array(this.leaves.length * 2);
      grown.set(this.leaves);
      this.leaves = grown;
    }
    this.leaves.set(digest, at);
  }
}
