/** Spot, fair basis, mark and external fair price at a tick. Paradex, "Mark price calculation", "Maintenance mode". */
import { higher, floorDivide, lower, median, nearestDivide } from './rounding.ts';
import { isFresh } from './samples.ts';
import { atBasis, basisOf, keptAfter, keptByWeight, smooth } from './smoothing.ts';
import type { Market, World } from './world.ts';

const PPM = 1_000_000n;
const isThere = (value: bigint | undefined): value is bigint => value !== undefined;

/**
 * Median of the fresh oracle prices / price of USDC, rounded down. Undefined when there is none, or when funding at the
 * market's maximum rate on it would leave the exact range: such a price is no price.
 */
export function freshSpot(world: World, market: Market): bigint | undefined {
  const { collateral } = world;
  if (collateral === undefined || !isFresh(world, collateral, world.rules.oracle_age)) return undefined;
  const fresh = market.oracles.filter((sample) => isFresh(world, sample, world.rules.oracle_age));
  const middle = median(fresh.map((sample) => (sample as { price: bigint }).price));
  if (middle === undefined) return undefined;
  const spot = floorDivide(middle * 100_000_000n, collateral.price);
  return isUsable(market, spot) ? spot : undefined;
}

function isUsable(market: Market, spot: bigint): boolean {
  const premium = market.parameters.MAXIMUM_FUNDING_RATE * spot;
  return spot >= 1n && spot <= 2n ** 42n && premium <= 2n ** 52n * PPM;
}

export function bestBid(market: Market): bigint | undefined {
  return market.buys[0]?.price;
}

export function bestAsk(market: Market): bigint | undefined {
  return market.sells[0]?.price;
}

/** Moves the market's prices to the spot of now. */
export function updatePrices(world: World, market: Market, spot: bigint, elapsedMs: number): void {
  followOwnBook(world, market, spot, elapsedMs);
  ramp(world, market, elapsedMs);
  const venues = followVenues(world, market, spot, elapsedMs);
  const external = median(venues);
  const fair = median([...venues, market.slowBasis].filter(isThere));
  if (fair !== undefined) {
    market.externalBasis = fair;
    market.externalFair = atBasis(spot, fair);
  }
  const liquid = liquidBasis(market, external);
  market.fairBasis =
    external === undefined || liquid === undefined
      ? (liquid ?? 0n)
      : external + nearestDivide((liquid - external) * market.liquidityWeight, PPM);
  market.spot = spot;
  market.mark = higher(1n, atBasis(spot, market.fairBasis));
  market.markMs = world.timeMs;
}

/** Smooths the bases of best bid, best ask, mid and last trade; a price that is not there leaves its basis as it is. */
function followOwnBook(world: World, market: Market, spot: bigint, elapsedMs: number): void {
  const inUnits = (tick: bigint | undefined): bigint | undefined =>
    tick === undefined ? undefined : tick * market.units;
  const bid = inUnits(bestBid(market));
  const ask = inUnits(bestAsk(market));
  const mid = isThere(bid) && isThere(ask) ? floorDivide(bid + ask, 2n) : undefined;
  // Whole seconds, at least one: the weight is stated per second.
  const kept = keptByWeight(Math.max(1, Math.floor(elapsedMs / 1000)), market.parameters.BASIS_WEIGHT);
  const slow = keptAfter(elapsedMs, world.rules.slow_half_life);
  const follow = (before: bigint | undefined, price: bigint | undefined, by: bigint): bigint | undefined => {
    const sample = basisOf(price, spot);
    return sample === undefined ? before : smooth(before, sample, by);
  };
  market.bidBasis = follow(market.bidBasis, bid, kept);
  market.askBasis = follow(market.askBasis, ask, kept);
  market.tradeBasis = follow(market.tradeBasis, inUnits(market.lastTrade), kept);
  market.midBasis = follow(market.midBasis, mid, kept);
  market.slowBasis = follow(market.slowBasis, mid, slow);
}

/** The liquidity weight rises while both sides are quoted within the maximum spread of the mid, and falls while not. */
function ramp(world: World, market: Market, elapsedMs: number): void {
  const bid = bestBid(market);
  const ask = bestAsk(market);
  const spread = market.parameters.MAXIMUM_SPREAD;
  const liquid = isThere(bid) && isThere(ask) && (ask - bid) * 2n * PPM <= spread * (ask + bid);
  const rampMs = world.rules.liquidity_ramp * 1000n;
  const step = (lower(BigInt(elapsedMs), rampMs) * PPM) / rampMs;
  market.liquidityWeight = higher(0n, lower(PPM, market.liquidityWeight + (liquid ? step : -step)));
}

/** The smoothed bases of the venues that quote the market now. */
function followVenues(world: World, market: Market, spot: bigint, elapsedMs: number): bigint[] {
  const kept = keptAfter(elapsedMs, world.rules.venue_half_life);
  const bases: bigint[] = [];
  market.quotes.forEach((quote, venue) => {
    if (((market.venues >> venue) & 1) === 0 || !isFresh(world, quote, world.rules.quote_age)) return;
    const sample = basisOf(quote?.mark, spot);
    if (sample === undefined) return;
    const smoothed = smooth(market.venueBases[venue], sample, kept);
    market.venueBases[venue] = smoothed;
    bases.push(smoothed);
  });
  return bases;
}

/** median(median(bid, ask, trade), mid, external), each as far as it is there. */
function liquidBasis(market: Market, external: bigint | undefined): bigint | undefined {
  const internal = median([market.bidBasis, market.askBasis, market.tradeBasis].filter(isThere));
  return median([internal, market.midBasis, external].filter(isThere));
}
