/** Inputs of prices: spot oracles, external venues, the price of the collateral. Facts of a source, stored as they came. */
import { QUOTE_KNOWN, QUOTE_KNOWN_ALL } from './command.ts';
import { REFUSAL } from './refusal.ts';
import type { State } from './state.ts';
import { ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from './tables.ts';

/** Prices above this are no prices: products with them would leave the exact range. */
const PRICE_LIMIT = 2 ** 42;

function isPrice(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= PRICE_LIMIT;
}

/** A source observed at a whole millisecond that is not in the future. (−0 is 0: stored by adding 0.) */
function isSourceTime(sourceMs: number, timeMs: number): boolean {
  return Number.isInteger(sourceMs) && sourceMs >= 0 && sourceMs <= timeMs;
}

function isMarket(state: State, market: number): boolean {
  return market >= 1 && market < state.market.rows;
}

/** Takes a spot price of a source, or returns why not. A sample must be newer than the source's last and not from the future. */
export function takeOraclePrice(
  state: State,
  market: number,
  source: number,
  price: number,
  sourceMs: number,
  timeMs: number,
): number {
  if (!isMarket(state, market)) return REFUSAL.market_unknown;
  if (!(source >= 0 && source < ORACLE_LIMIT)) return REFUSAL.source_unknown;
  if (!isPrice(price) || !isSourceTime(sourceMs, timeMs)) return REFUSAL.value_out_of_range;
  const row = market * ORACLE_LIMIT + source;
  const { i32, f64 } = state.oracle;
  const at = row * 4;
  if (i32[row * 8 + ORACLE.KNOWN] !== 0 && sourceMs <= (f64[at + ORACLE.TIME_MS] as number))
    return REFUSAL.sample_not_newer;
  i32[row * 8 + ORACLE.KNOWN] = 1;
  f64[at + ORACLE.PRICE] = price;
  f64[at + ORACLE.TIME_MS] = sourceMs + 0;
  f64[at + ORACLE.SEQUENCE] = (f64[at + ORACLE.SEQUENCE] as number) + 1;
  state.oracle.touch(row);
  return 0;
}

/** Takes a quote of an external venue, or returns why not; `prices` start with the mark at `at`, in the order of `QUOTE_KNOWN`. */
export function takeVenueQuote(
  state: State,
  market: number,
  venue: number,
  known: number,
  sourceMs: number,
  timeMs: number,
  prices: Float64Array,
  at: number,
): number {
  if (!isMarket(state, market)) return REFUSAL.market_unknown;
  if (!(venue >= 0 && venue < VENUE_LIMIT)) return REFUSAL.source_unknown;
  if ((known & ~QUOTE_KNOWN_ALL) !== 0 || (known & QUOTE_KNOWN.INDEX) === 0 || !isSourceTime(sourceMs, timeMs)) {
    return REFUSAL.value_out_of_range;
  }
  for (let price = 0; price < 4; price++) {
    if ((known & (1 << price)) !== 0 && !isPrice(prices[at + price] as number)) return REFUSAL.value_out_of_range;
  }
  const row = market * VENUE_LIMIT + venue;
  const { i32, f64 } = state.quote;
  const to = row * 8;
  const before = i32[row * 16 + QUOTE.KNOWN] as number;
  if (before !== 0 && sourceMs <= (f64[to + QUOTE.TIME_MS] as number)) return REFUSAL.sample_not_newer;
  i32[row * 16 + QUOTE.KNOWN] = known | (before & BASIS_KNOWN);
  for (let price = 0; price < 4; price++) {
    f64[to + QUOTE.MARK + price] = (known & (1 << price)) !== 0 ? (prices[at + price] as number) : 0;
  }
  f64[to + QUOTE.TIME_MS] = sourceMs + 0;
  state.quote.touch(row);
  return 0;
}

/** A bit of a quote's `KNOWN` beside those of `QUOTE_KNOWN`: its smoothed basis is there. */
export const BASIS_KNOWN = 16;

/** Takes the price of USDC in USD (1e-8), or returns why not. */
export function takeCollateralPrice(state: State, price: number, sourceMs: number, timeMs: number): number {
  if (!isPrice(price) || price > 1e10 || !isSourceTime(sourceMs, timeMs)) return REFUSAL.value_out_of_range;
  const { i32, f64, rowWords, rowFloats } = state.venue;
  const known = i32[rowWords + VENUE.KNOWN] as number;
  if (known !== 0 && sourceMs <= (f64[rowFloats + VENUE.COLLATERAL_MS] as number)) return REFUSAL.sample_not_newer;
  i32[rowWords + VENUE.KNOWN] = 1;
  f64[rowFloats + VENUE.COLLATERAL_PRICE] = price;
  f64[rowFloats + VENUE.COLLATERAL_MS] = sourceMs + 0;
  return 0;
}
