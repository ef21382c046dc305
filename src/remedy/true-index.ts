/**
 * Funding indexes of a world some of which were falsified: what they would be had nobody written to them, and up to which of those each
 * position has settled. Positions that settled while an index was false settled up to a false one.
 */
import type { State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import { whole } from '../guard/exact.ts';

/** What true indexes are found from. */
export interface TrueIndexNotes {
  readonly shifts: ReadonlyMap<number, bigint>;
  readonly rowsThen: readonly number[];
  readonly settledThen: readonly bigint[];
}

export class TrueIndexes {
  /** By how much the true index of a market is above the recorded one. */
  private readonly shifts: Map<number, bigint>;
  /** Of each position when something was written last: what its row said it had settled up to, and what was true. */
  private rowsThen: readonly number[];
  private settledThen: readonly bigint[];

  /** With what was noted; without, nothing was written yet. */
  constructor(
    { shifts, rowsThen, settledThen }: TrueIndexNotes = { shifts: new Map(), rowsThen: [], settledThen: [] },
  ) {
    this.shifts = new Map(shifts);
    this.rowsThen = rowsThen;
    this.settledThen = settledThen;
  }

  /** What they are found from. */
  get notes(): TrueIndexNotes {
    const { shifts, rowsThen, settledThen } = this;
    return { shifts, rowsThen, settledThen };
  }

  /** Calls `write`, which writes to the state what no command wrote, and remembers what was true before. */
  around(state: State, write: () => void): void {
    const indexes = indexesOf(state);
    const settled = Array.from({ length: state.position.rows }, (_, row) => this.settled(state, row));
    write();
    indexesOf(state).forEach((index, market) => {
      const shift = (indexes[market] ?? index) - index;
      if (shift !== 0n) this.shifts.set(market, this.shiftOf(market) + shift);
    });
    this.settledThen = settled;
    this.rowsThen = Array.from({ length: state.position.rows }, (_, row) => rowIndex(state, row));
  }

  /** The true index of a market. */
  index(state: State, market: number): bigint {
    return whole(state.market.f64[market * 128 + MARKET.FUNDING_INDEX]) + this.shiftOf(market);
  }

  /** The true index up to which the position in a row has settled: a row that still says the same has not settled since. */
  settled(state: State, row: number): bigint {
    const index = rowIndex(state, row);
    const then = this.settledThen[row];
    if (then !== undefined && this.rowsThen[row] === index) return then;
    return whole(index) + this.shiftOf(state.position.i32[row * 32 + POSITION.MARKET] as number);
  }

  private shiftOf(market: number): bigint {
    return this.shifts.get(market) ?? 0n;
  }
}

function rowIndex({ position }: State, row: number): number {
  return position.f64[row * 16 + POSITION.FUNDING_INDEX] as number;
}

function indexesOf({ market }: State): bigint[] {
  return Array.from({ length: market.rows }, (_, row) => whole(market.f64[row * 128 + MARKET.FUNDING_INDEX]));
}
