/** The files of a journal: segments with consecutive numbers. */
import { closeSync, fstatSync, fsyncSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { HEADER_BYTES, type RowViews, rowViews } from '../chain/entry-frame.ts';
import { JournalCorrupt } from './journal.ts';

const SEGMENT_PATTERN = /^(\d{8})\.segment$/;

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.segment`;
}

export function segmentPath(folder: string, segment: number): string {
  return join(folder, segmentName(segment));
}

/** Number of the last segment, 0 when there is none. Refuses (`JournalCorrupt`) a folder in which one is missing. */
export function lastSegment(folder: string): number {
  const numbers = readdirSync(folder)
    .map((name) => Number(SEGMENT_PATTERN.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
  numbers.forEach((number, at) => {
    if (number !== at + 1) throw new JournalCorrupt(segmentName(at + 1), 0, 'the segment is missing');
  });
  return numbers.length;
}

/** Memory that segments are read into, one after the other. */
export class SegmentBuffer {
  private views: RowViews = rowViews(new ArrayBuffer(0));

  /**
   * Reads a segment, from byte `from` on: the views (longer than the file, perhaps; what is before `from` is not of this file) and the
   * bytes of the file.
   */
  read(path: string, from = 0): { views: RowViews; length: number } {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size > this.views.bytes.length) {
        this.views = rowViews(new ArrayBuffer(Math.ceil(size / HEADER_BYTES) * HEADER_BYTES));
      }
      let length = Math.min(from, size);
      while (length < size) {
        const count = readSync(file, this.views.bytes, length, size - length, length);
        if (count === 0) break;
        length += count;
      }
      return { views: this.views, length };
    } finally {
      closeSync(file);
    }
  }
}

/** Makes the names in a folder durable. Systems that cannot sync a folder do so with its files. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
