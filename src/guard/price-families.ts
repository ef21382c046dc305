/**
 * How good a market's price is: from two families of sources, spot oracles and the indexes of external venues. A quorum must be
 * fresh, the sources of a family must agree, and the families must agree with each other. All in USDC price units.
 *
 * An oracle quotes USD, so its price is divided by that of USDC, as the engine does; venues quote what the mark is made of. A
 * wrong price of USDC therefore makes the families disagree.
 */
import type { Book } from '../engine/book.ts';
import { QUOTE_KNOWN } from '../engine/command.ts';
import { TICK_LIMIT } from '../engine/ladder.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import { floorOf, middleOf, sizeOf, whole } from './exact.ts';
import type { Known } from './known.ts';
import type { Stillness } from './stillness.ts';
import type { Validity } from './validity.ts';

const MILLION = 1_000_000n;

export interface PriceView {
  readonly validity: Exclude<Validity, 'broken'>;
  /** Age of the newest sample of a spot oracle; undefined when there never was one. */
  readonly newestAgeMs: bigint | undefined;
  /** Fresh sources that agree with those of their family. */
  readonly agreeing: number;
  /** Middle of each family's fresh sources; undefined when it has none. */
  readonly oracle: bigint | undefined;
  readonly venue: bigint | undefined;
  /** The widest distance that was too wide, and what it was allowed to be; both 0 while nothing is disputed. */
  readonly apart: bigint;
  readonly allowed: bigint;
  /** For how long the oracles have stood still while others moved. */
  readonly stillMs: number;
}

/** A family's fresh sources. */
interface Family {
  readonly prices: readonly bigint[];
  readonly middle: bigint | undefined;
  readonly agreeing: number;
  /** It has ever spoken. */
  readonly isKnown: boolean;
  readonly newestMs: number | undefined;
  /** Of two sources that disagree: how far apart, and what would be allowed. */
  readonly apart: bigint;
  readonly allowed: bigint;
}

/** Looks at a market's price at a time. Refuses (throws `Unreadable`) numbers that are none. */
export function viewPrice(known: Known, state: State, stillness: Stillness, market: number, timeMs: number): PriceView {
  const ageMs = known.rule(RULE.guard_sample_age);
  const band = known.rule(RULE.guard_sample_band);
  const oracles = familyOf(oraclesOf(known, market), timeMs, ageMs, band);
  const venues = familyOf(venuesOf(known, market), timeMs, ageMs, band);
  const { newestMs } = oracles;
  const newestAgeMs = newestMs === undefined ? undefined : whole(timeMs) - whole(newestMs);
  const agreeing = oracles.agreeing + venues.agreeing;
  const stillMs = stillness.stillMs(market, timeMs, Number(known.rule(RULE.guard_flat)));
  const seen = { newestAgeMs, agreeing, oracle: oracles.middle, venue: venues.middle, stillMs };
  if (newestAgeMs === undefined) return { ...seen, validity: 'absent', apart: 0n, allowed: 0n };
  const dispute = disputeOf(known, oracles, venues);
  if (dispute !== undefined) return { ...seen, validity: 'disputed', ...dispute };
  const validity = validityOf(known, state, market, oracles, venues, stillMs);
  return { ...seen, validity, apart: 0n, allowed: 0n };
}

type Sample = readonly [price: bigint, timeMs: number];

function oraclesOf(
  {
    inputs: {
      oracle: { i32, f64 },
      venue,
    },
  }: Known,
  market: number,
): Sample[] {
  const found: Sample[] = [];
  for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
    if (i32[row * 8 + ORACLE.KNOWN] === 0) continue;
    const usdc = whole(venue.f64[64 + VENUE.COLLATERAL_PRICE]);
    const usd = whole(f64[row * 4 + ORACLE.PRICE]);
    // Rounded down, as the spot is. Without a price of USDC there is none.
    if (usdc > 0n) found.push([floorOf(usd * 100_000_000n, usdc), f64[row * 4 + ORACLE.TIME_MS] as number]);
  }
  return found;
}

function venuesOf({ inputs }: Known, market: number): Sample[] {
  const { i32, f64 } = inputs.quote;
  const venues = inputs.market.i32[market * 256 + MARKET.VENUES] as number;
  const found: Sample[] = [];
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const isThere = ((i32[row * 16 + QUOTE.KNOWN] as number) & QUOTE_KNOWN.INDEX) !== 0;
    if ((venues & (1 << venue)) === 0 || !isThere) continue;
    found.push([whole(f64[row * 8 + QUOTE.INDEX]), f64[row * 8 + QUOTE.TIME_MS] as number]);
  }
  return found;
}

function familyOf(samples: readonly Sample[], timeMs: number, ageMs: bigint, band: bigint): Family {
  let newestMs: number | undefined;
  const prices: bigint[] = [];
  for (const [price, sampleMs] of samples) {
    newestMs = newestMs === undefined ? sampleMs : Math.max(newestMs, sampleMs);
    if (whole(timeMs) - whole(sampleMs) <= ageMs) prices.push(price);
  }
  const middle = middleOf(prices);
  const near = prices.filter((price) => middle !== undefined && isNear(price, middle, band));
  const [first, second] = prices;
  const isPair = prices.length === 2 && first !== undefined && second !== undefined;
  const apart = isPair ? sizeOf(first - second) : 0n;
  const allowed = isPair ? floorOf((first < second ? first : second) * band, MILLION) : 0n;
  const agreeing = apart > allowed ? 1 : near.length;
  return { prices, middle, agreeing, isKnown: samples.length > 0, newestMs, apart, allowed };
}

/** True when a price is within `band` ppm of another. */
function isNear(price: bigint, other: bigint, band: bigint): boolean {
  return sizeOf(price - other) * MILLION <= other * band;
}

/** How far the families, or the only two sources of the only family, are apart when that is too far; undefined when they agree. */
function disputeOf(known: Known, oracles: Family, venues: Family): { apart: bigint; allowed: bigint } | undefined {
  if (oracles.middle !== undefined && venues.middle !== undefined) {
    const allowed = floorOf(venues.middle * known.rule(RULE.guard_family_band), MILLION);
    const apart = sizeOf(oracles.middle - venues.middle);
    return apart > allowed ? { apart, allowed } : undefined;
  }
  const { apart, allowed } = oracles.middle === undefined ? venues : oracles;
  return apart > allowed ? { apart, allowed } : undefined;
}

function validityOf(
  known: Known,
  state: State,
  market: number,
  oracles: Family,
  venues: Family,
  stillMs: number,
): 'stale' | 'alone' | 'thin' | 'flat' | 'valid' {
  // The spot is made of oracles alone.
  if (oracles.prices.length === 0) return 'stale';
  if (BigInt(oracles.agreeing + venues.agreeing) < known.rule(RULE.guard_quorum)) {
    return isConfirmedByBook(known, state, market, oracles.middle as bigint) ? 'thin' : 'alone';
  }
  // A family that spoke once and does not any more is a loss; one that never did is how the market is.
  if (venues.isKnown && venues.prices.length === 0) return 'thin';
  return stillMs >= Number(known.rule(RULE.guard_flat)) ? 'flat' : 'valid';
}

/** True when the own book is quoted on both sides within the sample band of each other, and its mid is near a price. */
function isConfirmedByBook(known: Known, state: State, market: number, price: bigint): boolean {
  const { bestBid, bestAsk } = state.index.books[market] as Book;
  if (bestBid === 0 || bestAsk === TICK_LIMIT) return false;
  const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  const [bid, ask] = [whole(bestBid) * units, whole(bestAsk) * units];
  const isTight = isNear(bid, ask, known.rule(RULE.guard_sample_band));
  return isTight && isNear(floorOf(bid + ask, 2n), price, known.rule(RULE.guard_family_band));
}
