/**
 * How far the spot oracles and the venues' indexes of each market have been apart lately. Marks are made of smoothed bases to the
 * spot: where the spot was wrong, the bases are for as long as they remember it, so a mark can be off by the gap of then.
 */
import { QUOTE_KNOWN } from '../engine/command.ts';
import { MARKET_KNOWN } from '../engine/market.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import type { InputImage } from './input-image.ts';

/** What bases remember of a gap below this, ppm, moves no mark. */
const FORGOTTEN_PPM = 100;
/** What a venue said so long ago still says something of an oracle that nothing else confirms. */
const VENUE_AGE_MS = 120_000;
/** Families of honest sources are apart by so much, ppm: it makes no mark doubtful. */
const HONEST_PPM = 1000;
/** Sources of a market may be apart by so much, ppm, before the one that differs most makes a mark doubtful. */
const SOURCES_PPM = 10_000;
const MILLION = 1_000_000;
const BASIS_UNIT = 1e12;
/** A gap beyond is one of this size: nothing is forced at such a mark. */
const LARGEST_PPM = 1e9;

export class FamilyGaps {
  /** By market: the gap of now, and what the own bases remember of those before; ppm beyond honest noise. */
  private readonly now: number[] = [];
  private readonly remembered: number[] = [];
  private tickMs = -1;
  private readonly prices = new Float64Array(Math.max(ORACLE_LIMIT, VENUE_LIMIT));

  /** Takes in the samples of a tick; called as often as one likes, it sees each tick once. `oracleAgeMs`: what a spot is made of. */
  observe(inputs: InputImage, oracleAgeMs: number): void {
    const { rows, f64 } = inputs.market;
    const timeMs = rows > 1 ? (f64[128 + MARKET.TICK_MS] as number) : -1;
    if (timeMs === this.tickMs) return;
    const elapsedMs = this.tickMs < 0 ? 0 : timeMs - this.tickMs;
    this.tickMs = timeMs;
    for (let market = 1; market < rows; market++) {
      const oracle = this.oracle(inputs, market, timeMs - oracleAgeMs);
      // Without a spot no basis moves, and none forgets.
      if (oracle === 0) continue;
      const spread = this.spread(inputs, market, oracleAgeMs, timeMs);
      const gap = Math.max(gapOf(oracle, this.other(inputs, market, oracle, timeMs)), spread);
      const before = this.remembered[market] ?? 0;
      this.now[market] = gap;
      if (gap === 0 && before === 0) continue;
      const weight = (f64[market * 128 + MARKET.BASIS_WEIGHT] as number) / MILLION;
      let kept = 1;
      // Whole seconds: what is under way of one is not forgotten yet.
      for (let second = 1; second * 1000 <= elapsedMs && kept > 1e-9; second++) kept *= 1 - weight;
      const after = before * kept + gap * (1 - kept);
      this.remembered[market] = after < FORGOTTEN_PPM ? 0 : after;
    }
  }

  /** By how much a market's mark may be off, ppm of it, rounded up: by the gap of now, or by what the bases remember. */
  doubtPpm(market: number): bigint {
    return BigInt(Math.ceil(Math.max(this.now[market] ?? 0, this.remembered[market] ?? 0)));
  }

  /**
   * How far the fresh sources that differ most are apart, ppm beyond honest noise: a middle can be that of sources that are wrong together,
   * and the mark follows it. 0 while they are no further apart than sources of a market may be.
   */
  private spread(inputs: InputImage, market: number, ageMs: number, timeMs: number): number {
    const usdc = (inputs.venue.f64[64 + VENUE.COLLATERAL_PRICE] as number) / 1e8;
    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    const take = (count: number, unit: number): void => {
      for (let n = 0; n < count; n++) {
        const price = (this.prices[n] as number) / unit;
        least = Math.min(least, price);
        most = Math.max(most, price);
      }
    };
    take(this.takeOracles(inputs, market, timeMs - ageMs), usdc);
    take(this.takeVenues(inputs, market, timeMs - ageMs), 1);
    const apart = gapOf(least, most);
    return apart > SOURCES_PPM ? apart : 0;
  }

  /** Middle of the fresh oracles in USDC, 0 when there is none. */
  private oracle(inputs: InputImage, market: number, fromMs: number): number {
    const count = this.takeOracles(inputs, market, fromMs);
    return (this.middle(count) * 1e8) / (inputs.venue.f64[64 + VENUE.COLLATERAL_PRICE] as number);
  }

  /** Puts what the oracles have said since, in USD, into `prices`; returns how many there are. */
  private takeOracles({ oracle }: InputImage, market: number, fromMs: number): number {
    let count = 0;
    for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
      const isFresh =
        oracle.i32[row * 8 + ORACLE.KNOWN] !== 0 && (oracle.f64[row * 4 + ORACLE.TIME_MS] as number) >= fromMs;
      if (isFresh) this.prices[count++] = oracle.f64[row * 4 + ORACLE.PRICE] as number;
    }
    return count;
  }

  /** What else says a price: the venues; where they spoke once and do not any more, the own book, by its smoothed basis. */
  private other(inputs: InputImage, market: number, oracle: number, timeMs: number): number {
    const venue = this.venue(inputs, market, timeMs - VENUE_AGE_MS, oracle);
    if (venue > 0 || this.venue(inputs, market, 0, oracle) === 0) return venue;
    const { i32, f64 } = inputs.market;
    const hasMid = ((i32[market * 256 + MARKET.KNOWN] as number) & MARKET_KNOWN.MID_BASIS) !== 0;
    return hasMid ? oracle * (1 + (f64[market * 128 + MARKET.MID_BASIS] as number) / BASIS_UNIT) : 0;
  }

  /** The middle of the venues' indexes; of two that differ the one further from the oracles: a middle of theirs is nobody's price. */
  private venue(inputs: InputImage, market: number, fromMs: number, oracle: number): number {
    const count = this.takeVenues(inputs, market, fromMs);
    if (count !== 2) return this.middle(count);
    const [one, other] = this.prices as unknown as [number, number];
    return Math.abs(one - oracle) > Math.abs(other - oracle) ? one : other;
  }

  /** Puts the indexes that the market's venues have said since into `prices`; returns how many there are. */
  private takeVenues({ quote, market: markets }: InputImage, market: number, fromMs: number): number {
    const venues = markets.i32[market * 256 + MARKET.VENUES] as number;
    let count = 0;
    for (let number = 0; number < VENUE_LIMIT; number++) {
      const row = market * VENUE_LIMIT + number;
      const isThere =
        (venues & (1 << number)) !== 0 && ((quote.i32[row * 16 + QUOTE.KNOWN] as number) & QUOTE_KNOWN.INDEX) !== 0;
      const isFresh = isThere && (quote.f64[row * 8 + QUOTE.TIME_MS] as number) >= fromMs;
      if (isFresh) this.prices[count++] = quote.f64[row * 8 + QUOTE.INDEX] as number;
    }
    return count;
  }

  /** The middle of the first `count` prices, which it sorts; of an even number the mean of the middle two; 0 of none. */
  private middle(count: number): number {
    const { prices } = this;
    for (let n = 1; n < count; n++) {
      const price = prices[n] as number;
      let at = n;
      for (; at > 0 && (prices[at - 1] as number) > price; at--) prices[at] = prices[at - 1] as number;
      prices[at] = price;
    }
    if (count === 0) return 0;
    return ((prices[(count - 1) >> 1] as number) + (prices[count >> 1] as number)) / 2;
  }
}

/** The gap beyond honest noise, ppm rounded up; 0 where one family has nothing to say. */
function gapOf(oracle: number, venue: number): number {
  if (!(oracle > 0 && venue > 0)) return 0;
  const apart = Math.ceil((Math.abs(venue - oracle) / Math.min(venue, oracle)) * MILLION);
  return Math.max(0, Math.min(LARGEST_PPM, apart) - HONEST_PPM);
}
