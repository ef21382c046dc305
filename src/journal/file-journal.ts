/**
 * The journal in files: a folder of segments, appended to with a little room of zeros ahead, made durable with fdatasync.
 *
 * Opening reads everything, cuts a torn write off the end and says so, and refuses a history that is damaged. Nothing that
 * was written is ever written again; the only change of a file is that its end is cut.
 */
import { closeSync, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { type Block, BLOCK_BYTES, encodeBlock } from '../chain/block.ts';
import type { Restore } from '../chain/branches.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { ENTRY_KIND, type EntryHeader, HEADER_BYTES, rowViews, writeEntryHeader } from '../chain/entry-frame.ts';
import { BackgroundSync } from './background-sync.ts';
import { BlockIndex, type JournalPosition } from './block-index.ts';
import { type Disk, fileDisk } from './disk.ts';
import {
  type Batch,
  type Journal,
  JournalFailed,
  requireNextBatch,
  requireNextBlock,
  requireRows,
  requireWholeBranch,
} from './journal.ts';
import { indexEntry } from './index-entry.ts';
import { JournalWalk, type TornTail } from './journal-walk.ts';
import { takeLock } from './lock-file.ts';
import { crc32 } from './node-digest.ts';
import { segmentPath, syncFolder } from './segment-files.ts';

export interface FileJournalOptions {
  /** Bytes of a segment; 16 MiB unless said. An entry longer than that gets a segment of its own length. */
  readonly segmentBytes?: number;
  readonly disk?: Disk;
}

export interface OpenedJournal {
  readonly journal: FileJournal;
  /** What was cut off the end; undefined when the journal ended with a whole entry. */
  readonly tornTail: TornTail | undefined;
}

const SEGMENT_BYTES = 1 << 24;
/**
 * Written ahead at once: most syncs then change no metadata, and are a third faster. Little enough that the sync that carries it
 * is not late; another thread that wrote whole segments ahead made one sync in a hundred wait 8 ms for its own.
 */
const ZEROS = new Uint8Array(1 << 18);

/** The rows of an entry that is no block. */
function rowsOf({ warrants, acts, holds, certificate, bytes }: BatchEntry): Uint8Array {
  return warrants ?? acts ?? holds ?? certificate ?? bytes;
}

/** Opens the journal in `folder`, which is made if it is not there. Refuses with `JournalLocked` and `JournalCorrupt`. */
export function openFileJournal(folder: string, options: FileJournalOptions = {}): OpenedJournal {
  mkdirSync(folder, { recursive: true });
  const unlock = takeLock(folder);
  try {
    const index = new BlockIndex();
    const walk = new JournalWalk(folder, crc32);
    let bytes = 0;
    for (const entry of walk.entries()) {
      bytes += HEADER_BYTES + (entry.kind === 'block' ? BLOCK_BYTES : rowsOf(entry).length);
      indexEntry(index, walk, entry);
    }
    const journal = new FileJournal(folder, walk.position, index, bytes, unlock, options);
    return { journal, tornTail: walk.tornTail };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Made by `openFileJournal`. */
export class FileJournal implements Journal {
  private readonly folder: string;
  private readonly segmentBytes: number;
  private readonly disk: Disk;
  private readonly index: BlockIndex;
  private readonly unlock: () => void;
  private readonly background: BackgroundSync | undefined;
  private readonly header = rowViews(new ArrayBuffer(HEADER_BYTES));
  private position: JournalPosition;
  private descriptor: number;
  /** Bytes of the present segment's file: behind its last entry they are zeros. */
  private roomBytes = 0;
  /** Rows of the present segment that are durable. */
  private durableRows: number;
  /** Rows that will be durable when the sync that has begun is over. */
  private syncingRows: number | undefined;
  private failure: JournalFailed | undefined;
  private isClosed = false;
  bytes: number;

  constructor(
    folder: string,
    position: JournalPosition,
    index: BlockIndex,
    bytes: number,
    unlock: () => void,
    options: FileJournalOptions,
  ) {
    this.folder = folder;
    this.position = position;
    this.index = index;
    this.bytes = bytes;
    this.unlock = unlock;
    this.segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.disk = options.disk ?? fileDisk;
    // A disk that was given is reached by its own calls alone.
    this.background = options.disk === undefined ? new BackgroundSync() : undefined;
    this.descriptor = this.openSegment();
    this.durableRows = position.row;
  }

  get sequence(): number {
    return this.position.sequence;
  }

  get height(): number {
    return this.index.height;
  }

  get fork(): number {
    return this.position.fork;
  }

  get restores(): readonly Restore[] {
    return this.index.restores;
  }

  append(batch: Batch): void {
    const rows = requireNextBatch(this.sequence, batch);
    const { bytes, commands, firstSequence, closesBlock } = batch;
    const kind = ENTRY_KIND.COMMANDS;
    this.write({ kind, closesBlock, firstSequence, commands, rows }, bytes);
    this.position = { ...this.position, sequence: this.sequence + commands };
    if (closesBlock) this.index.addEnd(this.position);
  }

  appendWarrants(bytes: Uint8Array): void {
    this.writeBeside(ENTRY_KIND.WARRANTS, bytes);
  }

  appendActs(bytes: Uint8Array): void {
    this.writeBeside(ENTRY_KIND.ACTS, bytes);
  }

  appendHolds(bytes: Uint8Array): void {
    this.writeBeside(ENTRY_KIND.HOLDS, bytes);
  }

  private writeBeside(kind: number, bytes: Uint8Array): void {
    const rows = requireRows(bytes);
    this.write({ kind, closesBlock: false, firstSequence: this.sequence + 1, commands: 0, rows }, bytes);
  }

  appendBlock(block: Block): void {
    requireNextBlock(this.height + 1, this.index.end(block.height)?.sequence, this.fork, block);
    const { firstSequence } = block;
    const header = {
      kind: ENTRY_KIND.BLOCK,
      closesBlock: false,
      firstSequence,
      commands: 0,
      rows: BLOCK_BYTES / HEADER_BYTES,
    };
    this.write(header, encodeBlock(block));
    this.position = { ...this.position, height: block.height };
    this.index.addBlock(block);
  }

  appendRestore(certificate: Uint8Array, restores: number): void {
    const restored = requireWholeBranch(this, this.index.openHeight, restores);
    const rows = requireRows(certificate);
    this.position = { ...this.position, fork: this.fork + 1, sequence: restored.lastSequence };
    const firstSequence = this.sequence + 1;
    this.write({ kind: ENTRY_KIND.RESTORE, closesBlock: false, firstSequence, commands: 0, rows }, certificate);
    this.index.addRestore(restores, this.position);
  }

  sync(): void {
    this.awaitSync();
    this.attempt('a sync', () => this.disk.sync(this.descriptor));
    this.durableRows = this.position.row;
  }

  beginSync(): void {
    const { background } = this;
    if (background === undefined) return this.sync();
    this.awaitSync();
    this.attempt('a sync', () => background.begin(this.descriptor));
    this.syncingRows = this.position.row;
  }

  awaitSync(): void {
    if (this.syncingRows === undefined) return;
    this.attempt('a sync', () => this.background?.wait());
    this.durableRows = this.syncingRows;
    this.syncingRows = undefined;
  }

  block(height: number): Block | undefined {
    return this.index.block(height);
  }

  /** Sequence of the last command of the block at a height, also when the block itself is not there yet. */
  endOfBlock(height: number): number | undefined {
    return this.index.end(height)?.sequence;
  }

  entries(afterHeight = -1): Iterable<Entry> {
    const from = afterHeight < 0 ? undefined : this.index.end(afterHeight);
    if (afterHeight >= 0 && from === undefined) throw new RangeError(`the journal has no block ${afterHeight}`);
    return new JournalWalk(this.folder, crc32, from).entries();
  }

  close(): void {
    if (this.isClosed) return;
    try {
      if (this.failure === undefined) {
        this.awaitSync();
        this.disk.truncate(this.descriptor, this.position.row * HEADER_BYTES);
        this.disk.sync(this.descriptor);
      }
    } finally {
      this.isClosed = true;
      closeSync(this.descriptor);
      void this.background?.close();
      this.unlock();
    }
  }

  private write(
    entry: Pick<EntryHeader, 'kind' | 'closesBlock' | 'firstSequence' | 'commands' | 'rows'>,
    rows: Uint8Array,
  ) {
    const end = this.position.row + 1 + entry.rows;
    if (end * HEADER_BYTES > this.segmentBytes && this.position.row > 0) this.startSegment();
    const { segment, row, previous } = this.position;
    const header: EntryHeader = {
      ...entry,
      fork: this.fork,
      rowsChecksum: crc32(rows),
      previous,
      segment,
      durableRows: this.durableRows,
    };
    const own = writeEntryHeader(this.header, header, crc32);
    this.makeRoom((row + 1 + entry.rows) * HEADER_BYTES);
    this.attempt('a write', () => this.disk.write(this.descriptor, [this.header.bytes, rows], row * HEADER_BYTES));
    this.bytes += HEADER_BYTES + rows.length;
    this.position = { ...this.position, row: row + 1 + entry.rows, previous: own };
  }

  /** Makes room for an entry up to byte `end`: the zeros before it become durable in the same sync as the entry. */
  private makeRoom(end: number): void {
    while (this.roomBytes < end) {
      const zeros = ZEROS.subarray(0, Math.max(this.segmentBytes, end) - this.roomBytes);
      this.attempt('a write', () => this.disk.write(this.descriptor, [zeros], this.roomBytes));
      this.roomBytes += zeros.length;
    }
  }

  /** Opens the segment that is appended to and cuts it at its last entry. */
  private openSegment(): number {
    const path = segmentPath(this.folder, this.position.segment);
    const isNew = !existsSync(path);
    const descriptor = openSync(path, isNew ? 'wx+' : 'r+');
    const used = this.position.row * HEADER_BYTES;
    if (fstatSync(descriptor).size > used) this.disk.truncate(descriptor, used);
    this.roomBytes = used;
    syncFolder(this.folder);
    return descriptor;
  }

  /** Ends the present segment, all of it durable, and goes on in the next. */
  private startSegment(): void {
    this.sync();
    this.attempt('the end of a segment', () => {
      this.disk.truncate(this.descriptor, this.position.row * HEADER_BYTES);
      this.disk.sync(this.descriptor);
      closeSync(this.descriptor);
      const segment = this.position.segment + 1;
      this.position = { ...this.position, segment, row: 0 };
      this.descriptor = this.openSegment();
    });
    this.durableRows = 0;
  }

  private attempt(what: string, action: () => void): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.isClosed) throw new JournalFailed(`${what} after it was closed`, undefined);
    try {
      action();
    } catch (error) {
      this.failure = new JournalFailed(what, error);
      throw this.failure;
    }
  }
}
