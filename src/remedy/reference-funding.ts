/**
 * Funding by the reference: what positions of the actual world would have been charged on the very sizes they had, by the index of the
 * world as it would have been. Held exactly (1e-14 USDC) and rounded once.
 */
import type { State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import { ceilOf, whole } from '../guard/exact.ts';
import type { TrueIndexes } from './true-index.ts';

const MILLION = 1_000_000n;

export class ReferenceFunding {
  /**
   * By position row of the actual world, since the worlds parted: what would have been charged (1e-14), the size since, the index up to
   * which it is counted; what was charged in cash (1e-8), and how often.
   */
  private readonly due: bigint[] = [];
  private readonly sizes: bigint[] = [];
  private readonly upTo: bigint[] = [];
  private readonly cash: bigint[] = [];
  private readonly settlements: number[] = [];
  private readonly apart = new Set<number>();
  private readonly actual: State;

  /** The worlds part here: until now the true indexes of the actual one are those of the other. What positions owe is due. */
  constructor(actual: State, truth: TrueIndexes) {
    this.actual = actual;
    const { position } = actual;
    for (let row = 1; row < position.rows; row++) {
      const index = truth.index(actual, position.i32[row * 32 + POSITION.MARKET] as number);
      this.sizes[row] = BigInt(position.f64[row * 16 + POSITION.SIZE] as number);
      this.due[row] = (this.sizes[row] as bigint) * (index - truth.settled(actual, row));
      this.upTo[row] = index;
    }
  }

  /** A market's indexes are not the same any more: from now on what was charged there is compared. */
  part(market: number): void {
    this.apart.add(market);
  }

  isApart(market: number): boolean {
    return this.apart.has(market);
  }

  /** The position of an account changes by `lots` while the other world's index stands at `index`. */
  change(account: number, market: number, lots: number, index: bigint): void {
    const row = this.rowOf(account, market);
    this.due[row] = this.dueAt(row, index);
    this.upTo[row] = index;
    this.sizes[row] = (this.sizes[row] ?? 0n) + BigInt(lots);
  }

  /** The actual world charged it. */
  charge(account: number, market: number, amount: number): void {
    const row = this.rowOf(account, market);
    this.cash[row] = this.cashOf(row) + BigInt(amount);
    this.settlements[row] = (this.settlements[row] ?? 0) + 1;
  }

  /** What a position would have been charged up to an index since the worlds parted, and before that owed; 1e-14 USDC. */
  dueAt(row: number, index: bigint): bigint {
    return (this.due[row] ?? 0n) + (this.sizes[row] ?? 0n) * (index - (this.upTo[row] ?? index));
  }

  /** What it was charged in cash since the worlds parted, 1e-8 USDC. */
  cashOf(row: number): bigint {
    return this.cash[row] ?? 0n;
  }

  /**
   * What a position was charged too much since the worlds parted, where it owes `owed` now; 1e-8 USDC, rounded up. Nothing where that is
   * within what rounding each settlement to the unit makes.
   */
  excess(account: number, market: number, index: bigint, owed: bigint): bigint {
    const row = this.rowOf(account, market);
    const excess = (this.cashOf(row) + owed) * MILLION - this.dueAt(row, index);
    const rounding = BigInt((this.settlements[row] ?? 0) + 2) * MILLION;
    return excess < rounding && excess > -rounding ? 0n : ceilOf(excess, MILLION);
  }

  private rowOf(account: number, market: number): number {
    return this.actual.index.positions.find(this.actual.position, account, market);
  }
}

/** Funding indexes of a state, by market. */
export function indexesOf({ market }: State): bigint[] {
  return Array.from({ length: market.rows }, (_, row) => whole(market.f64[row * 128 + MARKET.FUNDING_INDEX]));
}
