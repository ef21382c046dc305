/**
 * What is behind the last good entry: nothing, a write that a crash cut short, or a history that was damaged.
 *
 * Space ahead of the last entry is zeros, and a disk writes sectors of 512 bytes whole, so a write that was cut short lacks
 * bytes or left sectors of zeros. Each entry says up to where the segment was durable when it was written. So it is damage,
 * and not a torn write, where a later entry was written once this place was durable; where all sectors of an entry arrived
 * and its checksum does not fit; and where the bytes of a header are those of the entry that belongs here, but for some.
 */
import type { Checksum } from '../chain/digest.ts';
import {
  ENTRY_MAGIC,
  ENTRY_WORD,
  type EntryFault,
  FIRST_SEQUENCE_FLOAT,
  findEntry,
  findEntryHeader,
  HEADER_BYTES,
  type RowViews,
} from '../chain/entry-frame.ts';

const WORDS = HEADER_BYTES / 4;
const FLOATS = HEADER_BYTES / 8;
const SECTOR_BYTES = 512;

export type TailVerdict = 'nothing' | 'torn' | 'damaged';

/** What the entry that belongs at a place must say. */
export interface Expected {
  readonly previous: number;
  readonly firstSequence: number;
}

/** Judges row `at` of a segment's first `length` bytes, where `fault` was found in the place of an entry. */
export function judgeTail(
  views: RowViews,
  length: number,
  at: number,
  fault: EntryFault,
  expected: Expected,
  checksum: Checksum,
): TailVerdict {
  const end = lastByte(views.bytes, length);
  if (end <= at * HEADER_BYTES) return 'nothing';
  if (isFollowed(views, end, at, checksum)) return 'damaged';
  if (fault === 'header_version' || fault === 'header_fields') return 'damaged';
  if (fault === 'header_magic' || fault === 'header_checksum')
    return isHeader(views, at, expected) ? 'damaged' : 'torn';
  if (fault === 'rows_checksum') return hasArrived(views, length, at, checksum) ? 'damaged' : 'torn';
  return 'torn';
}

/** The byte behind the last that is not zero. */
export function lastByte(bytes: Uint8Array, length: number): number {
  let end = length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** True when a good entry behind row `at` was written once row `at` was durable. */
function isFollowed(views: RowViews, length: number, at: number, checksum: Checksum): boolean {
  for (let row = at + 1; row * HEADER_BYTES < length; row++) {
    if (views.words[row * WORDS] !== ENTRY_MAGIC) continue;
    const found = findEntry(views, length, row, checksum);
    if (typeof found !== 'string' && found.header.durableRows > at) return true;
  }
  return false;
}

/** True when a part of row `at` says what only the header that belongs here says. */
function isHeader({ words, floats }: RowViews, at: number, { previous, firstSequence }: Expected): boolean {
  return (
    words[at * WORDS + ENTRY_WORD.MAGIC] === ENTRY_MAGIC ||
    (previous !== 0 && (words[at * WORDS + ENTRY_WORD.PREVIOUS] as number) >>> 0 === previous) ||
    floats[at * FLOATS + FIRST_SEQUENCE_FLOAT] === firstSequence
  );
}

/** True when no sector under the entry at row `at`, whose header is good, is zeros: all of its write arrived. */
function hasArrived(views: RowViews, length: number, at: number, checksum: Checksum): boolean {
  const header = findEntryHeader(views, length, at, checksum);
  if (typeof header === 'string') return false;
  const end = (at + 1 + header.rows) * HEADER_BYTES;
  let from = at * HEADER_BYTES;
  while (from < end) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (views.bytes.subarray(from, to).every((byte) => byte === 0)) return false;
    from = to;
  }
  return true;
}
