/**
 * Touched pages copied out of a live state, so that a tree can hash them while the state goes on.
 *
 * They travel in parcels of fixed size, over memory that is given (shared with another thread or not): a row of words, the
 * tables' counts, a directory, the pages. The last parcel of a root says so.
 */
import type { State } from '../engine/state.ts';
import { PAGE_BYTES } from '../engine/table.ts';
import type { StateTree } from './state-tree.ts';
import { COUNT_FIELDS, type PageCursor, TABLE_COUNT, takeTouched, writeCounts } from './touched-pages.ts';

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

  /** Empties it, so that it may be written anew. */
  clear(): void {
    this.words[WORD.PAGES] = 0;
  }

  /** Ends it with the counts of the state as it is now. */
  finish(counts: Int32Array, isLast: boolean): void {
    this.words[WORD.IS_LAST] = isLast ? 1 : 0;
    this.words.set(counts, WORD.COUNTS);
  }

  /** How many pages it can still take. */
  get room(): number {
    return PARCEL_PAGES - (this.words[WORD.PAGES] as number);
  }

  /** Copies these pages of a table. There must be room for them. */
  add(table: number, page: number, bytes: Uint8Array): void {
    const used = this.words[WORD.PAGES] as number;
    const pages = bytes.length / PAGE_BYTES;
    this.bytes.set(bytes, used * PAGE_BYTES);
    for (let n = 0; n < pages; n++) {
      const at = DIRECTORY + (used + n) * DIRECTORY_WORDS;
      this.words[at] = table;
      this.words[at + 1] = page + n;
    }
    this.words[WORD.PAGES] = used + pages;
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
  /** A free parcel, empty; waits for one. */
  take(): Parcel;
  /** A free parcel, empty, if there is one. */
  tryTake(): Parcel | undefined;
  send(parcel: Parcel): void;
}

/**
 * Copies the touched pages of one state into parcels, root after root. Most of them can be copied ahead of a root, a few at a
 * time: what is touched again later is copied again, and the later copy counts.
 */
export class PageCollector {
  private readonly post: ParcelPost;
  private readonly counts = new Int32Array(TABLE_COUNT * COUNT_FIELDS);
  private readonly cursor: PageCursor = { table: 0, page: 0 };
  private open: Parcel | undefined;

  constructor(post: ParcelPost) {
    this.post = post;
  }

  /** Copies up to `pages` touched pages ahead of the next root, up to the end of a pass over all tables. Never waits. */
  prepare(state: State, pages: number): void {
    for (let left = pages; left > 0; ) {
      this.open ??= this.post.tryTake();
      if (this.open === undefined) return;
      const taken = Math.min(left, this.open.room);
      if (this.copy(state, this.open, taken)) return;
      left -= taken;
    }
  }

  /** Copies what is touched and not copied yet, and sends the last parcel of the root. Clears all marks. */
  finish(state: State): void {
    this.cursor.table = 0;
    this.cursor.page = 0;
    for (let isOver = false; !isOver; ) {
      this.open ??= this.post.take();
      isOver = this.copy(state, this.open, this.open.room);
    }
    this.send(state, this.open ?? this.post.take(), true);
  }

  /** Copies up to `pages` pages into `parcel`, which has room for them, and sends it when it is full. True at the end of a pass. */
  private copy(state: State, parcel: Parcel, pages: number): boolean {
    const isOver = takeTouched(state, (table, page, bytes) => parcel.add(table, page, bytes), pages, this.cursor);
    if (parcel.room === 0) this.send(state, parcel, false);
    return isOver;
  }

  private send(state: State, parcel: Parcel, isLast: boolean): void {
    writeCounts(state, this.counts);
    parcel.finish(this.counts, isLast);
    this.post.send(parcel);
    this.open = undefined;
  }
}
