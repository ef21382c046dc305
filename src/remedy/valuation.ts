/**
 * One valuation for all worlds: the same prices, the same funding index. An account's equity is its balance, what it has asked to
 * withdraw and not got, less what it owes the venue, and for each position size × price − cost − funding owed up to the true index.
 */
import { FEE_ACCOUNT, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { ceilOf, wide } from '../guard/exact.ts';

/** Prices (price units) and funding indexes (1e-6 price units) by market; place 0 is not used. */
export interface Valuation {
  readonly prices: readonly bigint[];
  readonly indexes: readonly bigint[];
}

const MILLION = 1_000_000n;

/** Marks and funding indexes of a world. */
export function valuationOf({ market }: State): Valuation {
  const column = (offset: number): bigint[] =>
    Array.from({ length: market.rows }, (_, row) =>
      row === 0 ? 0n : BigInt(market.f64[row * 128 + offset] as number),
    );
  return { prices: column(MARKET.MARK), indexes: column(MARKET.FUNDING_INDEX) };
}

/**
 * The index up to which a position has settled, in terms of the true index: a function of its row in that world. In a world whose
 * index was falsified, one that settled since has settled up to a false index.
 */
export type SettledIndex = (state: State, row: number) => bigint;

/** The index as the row has it: right in a world whose index was never falsified. */
export const asRecorded: SettledIndex = ({ position }, row) =>
  BigInt(position.f64[row * 16 + POSITION.FUNDING_INDEX] as number);

/** Equity of every account of a world, by its row. Funding owed is rounded up, against the account, as when it settles. */
export function equities(state: State, { prices, indexes }: Valuation, settled: SettledIndex = asRecorded): bigint[] {
  const { account, position } = state;
  const equity = Array.from({ length: account.rows }, (_, row) =>
    row === 0
      ? 0n
      : wide(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH) +
        wide(account.f64, row * 8 + ACCOUNT.PENDING_HIGH) -
        BigInt(account.f64[row * 8 + ACCOUNT.RECEIVABLE] as number),
  );
  for (let row = 1; row < position.rows; row++) {
    const size = BigInt(position.f64[row * 16 + POSITION.SIZE] as number);
    if (size === 0n) continue;
    const market = position.i32[row * 32 + POSITION.MARKET] as number;
    const owner = position.i32[row * 32 + POSITION.ACCOUNT] as number;
    const owed = ceilOf(size * ((indexes[market] as bigint) - settled(state, row)), MILLION);
    const value = size * (prices[market] as bigint) - wide(position.f64, row * 16 + POSITION.COST_HIGH) - owed;
    equity[owner] = (equity[owner] as bigint) + value;
  }
  return equity;
}

/**
 * What the markets' clearings hold and positions still owe them: with it the equities of a world sum to deposits minus withdrawals.
 */
export function clearingOf(state: State, { indexes }: Valuation, settled: SettledIndex = asRecorded): bigint {
  const { market, position } = state;
  let sum = 0n;
  for (let row = 1; row < market.rows; row++) sum += wide(market.f64, row * 128 + MARKET.FUNDING_CLEARING_HIGH);
  for (let row = 1; row < position.rows; row++) {
    const size = BigInt(position.f64[row * 16 + POSITION.SIZE] as number);
    if (size === 0n) continue;
    const of = position.i32[row * 32 + POSITION.MARKET] as number;
    sum += ceilOf(size * ((indexes[of] as bigint) - settled(state, row)), MILLION);
  }
  return sum;
}

/** True for an account of the venue itself: it is a party to the sums, and is never paid. */
export function isHouse(account: number): boolean {
  return account <= FEE_ACCOUNT;
}
