/** Walks the entries of a journal's segments in order, checking that each is whole and follows the one before. */
import { type Block, decodeBlock } from '../chain/block.ts';
import type { Checksum } from '../chain/digest.ts';
import type { Entry } from '../chain/entry.ts';
import {
  ENTRY_KIND,
  type EntryFault,
  type FoundEntry,
  findEntry,
  HEADER_BYTES,
  isBeside,
  type RowViews,
  rowViews,
} from '../chain/entry-frame.ts';
import type { JournalPosition } from './block-index.ts';
import { JournalCorrupt } from './journal.ts';
import { lastSegment, SegmentBuffer, segmentName, segmentPath } from './segment-files.ts';
import { judgeTail, lastByte } from './tail.ts';

const JOURNAL_START: JournalPosition = { segment: 1, row: 0, previous: 0, sequence: 0, height: -1, fork: 0 };

/** A write that a crash cut short: it was never acknowledged, and is not part of the history. */
export interface TornTail {
  readonly file: string;
  /** Byte at which the history ends, and how many bytes behind it are to be cut. */
  readonly offset: number;
  readonly cutBytes: number;
}

/** Where an entry has the rows of its kind, of those that stand beside a batch. */
const BESIDE: Readonly<Record<number, 'warrants' | 'acts' | 'holds' | 'certificate'>> = {
  [ENTRY_KIND.WARRANTS]: 'warrants',
  [ENTRY_KIND.ACTS]: 'acts',
  [ENTRY_KIND.HOLDS]: 'holds',
  [ENTRY_KIND.RESTORE]: 'certificate',
};

const WORDS = HEADER_BYTES / 4;
const FLOATS = HEADER_BYTES / 8;

export class JournalWalk {
  private readonly folder: string;
  private readonly checksum: Checksum;
  private readonly buffer = new SegmentBuffer();
  /** Behind the last entry that was given. */
  position: JournalPosition;
  /** Set when the walk ended at a torn write. */
  tornTail: TornTail | undefined;

  constructor(folder: string, checksum: Checksum, from: JournalPosition = JOURNAL_START) {
    this.folder = folder;
    this.checksum = checksum;
    this.position = from;
  }

  /**
   * The entries from the position on; called again, those that were written since. Refuses (`JournalCorrupt`) what is damaged or does not
   * follow.
   */
  *entries(): Generator<Entry> {
    this.tornTail = undefined;
    const last = lastSegment(this.folder);
    while (this.position.segment <= last) {
      const { segment, row } = this.position;
      const { views, length } = this.buffer.read(segmentPath(this.folder, segment), row * HEADER_BYTES);
      yield* this.segmentEntries(views, length, segment === last);
      if (segment === last) return;
      this.position = { ...this.position, segment: segment + 1, row: 0 };
    }
  }

  private *segmentEntries(views: RowViews, length: number, isLast: boolean): Generator<Entry> {
    while (this.position.row * HEADER_BYTES < length) {
      const { row } = this.position;
      const found = findEntry(views, length, row, this.checksum);
      if (typeof found === 'string') return this.endSegment(views, length, found, isLast);
      const entry = this.entryOf(views, row, found);
      const { sequence, height, segment } = this.position;
      const next = { segment, row: found.end, previous: found.checksum, fork: found.header.fork };
      this.position =
        entry.kind === 'block'
          ? { ...next, sequence, height: height + 1 }
          : { ...next, sequence: entry.firstSequence - 1 + entry.commands, height };
      yield entry;
    }
  }

  /** The entry as its reader sees it, if it follows the one before. */
  private entryOf(views: RowViews, row: number, { header, end }: FoundEntry): Entry {
    const { position } = this;
    if (header.segment !== position.segment) throw this.corrupt(`it was written into segment ${header.segment}`);
    if (header.previous !== position.previous) throw this.corrupt('it does not follow the entry before');
    const from = row + 1;
    const bytes = views.bytes.subarray(from * HEADER_BYTES, end * HEADER_BYTES);
    const { firstSequence, commands, rows, fork, closesBlock } = header;
    const isRestore = header.kind === ENTRY_KIND.RESTORE;
    const expectedFork = position.fork + (isRestore ? 1 : 0);
    if (fork !== expectedFork) throw this.corrupt(`it is on fork ${fork}, not on fork ${expectedFork}`);
    if (header.kind === ENTRY_KIND.BLOCK) return { kind: 'block', block: this.blockOf(bytes) };
    const next = position.sequence + 1;
    // A rollback goes back to where an earlier block ended; which one, its certificate says.
    if (isRestore ? firstSequence > next : firstSequence !== next) {
      throw this.corrupt(`its first sequence is ${firstSequence}, after ${position.sequence}`);
    }
    if (isBeside(header.kind)) {
      const none = rowViews(new ArrayBuffer(0));
      const beside = { [BESIDE[header.kind] as string]: bytes };
      return { kind: 'commands', fork, firstSequence, commands, rows: 0, closesBlock, ...none, ...beside };
    }
    return {
      kind: 'commands',
      fork,
      firstSequence,
      commands,
      rows,
      closesBlock,
      bytes,
      words: views.words.subarray(from * WORDS, end * WORDS),
      floats: views.floats.subarray(from * FLOATS, end * FLOATS),
    };
  }

  private blockOf(bytes: Uint8Array): Block {
    const block = decodeBlock(bytes);
    if (block === undefined) throw this.corrupt('its rows are not those of a block');
    const { height, fork } = this.position;
    if (block.height !== height + 1) throw this.corrupt(`it is block ${block.height}, after block ${height}`);
    if (block.fork !== fork) throw this.corrupt(`it is a block of fork ${block.fork} on fork ${fork}`);
    return block;
  }

  /** What is in the place of an entry is none: the end of the history, or damage. */
  private endSegment(views: RowViews, length: number, fault: EntryFault, isLast: boolean): void {
    const { row, previous, sequence } = this.position;
    const verdict = judgeTail(views, length, row, fault, { previous, firstSequence: sequence + 1 }, this.checksum);
    if (verdict === 'nothing') return;
    if (verdict === 'damaged') throw this.corrupt(FAULTS[fault]);
    if (!isLast) throw this.corrupt(`${FAULTS[fault]}, and a later segment follows`);
    const offset = row * HEADER_BYTES;
    this.tornTail = {
      file: segmentName(this.position.segment),
      offset,
      cutBytes: lastByte(views.bytes, length) - offset,
    };
  }

  private corrupt(what: string): JournalCorrupt {
    return new JournalCorrupt(segmentName(this.position.segment), this.position.row * HEADER_BYTES, what);
  }
}

const FAULTS: Readonly<Record<EntryFault, string>> = {
  header_short: 'the file ends within the header of an entry',
  header_empty: 'zeros stand in the place of an entry',
  header_magic: 'the header of an entry does not begin as one',
  header_version: 'the entry is of another version of the format',
  header_checksum: 'the checksum of the header of an entry does not fit',
  header_fields: 'the header of an entry says what cannot be',
  rows_short: 'the file ends within the rows of an entry',
  rows_checksum: 'the checksum of the rows of an entry does not fit',
};
