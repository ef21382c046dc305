/**
 * Spot, fair basis, mark and external fair price of a market at a tick. Formulas: Paradex, "Mark price calculation"
 * (2026-06) and "Maintenance mode" (external fair price).
 *
 *   mark            = spot × (1 + fair basis)
 *   fair basis      = external + w × (liquid − external)
 *   liquid          = median(median(bid, ask, trade), mid, external)       each a smoothed basis to the spot
 *   external        = median of the venues' smoothed bases
 *   external fair   = spot × (1 + median of the venues' bases and the own slow basis)
 *
 * A basis that is not there takes part in no median. Where no venue quotes, the own liquid basis stands alone; where the own
 * book was never quoted either, nothing says that mark and spot differ, and the mark is the spot.
 */
import { multiplyDivideFloor, multiplyDivideNearest } from './amount.ts';
import type { Book } from './book.ts';
import { QUOTE_KNOWN } from './command.ts';
import { TICK_LIMIT } from './ladder.ts';
import { MARKET_KNOWN } from './market.ts';
import { RULE } from './rules.ts';
import { BASIS_KNOWN } from './samples.ts';
import { keptAfter, keptByWeight, median, smooth, UNIT } from './smoothing.ts';
import type { State } from './state.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from './tables.ts';

/** A basis of more than 1000 is a broken quote: it counts as absent. */
const BASIS_LIMIT = 1000;

/** A spot beyond is none; price units. */
const SPOT_LIMIT = 2 ** 42;
/** Largest product of maximum funding rate and spot: the funding premium (its millionth) stays below 2^52. */
const FUNDING_LIMIT = 2 ** 52 * 1e6;

const values = new Float64Array(16);

/**
 * The spot in USDC price units: median of the fresh oracle prices / price of USDC, rounded down. 0 when there is none, or when
 * it is so large that funding on it at the market's maximum rate would leave the exact range: such a price is no price.
 */
export function freshSpot(state: State, market: number, timeMs: number): number {
  const age = state.rule.f64[64 + RULE.oracle_age] as number;
  const { f64, i32 } = state.oracle;
  let count = 0;
  for (let source = 0; source < ORACLE_LIMIT; source++) {
    const row = market * ORACLE_LIMIT + source;
    if (i32[row * 8 + ORACLE.KNOWN] === 0 || timeMs - (f64[row * 4 + ORACLE.TIME_MS] as number) > age) continue;
    values[count++] = f64[row * 4 + ORACLE.PRICE] as number;
  }
  if (count === 0) return 0;
  const price = state.venue.f64[64 + VENUE.COLLATERAL_PRICE] as number;
  const middle = median(values, count);
  if (middle * 1e8 >= 2 * SPOT_LIMIT * price) return 0;
  const spot = multiplyDivideFloor(middle, 1e8, price);
  const maximumRate = state.market.f64[market * 128 + MARKET.MAXIMUM_FUNDING_RATE] as number;
  return spot <= SPOT_LIMIT && maximumRate * spot <= FUNDING_LIMIT ? spot : 0;
}

/** True when the price of USDC is known and fresh. */
export function isCollateralFresh(state: State, timeMs: number): boolean {
  const age = state.rule.f64[64 + RULE.oracle_age] as number;
  const since = timeMs - (state.venue.f64[64 + VENUE.COLLATERAL_MS] as number);
  return state.venue.i32[128 + VENUE.KNOWN] !== 0 && since <= age;
}

/** (price − spot) / spot × 1e12, rounded to nearest; undefined beyond the limit. */
function basis(price: number, spot: number): number | undefined {
  if (price > spot * BASIS_LIMIT) return undefined;
  return multiplyDivideNearest(price - spot, UNIT, spot);
}

/** Smooths one basis column of a market towards a price; an absent price leaves it as it is. */
function follow(
  state: State,
  market: number,
  column: number,
  bit: number,
  price: number,
  spot: number,
  kept: number,
): void {
  const sample = price > 0 ? basis(price, spot) : undefined;
  if (sample === undefined) return;
  const { f64, i32 } = state.market;
  const known = i32[market * 256 + MARKET.KNOWN] as number;
  const at = market * 128 + column;
  f64[at] = (known & bit) !== 0 ? smooth(f64[at] as number, sample, kept) : sample;
  i32[market * 256 + MARKET.KNOWN] = known | bit;
}

/** Smooths the own bases: best bid, best ask, mid and last trade against the spot. */
function followOwnBook(state: State, market: number, spot: number, elapsedMs: number): void {
  const { f64, i32 } = state.market;
  const at = market * 128;
  const { bestBid, bestAsk } = state.index.books[market] as Book;
  const units = f64[at + MARKET.TICK_UNITS] as number;
  // Whole seconds, at least one: a weight is stated per second and ticks are seconds apart.
  const seconds = Math.max(1, Math.floor(elapsedMs / 1000));
  const kept = keptByWeight(seconds, f64[at + MARKET.BASIS_WEIGHT] as number);
  const bid = bestBid * units;
  const ask = bestAsk === TICK_LIMIT ? 0 : bestAsk * units;
  const mid = bid > 0 && ask > 0 ? Math.floor((bid + ask) / 2) : 0;
  const traded = ((i32[market * 256 + MARKET.KNOWN] as number) & MARKET_KNOWN.LAST_TRADE) !== 0;
  follow(state, market, MARKET.BID_BASIS, MARKET_KNOWN.BID_BASIS, bid, spot, kept);
  follow(state, market, MARKET.ASK_BASIS, MARKET_KNOWN.ASK_BASIS, ask, spot, kept);
  const trade = traded ? (f64[at + MARKET.LAST_TRADE] as number) * units : 0;
  follow(state, market, MARKET.TRADE_BASIS, MARKET_KNOWN.TRADE_BASIS, trade, spot, kept);
  follow(state, market, MARKET.MID_BASIS, MARKET_KNOWN.MID_BASIS, mid, spot, kept);
  const slow = keptAfter(elapsedMs, state.rule.f64[64 + RULE.slow_half_life] as number);
  follow(state, market, MARKET.SLOW_BASIS, MARKET_KNOWN.SLOW_BASIS, mid, spot, slow);
  ramp(state, market, bestBid, bestAsk, elapsedMs);
}

/** The liquidity weight rises while both sides are quoted within the maximum spread and falls while not. */
function ramp(state: State, market: number, bid: number, ask: number, elapsedMs: number): void {
  const { f64 } = state.market;
  const at = market * 128;
  const spread = f64[at + MARKET.MAXIMUM_SPREAD] as number;
  const liquid = bid > 0 && ask < TICK_LIMIT && 2e6 * (ask - bid) <= spread * (ask + bid);
  const rampMs = (state.rule.f64[64 + RULE.liquidity_ramp] as number) * 1000;
  const step = Math.floor((Math.min(elapsedMs, rampMs) * 1e6) / rampMs);
  const weight = (f64[at + MARKET.LIQUIDITY_WEIGHT] as number) + (liquid ? step : -step);
  f64[at + MARKET.LIQUIDITY_WEIGHT] = Math.max(0, Math.min(1e6, weight));
}

/** Smooths the bases of the venues that quote the market now; writes them into `values` and returns how many there are. */
function followVenues(state: State, market: number, spot: number, elapsedMs: number, timeMs: number): number {
  const { f64, i32 } = state.quote;
  const age = state.rule.f64[64 + RULE.quote_age] as number;
  const kept = keptAfter(elapsedMs, state.rule.f64[64 + RULE.venue_half_life] as number);
  const venues = state.market.i32[market * 256 + MARKET.VENUES] as number;
  let count = 0;
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const known = i32[row * 16 + QUOTE.KNOWN] as number;
    if ((venues & (1 << venue)) === 0 || (known & QUOTE_KNOWN.MARK) === 0) continue;
    if (timeMs - (f64[row * 8 + QUOTE.TIME_MS] as number) > age) continue;
    const sample = basis(f64[row * 8 + QUOTE.MARK] as number, spot);
    if (sample === undefined) continue;
    const at = row * 8 + QUOTE.BASIS;
    f64[at] = (known & BASIS_KNOWN) !== 0 ? smooth(f64[at] as number, sample, kept) : sample;
    i32[row * 16 + QUOTE.KNOWN] = known | BASIS_KNOWN;
    state.quote.touch(row);
    values[count++] = f64[at] as number;
  }
  return count;
}

/** median(bid, ask, trade) of those that are known, then with mid and the external basis if there is one. */
function liquidBasis(f64: Float64Array, at: number, known: number, external: number | undefined): number | undefined {
  let count = 0;
  if ((known & MARKET_KNOWN.BID_BASIS) !== 0) values[count++] = f64[at + MARKET.BID_BASIS] as number;
  if ((known & MARKET_KNOWN.ASK_BASIS) !== 0) values[count++] = f64[at + MARKET.ASK_BASIS] as number;
  if ((known & MARKET_KNOWN.TRADE_BASIS) !== 0) values[count++] = f64[at + MARKET.TRADE_BASIS] as number;
  const internal = count > 0 ? median(values, count) : undefined;
  count = 0;
  if (internal !== undefined) values[count++] = internal;
  if ((known & MARKET_KNOWN.MID_BASIS) !== 0) values[count++] = f64[at + MARKET.MID_BASIS] as number;
  if (external !== undefined) values[count++] = external;
  return count > 0 ? median(values, count) : undefined;
}

/** The price at a basis: spot × (1 + basis), rounded to nearest. */
function atBasis(spot: number, value: number): number {
  return spot + multiplyDivideNearest(spot, value, UNIT);
}

/** Moves a market's prices to the spot of now; returns the relative move of its mark (0 when it had none). */
export function updatePrices(state: State, market: number, spot: number, elapsedMs: number, timeMs: number): number {
  const { f64, i32 } = state.market;
  const at = market * 128;
  followOwnBook(state, market, spot, elapsedMs);
  const count = followVenues(state, market, spot, elapsedMs, timeMs);
  const word = market * 256 + MARKET.KNOWN;
  const known = i32[word] as number;
  const withOwn = (known & MARKET_KNOWN.SLOW_BASIS) !== 0 ? 1 : 0;
  if (withOwn === 1) values[count] = f64[at + MARKET.SLOW_BASIS] as number;
  const external = count > 0 ? median(values.slice(0, count), count) : undefined;
  if (count + withOwn > 0) {
    const fair = median(values, count + withOwn);
    f64[at + MARKET.EXTERNAL_BASIS] = fair;
    f64[at + MARKET.EXTERNAL_FAIR] = atBasis(spot, fair);
    i32[word] = known | MARKET_KNOWN.EXTERNAL_BASIS;
  }
  const liquid = liquidBasis(f64, at, i32[word] as number, external);
  const weight = f64[at + MARKET.LIQUIDITY_WEIGHT] as number;
  const fairBasis =
    external === undefined
      ? (liquid ?? 0)
      : external + multiplyDivideNearest((liquid as number) - external, weight, 1e6);
  const before = f64[at + MARKET.MARK] as number;
  const mark = Math.max(1, atBasis(spot, fairBasis));
  const marked = ((i32[word] as number) & MARKET_KNOWN.MARK) !== 0;
  f64[at + MARKET.SPOT] = spot;
  f64[at + MARKET.SPOT_MS] = timeMs;
  f64[at + MARKET.FAIR_BASIS] = fairBasis;
  f64[at + MARKET.MARK] = mark;
  f64[at + MARKET.MARK_MS] = timeMs;
  i32[word] = (i32[word] as number) | MARKET_KNOWN.SPOT | MARKET_KNOWN.MARK;
  return marked ? Math.abs(mark - before) / Math.min(mark, before) : 0;
}
