/** Finds the open order of an account by its client id: an open-addressing hash over rows of the clientId table. Derived. */
import type { Table } from './table.ts';
import { CLIENT_ID } from './tables.ts';

const { ACCOUNT, LENGTH, TEXT } = CLIENT_ID;
const ROW_WORDS = 32;
const TEXT_WORDS = 16;
/** Left where a row was removed, so that longer probe chains stay whole. */
const REMOVED = -1;

export class ClientIdIndex {
  private slots = new Int32Array(1 << 6);
  private used = 0;
  private live = 0;

  /** The row of this account's client id, or 0. `words` holds the zero-padded text from `at` on. */
  find(table: Table, account: number, length: number, words: Int32Array, at: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(account, words, at) & mask;
    for (;;) {
      const row = this.slots[slot] as number;
      if (row === 0) return 0;
      if (row !== REMOVED && matches(table.i32, row, account, length, words, at)) return row;
      slot = (slot + 1) & mask;
    }
  }

  add(table: Table, row: number): void {
    if ((this.used + 1) * 2 > this.slots.length) this.rebuild(table);
    this.used++;
    this.live++;
    this.insert(table, row);
  }

  remove(table: Table, row: number): void {
    const mask = this.slots.length - 1;
    let slot = this.slotOf(table, row) & mask;
    while (this.slots[slot] !== row) slot = (slot + 1) & mask;
    this.slots[slot] = REMOVED;
    this.live--;
  }

  clear(): void {
    this.slots.fill(0);
    this.used = 0;
    this.live = 0;
  }

  private slotOf(table: Table, row: number): number {
    return hash(table.i32[row * ROW_WORDS + ACCOUNT] as number, table.i32, row * ROW_WORDS + TEXT);
  }

  private insert(table: Table, row: number): void {
    const mask = this.slots.length - 1;
    let slot = this.slotOf(table, row) & mask;
    while ((this.slots[slot] as number) > 0) slot = (slot + 1) & mask;
    this.slots[slot] = row;
  }

  private rebuild(table: Table): void {
    const before = this.slots;
    let size = before.length;
    while (size < (this.live + 1) * 4) size *= 2;
    this.slots = new Int32Array(size);
    this.used = this.live;
    for (const row of before) if (row > 0) this.insert(table, row);
  }
}

function matches(
  rows: Int32Array,
  row: number,
  account: number,
  length: number,
  words: Int32Array,
  at: number,
): boolean {
  const from = row * ROW_WORDS;
  if (rows[from + ACCOUNT] !== account || rows[from + LENGTH] !== length) return false;
  for (let word = 0; word < TEXT_WORDS; word++) {
    if (rows[from + TEXT + word] !== words[at + word]) return false;
  }
  return true;
}

function hash(account: number, words: Int32Array, at: number): number {
  let h = Math.imul(account, 0x9e3779b1);
  for (let word = 0; word < TEXT_WORDS; word++) {
    h = Math.imul(h ^ (words[at + word] as number), 0x85ebca6b);
    h ^= h >>> 13;
  }
  return h;
}
