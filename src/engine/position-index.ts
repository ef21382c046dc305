/** Finds the position row of an account in a market: an open-addressing hash over rows of the position table. Derived. */
import { POSITION } from './tables.ts';

const { ACCOUNT, MARKET } = POSITION;

/** Rows of positions: the table, or a copy of it. */
interface Positions {
  readonly i32: Int32Array;
}

export class PositionIndex {
  private slots: Int32Array;
  private count = 0;

  /** With room for so many positions before it grows. */
  constructor(positions: number) {
    let slots = 1 << 10;
    while (slots < positions * 2) slots *= 2;
    this.slots = new Int32Array(slots);
  }

  /** The row, or 0. */
  find(positions: Positions, account: number, market: number): number {
    const { i32 } = positions;
    const mask = this.slots.length - 1;
    let at = hash(account, market) & mask;
    for (;;) {
      const row = this.slots[at] as number;
      if (row === 0) return 0;
      if (i32[row * 32 + ACCOUNT] === account && i32[row * 32 + MARKET] === market) return row;
      at = (at + 1) & mask;
    }
  }

  /** The first row that a look-up would compare: to bring it close before it is needed. */
  probe(account: number, market: number): number {
    return this.slots[hash(account, market) & (this.slots.length - 1)] as number;
  }

  /** Adds a row that `find` does not find. */
  add(positions: Positions, row: number): void {
    if (++this.count * 2 > this.slots.length) this.grow(positions);
    this.insert(positions, row);
  }

  clear(): void {
    this.slots.fill(0);
    this.count = 0;
  }

  private insert(positions: Positions, row: number): void {
    const mask = this.slots.length - 1;
    let at = hash(positions.i32[row * 32 + ACCOUNT] as number, positions.i32[row * 32 + MARKET] as number) & mask;
    while (this.slots[at] !== 0) at = (at + 1) & mask;
    this.slots[at] = row;
  }

  private grow(positions: Positions): void {
    const before = this.slots;
    this.slots = new Int32Array(before.length * 2);
    for (const row of before) if (row !== 0) this.insert(positions, row);
  }
}

function hash(account: number, market: number): number {
  let h = Math.imul(account, 0x9e3779b1) ^ Math.imul(market, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
