/** Room ahead of the journal's end: zeros that are on the disk, so that a later write changes no metadata and syncs fast. */
import { fdatasyncSync, writeSync } from 'node:fs';

const ZEROS = new Uint8Array(1 << 20);

/** Writes zeros from byte `from` up to byte `to` of a file and makes them durable, a mebibyte at a time. */
export function writeZeros(descriptor: number, from: number, to: number): void {
  for (let at = from; at < to; ) {
    at += writeSync(descriptor, ZEROS, 0, Math.min(ZEROS.length, to - at), at);
    // At once and in small parts: a large sync would delay those of the journal.
    fdatasyncSync(descriptor);
  }
}
