/**
 * Touched pages copied out of a live state, so that a tree can hash them while the state goes on.
 *
 * They travel in parcels of fixed size, over memory that is given (shared with another thread or not): a row of words, the
 * tables' counts, a directory, the pages. The last parcel of a root says so.
 */
import type { State } from '../engine/state.ts';
import { PAGE_BYTES } from '../engine/table.ts';
import type { StateTree } from './state-tree.ts';
import { COUNT_FIELDS, TABLE_COUNT, takeTouched, writeCounts } from './touched-pages.ts';

/** Pages in one parcel. */
export const PARCEL_PAGES = 1024;

const WORD = { PAGES: 0, IS_LAST: 1, COUNTS: 16 } as const;
const DIRECTORY = 256;
const DIRECTORY_WORDS = 2;
/** The words before the pages, and with them the bytes of a parcel, are whole pages. */
const HEAD_BYTES = Math.ceil(((DIRECTORY + PARCEL_PAGES * DIRECTORY_WORDS) * 4) / PAGE_BYTES) * PAGE_BYTES;
export const PARCEL_BYTES = HEAD_BYTES + PARCEL_PAGES * PAGE_BYTES;

export class Parcel {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;

  /** A parcel over `PARCEL_BYTES` of `memory`, from byte `from` on. */
  constructor(memory: ArrayBuffer | SharedArrayBuffer, from: number) {
    this.words = new Int32Array(memory, from, HEAD_BYTES / 4);
    this.bytes = new Uint8Array(memory, from + HEAD_BYTES, PARCEL_PAGES * PAGE_BYTES);
  }

  /** True when it is the last parcel of a root. */
  get isLast(): boolean {
    return this.words[WORD.IS_LAST] === 1;
  }

  /** Empties it for pages of a state with these counts. */
  start(counts: Int32Array): void {
    this.words[WORD.PAGES] = 0;
    this.words[WORD.IS_LAST] = 0;
    this.words.set(counts, WORD.COUNTS);
  }

  finish(isLast: boolean): void {
    this.words[WORD.IS_LAST] = isLast ? 1 : 0;
  }

  /** Copies as many of these pages of a table as there is room for; returns how many. */
  add(table: number, page: number, bytes: Uint8Array): number {
    const used = this.words[WORD.PAGES] as number;
    const given = bytes.length / PAGE_BYTES;
    const taken = given < PARCEL_PAGES - used ? given : PARCEL_PAGES - used;
    this.bytes.set(taken === given ? bytes : bytes.subarray(0, taken * PAGE_BYTES), used * PAGE_BYTES);
    for (let n = 0; n < taken; n++) {
      const at = DIRECTORY + (used + n) * DIRECTORY_WORDS;
      this.words[at] = table;
      this.words[at + 1] = page + n;
    }
    this.words[WORD.PAGES] = used + taken;
    return taken;
  }

  /** Hands its counts and pages to a tree. */
  unpack(tree: StateTree): void {
    tree.setCounts(this.words.subarray(WORD.COUNTS, WORD.COUNTS + TABLE_COUNT * COUNT_FIELDS));
    const pages = this.words[WORD.PAGES] as number;
    for (let n = 0; n < pages; n++) {
      const at = DIRECTORY + n * DIRECTORY_WORDS;
      const bytes = this.bytes.subarray(n * PAGE_BYTES, (n + 1) * PAGE_BYTES);
      tree.setPages(this.words[at] as number, this.words[at + 1] as number, bytes);
    }
  }
}

/** Gives parcels that may be written, and takes the written ones, in order. */
export interface ParcelPost {
  take(): Parcel;
  send(parcel: Parcel): void;
}

/** Copies all touched pages and the counts of `state` into parcels and sends them, the last one marked. Clears the marks. */
export function collectTouched(state: State, post: ParcelPost): void {
  const counts = new Int32Array(TABLE_COUNT * COUNT_FIELDS);
  writeCounts(state, counts);
  let parcel = post.take();
  parcel.start(counts);
  takeTouched(state, (table, first, bytes) => {
    let taken = parcel.add(table, first, bytes);
    while (taken * PAGE_BYTES < bytes.length) {
      post.send(parcel);
      parcel = post.take();
      parcel.start(counts);
      taken += parcel.add(table, first + taken, bytes.subarray(taken * PAGE_BYTES));
    }
  });
  parcel.finish(true);
  post.send(parcel);
}
