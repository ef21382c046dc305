/** Journals for tests: a folder of their own, batches of any bytes, blocks that follow each other. */
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Block, blockHash } from '../chain/block.ts';
import { NO_DIGEST, toHex } from '../chain/digest.ts';
import type { Entry } from '../chain/entry.ts';
import { HEADER_BYTES } from '../chain/entry-frame.ts';
import type { Batch, Journal } from './journal.ts';
import { sha256 } from './node-digest.ts';

/** Runs `use` with a new folder and removes it afterwards. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-journal-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let result: T;
  try {
    result = use(folder);
  } catch (error) {
    remove();
    throw error;
  }
  if (result instanceof Promise) return result.finally(remove) as T;
  remove();
  return result;
}

/** What is in the folder of a journal now, as a crash would leave it: the segments, without the lock. */
export function crashed(folder: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('lock') });
}

export function segmentsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(folder, name));
}

/** A batch of `rows` rows, each with its own bytes, none zero. */
export function batchFrom(firstSequence: number, rows: number, closesBlock = false): Batch {
  const bytes = Uint8Array.from(
    { length: rows * HEADER_BYTES },
    (_, at) => 1 + (((firstSequence + 7) * (at + 3)) % 255),
  );
  return { bytes, commands: rows, firstSequence, closesBlock };
}

export function blockFrom(height: number, firstSequence: number, lastSequence: number, parent?: Block): Block {
  return {
    height,
    fork: 0,
    parentHash: parent === undefined ? NO_DIGEST : blockHash(parent, sha256),
    firstSequence,
    lastSequence,
    firstMs: 1000 + height,
    lastMs: 1000 + height,
    commandsRoot: new Uint8Array(32).fill(height + 1),
    stateRoot: new Uint8Array(32).fill(height + 2),
    rulesHash: new Uint8Array(32).fill(3),
    release: 1,
  };
}

/** Appends batches of these sizes, a block after each `perBlock` of them, syncing after each batch. */
export function fill(journal: Journal, sizes: readonly number[], perBlock = 2): void {
  let parent = journal.block(journal.height);
  sizes.forEach((rows, at) => {
    const closesBlock = (at + 1) % perBlock === 0;
    journal.append(batchFrom(journal.sequence + 1, rows, closesBlock));
    journal.sync();
    if (!closesBlock) return;
    const block = blockFrom(journal.height + 1, (parent?.lastSequence ?? 0) + 1, journal.sequence, parent);
    journal.appendBlock(block);
    parent = block;
  });
  journal.sync();
}

/** An entry as a line of text, all of its bytes included. */
function lineOf(entry: Entry): string {
  if (entry.kind === 'block') return `block ${entry.block.height} ${toHex(blockHash(entry.block, sha256))}`;
  const { firstSequence, commands, closesBlock, bytes, words, floats } = entry;
  const same = words.byteOffset === bytes.byteOffset && floats.byteOffset === bytes.byteOffset;
  return `${firstSequence} ${commands} ${closesBlock} ${same} ${toHex(sha256(bytes))} ${words.length} ${floats.length}`;
}

export function linesOf(entries: Iterable<Entry>): string[] {
  return Array.from(entries, lineOf);
}

export function copySegment(from: string, to: string): void {
  copyFileSync(from, to);
}
