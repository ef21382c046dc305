/**
 * The guard's memory at the end of a block, in a file beside the snapshots: written whole or not at all, and given to a guard only as it
 * was written, of the block that the journal has.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Deserializer, Serializer } from 'node:v8';
import { type Block, blockHash } from '../chain/block.ts';
import { sameBytes, toHex } from '../chain/digest.ts';
import { memoryOf, remember, UnfitMemory } from '../exchange/guard-memory.ts';
import type { Reopening } from '../exchange/reopen.ts';
import type { Guard } from '../guard/guard.ts';
import { type Disk, fileDisk } from '../journal/disk.ts';
import { sha256 } from '../journal/node-digest.ts';
import { writeWholeFile } from '../journal/whole-file.ts';

const FOLDER = 'snapshots';
const NAME_PATTERN = /^(\d{12})\.guard$/;
/** `MWG1`, and the block's hash and the digest of what follows it. */
const MAGIC = Uint8Array.from([0x4d, 0x57, 0x47, 0x31]);
const DIGEST = 32;
const HEADER = MAGIC.length + 2 * DIGEST;

/** What remembers: the guard, and what a reopening keeps of the history. */
export interface Remembering {
  readonly guard: Guard;
  readonly reopening: Reopening;
}

/** Why no memory was given: there is none, it is not as it was written, of another block, or of another release. */
export interface GuardRefusal {
  readonly what: 'guard_absent' | 'guard_checksum' | 'guard_block' | 'guard_release';
  readonly message: string;
}

function pathOf(journalFolder: string, height: number): string {
  return join(journalFolder, FOLDER, `${String(height).padStart(12, '0')}.guard`);
}

/**
 * Writes the memory that guard and reopening have at the end of `block`; durable on return. While anything is in quarantine none is
 * kept, and false is returned: what follows such a block is replayed from before it, so that the finding is made anew.
 */
export function saveGuard(journalFolder: string, of: Remembering, block: Block, disk: Disk = fileDisk): boolean {
  if (!of.guard.quarantine.isEmpty) return false;
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(memoryOf(partsOf(of)));
  const body = serializer.releaseBuffer();
  const folder = join(journalFolder, FOLDER);
  mkdirSync(folder, { recursive: true });
  writeWholeFile(pathOf(journalFolder, block.height), disk, (descriptor) =>
    disk.write(descriptor, [MAGIC, blockHash(block, sha256), sha256(body), body], 0),
  );
  return true;
}

/** Gives a guard and a reopening that were just made the memory of the end of `block`. Refused, they are good for nothing. */
export function loadGuard(journalFolder: string, into: Remembering, block: Block): GuardRefusal | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(pathOf(journalFolder, block.height));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { what: 'guard_absent', message: `none is kept of block ${block.height}` };
    }
    throw error;
  }
  const [magic, hash, digest, body] = [
    bytes.subarray(0, MAGIC.length),
    bytes.subarray(MAGIC.length, MAGIC.length + DIGEST),
    bytes.subarray(MAGIC.length + DIGEST, HEADER),
    bytes.subarray(HEADER),
  ];
  if (bytes.length <= HEADER || !sameBytes(magic, MAGIC) || !sameBytes(digest, sha256(body))) {
    return { what: 'guard_checksum', message: `that of block ${block.height} is not as it was written` };
  }
  if (!sameBytes(hash, blockHash(block, sha256))) {
    const message = `that of block ${block.height} is of hash ${toHex(hash)}, the journal's is ${toHex(blockHash(block, sha256))}`;
    return { what: 'guard_block', message };
  }
  try {
    const deserializer = new Deserializer(body);
    deserializer.readHeader();
    remember(partsOf(into), deserializer.readValue());
    return undefined;
  } catch (error) {
    if (!(error instanceof UnfitMemory)) throw error;
    return { what: 'guard_release', message: `that of block ${block.height} is of another release: ${error.message}` };
  }
}

/** Removes the guards' memories of all heights but those that `isKept`. */
export function pruneGuards(journalFolder: string, isKept: (height: number, newer: number) => boolean): void {
  const heights = readdirSync(join(journalFolder, FOLDER))
    .flatMap((name) => NAME_PATTERN.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
  for (const [newer, height] of heights.entries()) if (!isKept(height, newer)) rmSync(pathOf(journalFolder, height));
}

function partsOf({ guard, reopening }: Remembering): object {
  return { guard, history: reopening.history };
}
