/** Prices that come from outside: taken as facts of their source, or refused. */
import { QUOTE_KNOWN, QUOTE_KNOWN_ALL } from '../../engine/command.ts';
import type { Refusal } from '../../engine/refusal.ts';
import { ORACLE_LIMIT, VENUE_LIMIT } from '../../engine/tables.ts';
import type { Sample, World } from './world.ts';

const HIGHEST_PRICE = 2 ** 42;
const HIGHEST_COLLATERAL_PRICE = 1e10;

function isPrice(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= HIGHEST_PRICE;
}

/** A source observed it at a whole millisecond that is not in the future. */
function isSourceTime(sourceMs: number, timeMs: number): boolean {
  return Number.isInteger(sourceMs) && sourceMs >= 0 && sourceMs <= timeMs;
}

function isNewer(sourceMs: number, before: { readonly sourceMs: number } | undefined): boolean {
  return before === undefined || sourceMs > before.sourceMs;
}

export function oraclePrice(
  world: World,
  marketNumber: number,
  source: number,
  price: number,
  sourceMs: number,
): Refusal {
  const market = world.markets[marketNumber];
  if (market === undefined) return 'market_unknown';
  if (source < 0 || source >= ORACLE_LIMIT) return 'source_unknown';
  if (!isPrice(price) || !isSourceTime(sourceMs, world.timeMs)) return 'value_out_of_range';
  if (!isNewer(sourceMs, market.oracles[source])) return 'sample_not_newer';
  market.oracles[source] = { price: BigInt(price), sourceMs };
  return 'none';
}

/** `prices`: mark, index, impact bid, impact ask, of which `known` says by bits which are there. The index must be. */
export function venueQuote(
  world: World,
  marketNumber: number,
  venueAndKnown: number,
  sourceMs: number,
  prices: readonly number[],
): Refusal {
  const market = world.markets[marketNumber];
  const venue = venueAndKnown & 255;
  const known = venueAndKnown >> 8;
  if (market === undefined) return 'market_unknown';
  if (venue >= VENUE_LIMIT) return 'source_unknown';
  const isThere = (bit: number): boolean => (known & bit) !== 0;
  if ((known & ~QUOTE_KNOWN_ALL) !== 0 || !isThere(QUOTE_KNOWN.INDEX)) return 'value_out_of_range';
  if (!isSourceTime(sourceMs, world.timeMs)) return 'value_out_of_range';
  if (prices.some((price, place) => isThere(1 << place) && !isPrice(price))) return 'value_out_of_range';
  if (!isNewer(sourceMs, market.quotes[venue])) return 'sample_not_newer';
  const [mark, index, impactBid, impactAsk] = prices.map((price, place) =>
    isThere(1 << place) ? BigInt(price) : undefined,
  );
  market.quotes[venue] = { mark, index: index as bigint, impactBid, impactAsk, sourceMs };
  return 'none';
}

export function collateralPrice(world: World, price: number, sourceMs: number): Refusal {
  if (!isPrice(price) || price > HIGHEST_COLLATERAL_PRICE || !isSourceTime(sourceMs, world.timeMs)) {
    return 'value_out_of_range';
  }
  if (!isNewer(sourceMs, world.collateral)) return 'sample_not_newer';
  world.collateral = { price: BigInt(price), sourceMs };
  return 'none';
}

/** True when a sample is there and no older than `ageMs`. */
export function isFresh(world: World, sample: Sample | { sourceMs: number } | undefined, ageMs: bigint): boolean {
  return sample !== undefined && BigInt(world.timeMs - sample.sourceMs) <= ageMs;
}
