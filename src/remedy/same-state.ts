/** Whether two worlds are one again: every table the same to the last bit, but for counts that nothing is decided by. */
import { TABLE_NAMES } from '../chain/touched-pages.ts';
import type { State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import { MARKET, VENUE } from '../engine/tables.ts';

/** Floats of a row that only count what was traded: two worlds that differ by these alone go on alike. */
const COUNTS: Readonly<Record<string, readonly number[]>> = {
  venue: [VENUE.TRADES],
  market: [MARKET.TRADE_COUNT, MARKET.VOLUME_HIGH, MARKET.VOLUME_LOW],
};

export class Meeting {
  /** Where they differed last: they most likely still do. */
  private lastTable: (typeof TABLE_NAMES)[number] = 'venue';
  private lastRow = 1;

  /** Whether two states are the same. Looks first where they were not when it was asked last. */
  areSame(one: State, other: State): boolean {
    if (this.differs(one, other, this.lastTable, this.lastRow)) return false;
    for (const name of TABLE_NAMES) {
      const [ours, theirs] = [one[name], other[name]];
      if (ours.rows !== theirs.rows || ours.free !== theirs.free || ours.live !== theirs.live) return false;
      const row = firstDifference(ours, theirs, COUNTS[name] ?? []);
      if (row === undefined) continue;
      this.lastTable = name;
      this.lastRow = row;
      return false;
    }
    return true;
  }

  private differs(one: State, other: State, name: (typeof TABLE_NAMES)[number], row: number): boolean {
    return row < one[name].rows && isRowOther(one[name], other[name], row, COUNTS[name] ?? []);
  }
}

/** The first row in which two tables of as many rows differ. */
function firstDifference(ours: Table, theirs: Table, counts: readonly number[]): number | undefined {
  const words = ours.rows * ours.rowWords;
  const [a, b] = [ours.i32, theirs.i32];
  for (let at = 0; at < words; at++) {
    if (a[at] === b[at]) continue;
    const row = Math.floor(at / ours.rowWords);
    if (isRowOther(ours, theirs, row, counts)) return row;
    at = (row + 1) * ours.rowWords - 1;
  }
  return undefined;
}

function isRowOther(ours: Table, theirs: Table, row: number, counts: readonly number[]): boolean {
  for (let word = 0; word < ours.rowWords; word++) {
    const at = row * ours.rowWords + word;
    if (ours.i32[at] !== theirs.i32[at] && !counts.includes(word >> 1)) return true;
  }
  return false;
}
