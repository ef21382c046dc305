/**
 * The folders of embedded databases as files: a copy of one that nobody has open, and the exchange of one for another, which a file says
 * beforehand, so that whoever opens the database after a crash finishes it.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileDisk } from '../journal/disk.ts';
import { takeLock } from '../journal/lock-file.ts';
import { syncFolder } from '../journal/segment-files.ts';
import { writeWholeFile } from '../journal/whole-file.ts';
import { requireRoom, sizeOf } from './disk-room.ts';

/** The folder inside the given one that is the database's own: the lock stands beside it. */
export const PGLITE_FOLDER = 'pglite';
const INTENTION = 'swap.json';

interface Swap {
  /** Folders inside the database's own: whose database comes, and where the one that was goes. */
  readonly candidate: string;
  readonly old: string;
}

/**
 * Copies a database that is closed. Refuses (throws) one that is open (`JournalLocked`), and a disk that would be full of it (`DiskFull`):
 * an exchange that runs has its journal there. A copy that was broken off is none.
 */
export function copyPglite(from: string, to: string): void {
  const release = takeLock(from);
  try {
    finishSwap(from);
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { recursive: true });
    const partial = join(to, `${PGLITE_FOLDER}.partial`);
    const own = join(from, PGLITE_FOLDER);
    requireRoom(to, sizeOf(own));
    cpSync(own, partial, { recursive: true });
    renameSync(partial, join(to, PGLITE_FOLDER));
    syncFolder(to);
  } catch (error) {
    // What is there of it takes room from whoever writes beside it.
    rmSync(to, { recursive: true, force: true });
    throw error;
  } finally {
    release();
  }
}

/** Puts the database of the folder `candidate` in the place of the one of `folder`, which goes to `old`; both are inside `folder`. Refuses one that is open. */
export function swapPglite(folder: string, candidate: string, old: string): void {
  const release = takeLock(folder);
  try {
    finishSwap(folder);
    // Done already: the candidate has left its place.
    if (!existsSync(join(folder, candidate, PGLITE_FOLDER))) return;
    const file = join(folder, INTENTION);
    const swap: Swap = { candidate, old };
    const text = new TextEncoder().encode(JSON.stringify(swap));
    writeWholeFile(file, fileDisk, (descriptor) => fileDisk.write(descriptor, [text], 0));
    finishSwap(folder);
  } finally {
    release();
  }
}

/** Finishes an exchange that was begun, if one was. The lock of the folder is the caller's. */
export function finishSwap(folder: string): void {
  const file = join(folder, INTENTION);
  if (!existsSync(file)) return;
  const { candidate, old } = JSON.parse(readFileSync(file, 'utf8')) as Swap;
  const live = join(folder, PGLITE_FOLDER);
  const [from, to] = [candidate, old].map((name) => join(folder, name, PGLITE_FOLDER)) as [string, string];
  // Whichever of the two renames was made is not made again.
  if (existsSync(from)) {
    if (!existsSync(to)) {
      mkdirSync(join(folder, old), { recursive: true });
      renameSync(live, to);
    }
    renameSync(from, live);
  }
  syncFolder(folder);
  rmSync(file);
}
