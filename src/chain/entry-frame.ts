/**
 * Entries: what a journal is made of. A header of 64 bytes, then rows of 64 bytes: a batch of commands, the
 * warrants or the holds of a batch, signed acts, the certificate of a rollback, or a block.
 *
 * Each header has a checksum of its own, so that its number of rows can be believed before they are read, and a checksum of
 * the rows; it names the checksum of the header before, so that an entry of another journal, or of another place in this
 * one, does not fit. These find accidents. Forgery is found by the blocks: their hashes bind every command and every state.
 */
import { BLOCK_BYTES } from './block.ts';
import { requireLittleEndian } from './byte-order.ts';
import type { Checksum } from './digest.ts';

requireLittleEndian();

export const HEADER_BYTES = 64;
const HEADER_WORDS = HEADER_BYTES / 4;
/** The checksum of a header is over all of it but the checksum. */
const CHECKED_BYTES = HEADER_BYTES - 4;

/** `MWJE` */
export const ENTRY_MAGIC = 0x454a574d;
const ENTRY_VERSION = 1;

export const ENTRY_KIND = { COMMANDS: 1, BLOCK: 2, WARRANTS: 3, ACTS: 4, HOLDS: 5, RESTORE: 6 } as const;

/** Where the fields of a header are: words (32 bits) and one float (64 bits). */
export const ENTRY_WORD = {
  MAGIC: 0,
  VERSION: 1,
  KIND: 2,
  FORK: 3,
  /** 1: the last batch of a block, which is sealed behind it. */
  CLOSES_BLOCK: 6,
  COMMANDS: 7,
  /** Rows that follow the header. */
  ROWS: 8,
  ROWS_CHECKSUM: 9,
  /** Checksum of the header of the entry before; 0 of the first. */
  PREVIOUS: 10,
  /** Number of the segment that holds it. */
  SEGMENT: 11,
  /** Rows at the start of the segment, headers included, that were durable before this entry was written. */
  DURABLE: 12,
  /** 13 and 14 are zero. */
  CHECKSUM: 15,
} as const;
/** Sequence of the first command of the batch or of the block; of all others: of the first command behind them, on its fork. */
export const FIRST_SEQUENCE_FLOAT = 2;

/** What a header says. Checksums are unsigned 32-bit integers. */
export interface EntryHeader {
  readonly kind: number;
  readonly fork: number;
  readonly closesBlock: boolean;
  readonly firstSequence: number;
  readonly commands: number;
  readonly rows: number;
  readonly rowsChecksum: number;
  readonly previous: number;
  readonly segment: number;
  readonly durableRows: number;
}

/** Three views of the same bytes, from their first on: as bytes, as 32-bit words, as 64-bit floats. */
export interface RowViews {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly floats: Float64Array;
}

/** Views of `buffer`; its length is a whole number of rows. */
export function rowViews(buffer: ArrayBuffer): RowViews {
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), floats: new Float64Array(buffer) };
}

/** Writes the header into the first row of `views` and returns its checksum, which the next entry names. */
export function writeEntryHeader({ bytes, words, floats }: RowViews, entry: EntryHeader, checksum: Checksum): number {
  words.fill(0, 0, HEADER_WORDS);
  words[ENTRY_WORD.MAGIC] = ENTRY_MAGIC;
  words[ENTRY_WORD.VERSION] = ENTRY_VERSION;
  words[ENTRY_WORD.KIND] = entry.kind;
  words[ENTRY_WORD.FORK] = entry.fork;
  floats[FIRST_SEQUENCE_FLOAT] = entry.firstSequence;
  words[ENTRY_WORD.CLOSES_BLOCK] = entry.closesBlock ? 1 : 0;
  words[ENTRY_WORD.COMMANDS] = entry.commands;
  words[ENTRY_WORD.ROWS] = entry.rows;
  words[ENTRY_WORD.ROWS_CHECKSUM] = entry.rowsChecksum;
  words[ENTRY_WORD.PREVIOUS] = entry.previous;
  words[ENTRY_WORD.SEGMENT] = entry.segment;
  words[ENTRY_WORD.DURABLE] = entry.durableRows;
  const own = checksum(bytes.subarray(0, CHECKED_BYTES));
  words[ENTRY_WORD.CHECKSUM] = own;
  return own;
}

/** What is wrong with an entry, by name. */
export type EntryFault =
  | 'header_short'
  | 'header_empty'
  | 'header_magic'
  | 'header_version'
  | 'header_checksum'
  | 'header_fields'
  | 'rows_short'
  | 'rows_checksum';

/** An entry that is whole: its header, its own checksum, and the row behind its last. */
export interface FoundEntry {
  readonly header: EntryHeader;
  readonly checksum: number;
  readonly end: number;
}

/**
 * Reads the entry whose header is row `at` of the first `length` bytes. Returns it, or what is wrong with it: both checksums,
 * and fields that no entry of this format has. Not whether it fits to the entry before.
 */
export function findEntry(views: RowViews, length: number, at: number, checksum: Checksum): FoundEntry | EntryFault {
  const header = findEntryHeader(views, length, at, checksum);
  if (typeof header === 'string') return header;
  const end = at + 1 + header.rows;
  if (end * HEADER_BYTES > length) return 'rows_short';
  const rows = views.bytes.subarray((at + 1) * HEADER_BYTES, end * HEADER_BYTES);
  if (checksum(rows) !== header.rowsChecksum) return 'rows_checksum';
  return { header, checksum: (views.words[at * HEADER_WORDS + ENTRY_WORD.CHECKSUM] as number) >>> 0, end };
}

/** Reads and checks the header that is row `at` alone. */
export function findEntryHeader(
  { bytes, words, floats }: RowViews,
  length: number,
  at: number,
  checksum: Checksum,
): EntryHeader | EntryFault {
  const byte = at * HEADER_BYTES;
  if (byte + HEADER_BYTES > length) return 'header_short';
  const word = (offset: number): number => words[at * HEADER_WORDS + offset] as number;
  if (word(ENTRY_WORD.MAGIC) !== ENTRY_MAGIC) {
    const row = words.subarray(at * HEADER_WORDS, (at + 1) * HEADER_WORDS);
    return row.every((value) => value === 0) ? 'header_empty' : 'header_magic';
  }
  const own = word(ENTRY_WORD.CHECKSUM) >>> 0;
  if (checksum(bytes.subarray(byte, byte + CHECKED_BYTES)) !== own) return 'header_checksum';
  if (word(ENTRY_WORD.VERSION) !== ENTRY_VERSION) return 'header_version';
  const header: EntryHeader = {
    kind: word(ENTRY_WORD.KIND),
    fork: word(ENTRY_WORD.FORK),
    closesBlock: word(ENTRY_WORD.CLOSES_BLOCK) === 1,
    firstSequence: floats[at * (HEADER_BYTES / 8) + FIRST_SEQUENCE_FLOAT] as number,
    commands: word(ENTRY_WORD.COMMANDS),
    rows: word(ENTRY_WORD.ROWS),
    rowsChecksum: word(ENTRY_WORD.ROWS_CHECKSUM) >>> 0,
    previous: word(ENTRY_WORD.PREVIOUS) >>> 0,
    segment: word(ENTRY_WORD.SEGMENT),
    durableRows: word(ENTRY_WORD.DURABLE),
  };
  return isConsistent(header) ? header : 'header_fields';
}

/** True for kinds of entries that stand beside batches: rows of lines that are no commands. */
export function isBeside(kind: number): boolean {
  return kind >= ENTRY_KIND.WARRANTS && kind <= ENTRY_KIND.RESTORE;
}

function isConsistent({ kind, rows, commands, firstSequence }: EntryHeader): boolean {
  if (!Number.isSafeInteger(firstSequence) || firstSequence < 1) return false;
  if (kind === ENTRY_KIND.BLOCK) return rows === BLOCK_BYTES / HEADER_BYTES && commands === 0;
  if (isBeside(kind)) return rows > 0 && commands === 0;
  return kind === ENTRY_KIND.COMMANDS && commands >= 0 && commands <= rows;
}
