/** Premium, funding rate and funding index. Paradex, "Funding mechanism" (2026-06). */
import { bestAsk, bestBid } from './price.ts';
import { absolute, clip, floorDivide, higher, nearestDivide, weightedMedian } from './rounding.ts';
import { isFresh } from './samples.ts';
import { keptAfter, smooth, UNIT } from './smoothing.ts';
import { POST_ONLY, statusIn } from './status.ts';
import type { Market, Order, World } from './world.ts';

const PPM = 1_000_000n;
/** A premium of more than 1000 times the spot is taken as 1000 times: the rate is at its maximum long before. */
const PREMIUM_RATE_LIMIT = 1000n * UNIT;

/** The average price, rounded down, at which `notional` trades against these orders; undefined when they are too few. */
function impactPrice(market: Market, orders: readonly Order[], notional: bigint): bigint | undefined {
  let left = notional;
  // Millionths of a lot, rounded down.
  let parts = 0n;
  for (const order of orders) {
    const price = order.price * market.units;
    if (order.remaining * price >= left) {
      parts += (left * PPM) / price;
      return parts > 0n ? (notional * PPM) / parts : undefined;
    }
    left -= order.remaining * price;
    parts += order.remaining * PPM;
  }
  return undefined;
}

/** max(bid − spot, 0) − max(spot − ask, 0); a side that is too thin contributes nothing. */
function premium(bid: bigint | undefined, ask: bigint | undefined, spot: bigint): bigint {
  return higher((bid ?? spot) - spot, 0n) - higher(spot - (ask ?? spot), 0n);
}

/** Weighted median of the venues' premiums / spot, rounded to nearest. Undefined when no venue is there. */
export function premiumRate(world: World, market: Market, spot: bigint): bigint | undefined {
  const { rules } = world;
  const entries: { value: bigint; weight: bigint }[] = [];
  if (bestBid(market) !== undefined || bestAsk(market) !== undefined) {
    const notional = market.parameters.IMPACT_NOTIONAL;
    const bid = impactPrice(market, market.buys, notional);
    const ask = impactPrice(market, market.sells, notional);
    entries.push({ value: premium(bid, ask, spot), weight: rules.own_premium_score });
  }
  market.quotes.forEach((quote, venue) => {
    if (quote === undefined || ((market.venues >> venue) & 1) === 0 || !isFresh(world, quote, rules.quote_age)) return;
    entries.push({ value: premium(quote.impactBid, quote.impactAsk, quote.index), weight: rules.venue_premium_score });
  });
  const middle = weightedMedian(entries);
  return middle === undefined ? undefined : clip(nearestDivide(middle * UNIT, spot), PREMIUM_RATE_LIMIT);
}

/** Raw rate, smoothed rate, and the premium that accrues until the next tick. */
export function updateRate(world: World, market: Market, premiumNow: bigint, spot: bigint, elapsedMs: number): void {
  const { INTEREST_RATE, CLAMP_RATE, FUNDING_MULTIPLIER, MAXIMUM_FUNDING_RATE } = market.parameters;
  const delta = clip(INTEREST_RATE - premiumNow, CLAMP_RATE);
  const raw = clip(nearestDivide((premiumNow + delta) * FUNDING_MULTIPLIER, PPM), MAXIMUM_FUNDING_RATE);
  const postOnly = statusIn(world, market) === POST_ONLY;
  const halfLife = postOnly ? world.rules.restricted_funding_half_life : world.rules.funding_half_life;
  const kept = keptAfter(elapsedMs, halfLife);
  market.premiumRate = premiumNow;
  market.rawRate = raw;
  market.fundingRate = clip(smooth(market.fundingRate, raw, kept), MAXIMUM_FUNDING_RATE);
  market.fundingPremium = nearestDivide(market.fundingRate * spot * PPM, UNIT);
}

/** The end of the range of an index. */
const INDEX_LIMIT = 2n ** 52n;

/**
 * The index moves by the premium in force × time / period; what the division leaves is carried. False when it would leave its
 * range: then it stays.
 */
export function advanceIndex(market: Market, elapsedMs: number): boolean {
  const periodMs = BigInt(market.fundingPeriodS) * 1000n;
  const total = market.fundingPremium * BigInt(elapsedMs) + market.fundingRemainder;
  const step = floorDivide(total, periodMs);
  if (absolute(market.fundingIndex + step) > INDEX_LIMIT) return false;
  market.fundingRemainder = total - step * periodMs;
  market.fundingIndex += step;
  return true;
}
