/** A file that is there whole, or not at all. */
import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Disk } from './disk.ts';
import { syncFolder } from './segment-files.ts';

/** Writes a file beside its place, makes it durable and puts it there; throws what `write` throws, and leaves nothing behind. */
export function writeWholeFile(path: string, disk: Disk, write: (descriptor: number) => void): void {
  const temporary = `${path}.partial`;
  try {
    const descriptor = openSync(temporary, 'w');
    try {
      write(descriptor);
      disk.sync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}
