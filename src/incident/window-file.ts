/**
 * A replayed window in a file, so that a later call asks what a correction touches without replaying the world as it was. It says only what a replay
 * of the window says: it is named by the blocks that it leads from and to, whose hashes bind all that was recorded, and by what was written
 * in it. What is of another window, or damaged, is none: the window is replayed, and the file written anew. Nothing that can be paid is drawn up from it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { type Block, blockHash } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import type { ReplayResult } from '../chain/replay.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import type { Deviation } from '../remedy/deviation.ts';
import { notesOf, type WindowNotes, windowOf } from '../remedy/window-notes.ts';
import type { ReplayedWindow } from '../remedy/window-run.ts';

/** Raised when the engine or what is noted changes: what another release noted is none. */
const FORMAT = 'makewhole-window/1';

interface Kept {
  readonly notes: WindowNotes;
  readonly replay: ReplayResult;
}

/** What a file must say to be of a window. */
function nameOf(from: Block, to: Block, deviations: readonly Deviation[]): string {
  const written = toHex(sha256(Buffer.from(JSON.stringify(deviations))));
  const ends = [from, to].map((block) => toHex(blockHash(block, sha256)));
  return [FORMAT, process.version, ...ends, written].join(' ');
}

export class WindowFile {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The window in the file, if it is of these blocks and deviations and whole; undefined otherwise. */
  load(from: Block, to: Block, deviations: readonly Deviation[]): ReplayedWindow | undefined {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.path);
    } catch {
      return undefined;
    }
    const end = bytes.indexOf(10);
    const head = `${nameOf(from, to, deviations)} `;
    if (end < 0 || bytes.toString('latin1', 0, Math.min(end, head.length)) !== head) return undefined;
    const payload = bytes.subarray(end + 1);
    if (bytes.toString('latin1', head.length, end) !== String(crc32(payload))) return undefined;
    const { notes, replay } = deserialize(payload) as Kept;
    return { window: windowOf(notes), from, to, replay };
  }

  /** Keeps a window, whole or not at all. Refuses (throws) a path that cannot be written. */
  save({ window, from, to, replay }: ReplayedWindow): void {
    const kept: Kept = { notes: notesOf(window), replay };
    const payload = serialize(kept);
    const beside = `${this.path}.${process.pid}`;
    const file = openSync(beside, 'w', 0o600);
    try {
      writeAll(file, Buffer.from(`${nameOf(from, to, window.index.deviations)} ${crc32(payload)}\n`, 'latin1'));
      writeAll(file, payload);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, this.path);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, 1 << 28));
}
