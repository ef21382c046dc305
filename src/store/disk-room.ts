/** How much a disk still takes, asked before much is written to it. */
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What is left free for whoever writes to the same disk meanwhile: the journal of the exchange, segments of the database's own log. */
const MARGIN_BYTES = 67_108_864;

/** A disk that has too little room for what was asked. Nothing was written. */
export class DiskFull extends Error {
  readonly code = 'disk_full';
  constructor(folder: string, freeBytes: number, neededBytes: number) {
    super(`the disk of ${folder} has ${megabytes(freeBytes)} MB free, ${megabytes(neededBytes)} MB are needed`);
    this.name = 'DiskFull';
  }
}

/** A disk became full under a database that was writing, and it cannot go on: what was not committed is lost, and it must be opened anew. */
export class DiskFilled extends DiskFull {
  constructor(folder: string, freeBytes: number, neededBytes: number) {
    super(folder, freeBytes, neededBytes);
    this.name = 'DiskFilled';
    this.message = `${this.message}: the database there was ended; opened anew, it has what was committed`;
  }
}

/** In megabytes, rounded up. */
function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

/** Bytes that may still be written to the disk of a folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Bytes of all files in a folder and in those below it. */
export function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Refuses (throws `DiskFull`) when the disk of a folder has no room for so many bytes and a margin for others. */
export function requireRoom(folder: string, bytes: number, free: (folder: string) => number = freeBytes): void {
  const found = free(folder);
  if (found < bytes + MARGIN_BYTES) throw new DiskFull(folder, found, bytes + MARGIN_BYTES);
}
