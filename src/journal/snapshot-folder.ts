/** Snapshots in files beside the journal: written whole or not at all, loaded only against their block. */
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from '../chain/block.ts';
import { loadSnapshot, type SnapshotRefusal, writeSnapshot } from '../chain/snapshot.ts';
import type { State } from '../engine/state.ts';
import { type Disk, fileDisk } from './disk.ts';
import { crc32, sha256 } from './node-digest.ts';
import { writeWholeFile } from './whole-file.ts';

const FOLDER = 'snapshots';
const NAME_PATTERN = /^(\d{12})\.snapshot$/;

/** A snapshot that was not loaded, and why. */
export interface RefusedSnapshot extends SnapshotRefusal {
  readonly file: string;
}

export interface LoadedSnapshot {
  readonly state: State;
  readonly block: Block;
}

function snapshotName(height: number): string {
  return `${String(height).padStart(12, '0')}.snapshot`;
}

/** Writes the snapshot of `state` after `block` into the journal's folder; durable on return. Returns the file's path. */
export function saveSnapshot(journalFolder: string, state: State, block: Block, disk: Disk = fileDisk): string {
  const folder = join(journalFolder, FOLDER);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, snapshotName(block.height));
  writeWholeFile(path, disk, (descriptor) => {
    let position = 0;
    for (const part of writeSnapshot(state, block, sha256, crc32)) {
      disk.write(descriptor, [part], position);
      position += part.length;
    }
  });
  return path;
}

/** Heights of the snapshots in the journal's folder, newest first. */
export function snapshotHeights(journalFolder: string): number[] {
  let names: string[];
  try {
    names = readdirSync(join(journalFolder, FOLDER));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => NAME_PATTERN.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** Removes all but the newest `kept` snapshots of the journal's folder. */
export function pruneSnapshots(journalFolder: string, kept: number): void {
  for (const height of snapshotHeights(journalFolder).slice(kept))
    rmSync(join(journalFolder, FOLDER, snapshotName(height)));
}

/** Loads the snapshot at the height of `block` if its root is the block's. */
export function readSnapshot(journalFolder: string, block: Block): { state: State } | { refusal: SnapshotRefusal } {
  const descriptor = openSync(join(journalFolder, FOLDER, snapshotName(block.height)), 'r');
  try {
    return loadSnapshot((into) => fill(descriptor, into), block, sha256, crc32);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The newest snapshot that verifies against its block, and those that were refused on the way to it. `blockAt` gives the
 * blocks of the journal; a snapshot without a block in it is refused.
 */
export function loadNewestSnapshot(
  journalFolder: string,
  blockAt: (height: number) => Block | undefined,
): { loaded: LoadedSnapshot | undefined; refused: RefusedSnapshot[] } {
  const refused: RefusedSnapshot[] = [];
  for (const height of snapshotHeights(journalFolder)) {
    const file = join(FOLDER, snapshotName(height));
    const block = blockAt(height);
    if (block === undefined) {
      refused.push({ file, what: 'block', message: `the journal has no block ${height}` });
      continue;
    }
    const result = readSnapshot(journalFolder, block);
    if ('state' in result) return { loaded: { state: result.state, block }, refused };
    refused.push({ file, ...result.refusal });
  }
  return { loaded: undefined, refused };
}

function fill(descriptor: number, into: Uint8Array): boolean {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(descriptor, into, filled, into.length - filled, null);
    if (count === 0) return false;
    filled += count;
  }
  return true;
}
