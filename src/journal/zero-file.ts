/** Room ahead of the journal's end: zeros that are on the disk, so that a later write changes no metadata and syncs fast. */
import { fdatasyncSync, writeSync } from 'node:fs';

const ZEROS = new Uint8Array(1 << 18);

/**
 * Writes zeros from byte `from` up to byte `to` of a file and makes them durable, in small parts, so that a sync of another
 * file does not wait long for them. Calls `rest` between two parts.
 */
export function writeZeros(descriptor: number, from: number, to: number, rest?: () => void): void {
  for (let at = from; at < to; ) {
    at += writeSync(descriptor, ZEROS, 0, Math.min(ZEROS.length, to - at), at);
    if (rest === undefined) continue;
    fdatasyncSync(descriptor);
    rest();
  }
  fdatasyncSync(descriptor);
}
