/** The few calls by which a journal reaches its files, so that a test can let them fail. */
import { fdatasyncSync, ftruncateSync, writevSync } from 'node:fs';

export interface Disk {
  /** Writes all parts, one behind the other, from byte `position` on. */
  write(descriptor: number, parts: readonly Uint8Array[], position: number): void;
  /** Returns when what was written is durable. */
  sync(descriptor: number): void;
  truncate(descriptor: number, bytes: number): void;
}

export const fileDisk: Disk = {
  write(descriptor, parts, position) {
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    let written = writevSync(descriptor, parts, position);
    while (written < total) {
      const count = writevSync(descriptor, partsBehind(parts, written), position + written);
      if (count === 0) throw new Error(`the disk took ${written} of ${total} bytes`);
      written += count;
    }
  },
  sync: fdatasyncSync,
  truncate: ftruncateSync,
};

/** What is left of the parts behind their first `bytes` bytes. */
function partsBehind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return parts.flatMap((part) => {
    const left = part.subarray(Math.min(skip, part.length));
    skip -= part.length - left.length;
    return left.length === 0 ? [] : [left];
  });
}
