/** Impact premium of each venue and its weighted median. Source: Paradex, "Funding mechanism" (2026-06), steps 1 and 2. */
import { multiplyDivideFloor, multiplyDivideNearest } from './amount.ts';
import type { Book } from './book.ts';
import { QUOTE_KNOWN } from './command.ts';
import { TICK_LIMIT } from './ladder.ts';
import { RULE } from './rules.ts';
import { UNIT } from './smoothing.ts';
import type { State } from './state.ts';
import { MARKET, ORDER, QUOTE, VENUE_LIMIT } from './tables.ts';

const { REMAINING, NEXT } = ORDER;
/** Quantities under an impact price are counted in millionths of a lot. */
const LOT_PARTS = 1e6;

/**
 * The average price, in price units and rounded down, at which `notional` trades against one side of a book (`sell` 1 sells
 * into the bids). Undefined when the side is too thin.
 */
export function impactPrice(state: State, market: number, sell: number, notional: number): number | undefined {
  const { ladder, bestBid, bestAsk } = state.index.books[market] as Book;
  const units = state.market.f64[market * 128 + MARKET.TICK_UNITS] as number;
  const orders = state.order.i32;
  let left = notional;
  let parts = 0;
  let tick = sell === 0 ? bestAsk : bestBid;
  while (sell === 0 ? tick < TICK_LIMIT : tick > 0) {
    const price = tick * units;
    for (let row = ladder.head(tick); row !== 0; row = orders[row * 16 + NEXT] as number) {
      const lots = orders[row * 16 + REMAINING] as number;
      if (lots * price >= left) {
        parts += multiplyDivideFloor(left, LOT_PARTS, price);
        return parts > 0 ? multiplyDivideFloor(notional, LOT_PARTS, parts) : undefined;
      }
      left -= lots * price;
      parts += lots * LOT_PARTS;
    }
    tick = sell === 0 ? ladder.above(tick + 1) : ladder.below(tick - 1);
  }
  return undefined;
}

/** max(bid − spot, 0) − max(spot − ask, 0); a side that is too thin (undefined) contributes nothing. */
export function premium(bid: number | undefined, ask: number | undefined, spot: number): number {
  const rich = bid === undefined ? 0 : Math.max(bid - spot, 0);
  const cheap = ask === undefined ? 0 : Math.max(spot - ask, 0);
  return rich - cheap;
}

const premiums = new Float64Array(VENUE_LIMIT + 1);
const weights = new Float64Array(VENUE_LIMIT + 1);

/** A premium of more than 1000 times the spot is taken as 1000 times: the rate is at its maximum long before. */
const PREMIUM_LIMIT = 1000;

/**
 * The premium rate of a market, 1e-12: weighted median of the venues' premiums / spot, rounded to nearest. A venue without a
 * fresh quote is left out; so is the own book while it is empty on both sides. Undefined when no venue is left.
 */
export function premiumRate(state: State, market: number, spot: number, timeMs: number): number | undefined {
  const count = collect(state, market, spot, timeMs);
  if (count === 0) return undefined;
  const middle = weightedMedian(premiums, weights, count);
  const limited = Math.max(-PREMIUM_LIMIT * spot, Math.min(PREMIUM_LIMIT * spot, middle));
  return multiplyDivideNearest(limited, UNIT, spot);
}

function collect(state: State, market: number, spot: number, timeMs: number): number {
  const rules = state.rule.f64;
  let count = 0;
  const { bestBid, bestAsk } = state.index.books[market] as Book;
  if (bestBid > 0 || bestAsk < TICK_LIMIT) {
    const notional = state.market.f64[market * 128 + MARKET.IMPACT_NOTIONAL] as number;
    const bid = impactPrice(state, market, 1, notional);
    const ask = impactPrice(state, market, 0, notional);
    premiums[count] = premium(bid, ask, spot);
    weights[count++] = rules[64 + RULE.own_premium_score] as number;
  }
  const age = rules[64 + RULE.quote_age] as number;
  const { f64, i32 } = state.quote;
  const venues = state.market.i32[market * 256 + MARKET.VENUES] as number;
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const known = i32[row * 16 + QUOTE.KNOWN] as number;
    if ((venues & (1 << venue)) === 0 || (known & QUOTE_KNOWN.INDEX) === 0) continue;
    const at = row * 8;
    if (timeMs - (f64[at + QUOTE.TIME_MS] as number) > age) continue;
    const bid = (known & QUOTE_KNOWN.IMPACT_BID) !== 0 ? (f64[at + QUOTE.IMPACT_BID] as number) : undefined;
    const ask = (known & QUOTE_KNOWN.IMPACT_ASK) !== 0 ? (f64[at + QUOTE.IMPACT_ASK] as number) : undefined;
    premiums[count] = premium(bid, ask, f64[at + QUOTE.INDEX] as number);
    weights[count++] = rules[64 + RULE.venue_premium_score] as number;
  }
  return count;
}

/**
 * The lower weighted median: the smallest value at which the weights up to it reach half of all. (Paradex does not say how
 * a tie is broken.) Sorts the first `count` of both arrays by value.
 */
export function weightedMedian(values: Float64Array, weight: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += weight[i] as number;
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    const itsWeight = weight[i] as number;
    let at = i;
    for (; at > 0 && (values[at - 1] as number) > value; at--) {
      values[at] = values[at - 1] as number;
      weight[at] = weight[at - 1] as number;
    }
    values[at] = value;
    weight[at] = itsWeight;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += weight[i] as number;
    if (sum * 2 >= total) return values[i] as number;
  }
  return values[count - 1] as number;
}
