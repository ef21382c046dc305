/** Where history is kept: entries are appended, made durable, and read back. Nothing is ever changed. */
import type { Block } from '../chain/block.ts';
import type { History } from '../chain/branches.ts';
import { commandRows } from '../chain/command-record.ts';
import type { Entry } from '../chain/entry.ts';
import { HEADER_BYTES } from '../chain/entry-frame.ts';

/** Applied commands to append: the rows exactly as they were applied. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly commands: number;
  readonly firstSequence: number;
  /** It is the last of its block: the block is sealed over the state after it. */
  readonly closesBlock: boolean;
}

export interface Journal extends History {
  /** Sequence of the last command appended. */
  readonly sequence: number;
  /** Height of the last block appended, -1 when there is none. */
  readonly height: number;
  /** Branch of history that is appended. */
  readonly fork: number;
  /** Bytes of all entries, headers included. */
  readonly bytes: number;
  /** Appends a batch. Refuses (throws) one that does not follow the last. It is durable after the next `sync`. */
  append(batch: Batch): void;
  /** Appends the warrants of the batch that was appended last: whole rows, at least one. Durable after the next `sync`. */
  appendWarrants(bytes: Uint8Array): void;
  /** Appends signed acts, before the batch of their commands: whole rows, at least one. Durable after the next `sync`. */
  appendActs(bytes: Uint8Array): void;
  /** Appends what was held with the batch that was appended last: whole rows, at least one. Durable after the next `sync`. */
  appendHolds(bytes: Uint8Array): void;
  /** Appends a sealed block, behind the batch that closes it. Refuses (throws) one that does not follow the last. */
  appendBlock(block: Block): void;
  /**
   * Ends the present branch at its last block and begins the next: appends the certificate of a rollback to block `restores`, whole
   * rows. The block that restores must come next. Refuses (throws) while commands or ends stand behind the last block, and a block
   * that is not there. Durable after the next `sync`.
   */
  appendRestore(certificate: Uint8Array, restores: number): void;
  /** Returns when all that was appended is durable. When it throws, nothing more is accepted. */
  sync(): void;
  /**
   * Begins to make durable what was appended, while the caller goes on; `awaitSync` returns when it is, and throws as `sync`
   * does. What is appended between the two is not part of it. One that has begun is awaited before another begins.
   */
  beginSync(): void;
  awaitSync(): void;
  /** The block at a height, undefined when there is none. */
  block(height: number): Block | undefined;
  /** The entries behind the end of block `afterHeight`; all of them for -1. Views are valid until the next one is asked for. */
  entries(afterHeight?: number): Iterable<Entry>;
  /** Makes everything durable and lets go of the journal. */
  close(): void;
}

/** Bytes that are not what was written, in the midst of the history: where, and what is wrong with them. */
export class JournalCorrupt extends Error {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
  constructor(file: string, offset: number, what: string) {
    super(`the journal is corrupt: ${file}, byte ${offset}: ${what}`);
    this.name = 'JournalCorrupt';
    this.file = file;
    this.offset = offset;
    this.what = what;
  }
}

/** A write or a sync failed: what is durable is unknown, so nothing more is accepted. Reopen the journal to find out. */
export class JournalFailed extends Error {
  constructor(what: string, cause: unknown) {
    super(`the journal failed: ${what}`, { cause });
    this.name = 'JournalFailed';
  }
}

/** An entry that does not follow the last: a bug of the caller. Nothing was appended. */
export class JournalOutOfStep extends Error {
  constructor(what: string, expected: number, given: number) {
    super(`the next ${what} of the journal is ${expected}, not ${given}`);
    this.name = 'JournalOutOfStep';
  }
}

/** A batch whose bytes are not the rows of as many commands as it says: replayed, it would be another. Nothing was appended. */
export class BadBatch extends Error {
  constructor(bytes: number, found: number | 'no', commands: number) {
    super(`the ${bytes} bytes of a batch hold ${found} whole commands, not ${commands}`);
    this.name = 'BadBatch';
  }
}

/**
 * Number of rows of a batch that follows sequence `sequence`. Refuses (throws) any other, and rows that a replay would not
 * take for the same commands: how many rows a malformed command takes depends on where its batch ends.
 */
export function requireNextBatch(sequence: number, { bytes, commands, firstSequence }: Batch): number {
  if (firstSequence !== sequence + 1) throw new JournalOutOfStep('sequence', sequence + 1, firstSequence);
  const rows = bytes.length / HEADER_BYTES;
  if (!Number.isInteger(rows)) throw new BadBatch(bytes.length, 'no', commands);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let found = 0;
  for (let row = 0; row < rows; found++) row += commandRows(words, row);
  if (found !== commands) throw new BadBatch(bytes.length, found, commands);
  return rows;
}

/** Number of rows of warrants, acts or holds. Refuses (throws) what are no whole rows, or none. */
export function requireRows(bytes: Uint8Array): number {
  const rows = bytes.length / HEADER_BYTES;
  if (!Number.isInteger(rows) || rows === 0) throw new BadBatch(bytes.length, 'no', 0);
  return rows;
}

/** What must be so that a branch can end: nothing stands behind its last block, at `height`, and block `restores` is below it. */
export function requireWholeBranch(journal: Journal, openHeight: number, restores: number): Block {
  const { height, sequence } = journal;
  if (openHeight !== height + 1) throw new JournalOutOfStep('height', height + 1, openHeight);
  const end = journal.block(height)?.lastSequence ?? 0;
  if (sequence !== end) throw new JournalOutOfStep('sequence that a block ends with', sequence, end);
  const restored = restores < height ? journal.block(restores) : undefined;
  if (restored === undefined) throw new RangeError(`block ${restores} is none below block ${height}`);
  return restored;
}

/** Refuses (throws) a block that is not at `height`, or does not end at sequence `end` (undefined: no batch closed it). */
export function requireNextBlock(height: number, end: number | undefined, fork: number, block: Block): void {
  if (block.height !== height) throw new JournalOutOfStep('height', height, block.height);
  if (block.fork !== fork) throw new JournalOutOfStep('fork', fork, block.fork);
  if (end !== block.lastSequence) throw new JournalOutOfStep('end of a block', end ?? -1, block.lastSequence);
}
