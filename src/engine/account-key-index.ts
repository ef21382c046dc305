/** Finds an account by its public key: an open-addressing hash over rows of the accountKey table. Derived. */
import type { Table } from './table.ts';

const KEY_WORDS = 8;

export class AccountKeyIndex {
  private slots = new Int32Array(1 << 8);
  private count = 0;

  /** The row of the account with the key of 8 words at `at`, or 0. */
  find(keys: Table, words: Int32Array, at: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(words, at) & mask;
    for (;;) {
      const row = this.slots[slot] as number;
      if (row === 0 || matches(keys.i32, row, words, at)) return row;
      slot = (slot + 1) & mask;
    }
  }

  add(keys: Table, row: number): void {
    if (++this.count * 2 > this.slots.length) this.grow(keys);
    this.insert(keys, row);
  }

  clear(): void {
    this.slots.fill(0);
    this.count = 0;
  }

  private insert(keys: Table, row: number): void {
    const mask = this.slots.length - 1;
    let slot = hash(keys.i32, row * KEY_WORDS) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = row;
  }

  private grow(keys: Table): void {
    const before = this.slots;
    this.slots = new Int32Array(before.length * 2);
    for (const row of before) if (row !== 0) this.insert(keys, row);
  }
}

function matches(rows: Int32Array, row: number, words: Int32Array, at: number): boolean {
  for (let word = 0; word < KEY_WORDS; word++) if (rows[row * KEY_WORDS + word] !== words[at + word]) return false;
  return true;
}

function hash(words: Int32Array, at: number): number {
  let h = 0x9e3779b1 | 0;
  for (let word = 0; word < KEY_WORDS; word++) {
    h = Math.imul(h ^ (words[at + word] as number), 0x85ebca6b);
    h ^= h >>> 13;
  }
  return h;
}
