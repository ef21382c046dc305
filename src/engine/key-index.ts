/** Finds a row by a key of some words that stands in it: an open-addressing hash over rows that are never given back. Derived. */
import type { Table } from './table.ts';

type Rows = Pick<Table, 'i32'>;

export class KeyIndex {
  /** Words of a row, where the key stands in it, and how many words it has. */
  private readonly rowWords: number;
  private readonly offset: number;
  private readonly words: number;
  private slots = new Int32Array(1 << 8);
  private count = 0;

  constructor(rowWords: number, offset: number, words: number) {
    this.rowWords = rowWords;
    this.offset = offset;
    this.words = words;
  }

  /** The row of `table` with the key that stands at `at` of `words`, or 0. */
  find(table: Rows, words: Int32Array, at: number): number {
    const mask = this.slots.length - 1;
    let slot = this.hash(words, at) & mask;
    for (;;) {
      const row = this.slots[slot] as number;
      if (row === 0 || this.matches(table, row, words, at)) return row;
      slot = (slot + 1) & mask;
    }
  }

  add(table: Rows, row: number): void {
    if (++this.count * 2 > this.slots.length) this.grow(table);
    this.insert(table, row);
  }

  clear(): void {
    this.slots.fill(0);
    this.count = 0;
  }

  private insert(table: Rows, row: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hash(table.i32, row * this.rowWords + this.offset) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = row;
  }

  private grow(table: Rows): void {
    const before = this.slots;
    this.slots = new Int32Array(before.length * 2);
    for (const row of before) if (row !== 0) this.insert(table, row);
  }

  private matches(table: Rows, row: number, words: Int32Array, at: number): boolean {
    const own = row * this.rowWords + this.offset;
    for (let word = 0; word < this.words; word++) if (table.i32[own + word] !== words[at + word]) return false;
    return true;
  }

  private hash(words: Int32Array, at: number): number {
    let h = 0x9e3779b1 | 0;
    for (let word = 0; word < this.words; word++) {
      h = Math.imul(h ^ (words[at + word] as number), 0x85ebca6b);
      h ^= h >>> 13;
    }
    return h;
  }
}
