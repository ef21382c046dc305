/**
 * What comes in from outside between two ticks: prices of spot oracles, quotes of external venues, the price of USDC. A market
 * whose record is silent gets none. Every value is a function of seed and time alone, so a day can be taken up at any tick.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { QUOTE_KNOWN, QUOTE_KNOWN_ALL } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { ORACLE, ORACLE_LIMIT, QUOTE, VENUE_LIMIT } from '../engine/tables.ts';
import type { DayMarket, DayVenue, MarketDay } from './market-day.ts';
import { Random } from './random.ts';

/** The two oracles of each market differ from the price by up to this, ppm. */
const ORACLE_NOISE_PPM = 60;
/** How long before it arrives a sample was taken, at most; never as long as a tick: a source's stamps must rise. */
const LATENCY_MS = 900;
/**
 * The first oracle speaks at every tick; the second one and the venues when they have moved by so much, or so long after they
 * last spoke, well within the 30 s after which they are stale.
 */
const MOVED_PPM = 300;
const SECOND_ORACLE_MS = 10_000;
const VENUE_MS = 15_000;
/** How often the price of USDC comes. */
const USDC_MS = 10_000;
/** From this rank on a market has one oracle. */
const ONE_ORACLE_RANK = 60;
/**
 * A modelled venue's mark wanders around the spot, ppm: slower than an hour by about so much (more in less traded markets, at
 * most), at once by so much, and with the market's trend, since perpetuals overshoot: by a twentieth of it, at most.
 */
const SLOW_BASIS_PPM = 500;
const SLOW_BASIS_PER_RANK = 100;
const SLOW_BASIS_LIMIT = 2000;
const FAST_BASIS_PPM = 60;
const TREND_SHARE = 0.05;
const TREND_LIMIT_PPM = 3000;
const HOUR_MS = 3_600_000;
/** Distance of an impact price from the mark: of the most traded market, more per place, at most; ppm. */
const IMPACT_PPM = 60;
const IMPACT_PPM_PER_RANK = 12;
const IMPACT_PPM_LIMIT = 1500;
const USDC_NOISE_PPM = 100;

export class OutsideWorld {
  private readonly day: MarketDay;
  private readonly random: Random;
  private readonly basis: Random;
  /** Bases by market, venue and hour, −1 … 1: drawn once. */
  private readonly hourly = new Map<number, number>();
  // the tick under way
  private state!: State;
  private buffer!: CommandBuffer;
  private chance!: Random;
  private timeMs = 0;

  constructor(day: MarketDay, seed: number) {
    this.day = day;
    this.random = new Random(seed).fork('outside world');
    this.basis = this.random.fork('basis');
  }

  /** Appends everything that has arrived by `timeMs`, a tick; `state` says what is known already. */
  samples(timeMs: number, state: State, buffer: CommandBuffer): void {
    const tick = Math.floor((timeMs - this.day.startMs) / this.day.tickMs);
    this.timeMs = timeMs;
    this.state = state;
    this.buffer = buffer;
    this.chance = this.random.fork(tick);
    if (tick % Math.max(1, Math.floor(USDC_MS / this.day.tickMs)) === 0) this.collateral();
    const { markets } = this.day;
    for (let place = 0; place < markets.length; place++) {
      const market = markets[place] as DayMarket;
      const price = market.path.priceAt(timeMs);
      if (price === undefined) continue;
      this.oracles(place + 1, market, price);
      this.venues(place + 1, market, price);
    }
  }

  private collateral(): void {
    const hour = Math.floor((this.timeMs - this.day.startMs) / HOUR_MS);
    const price = 1e8 + 100 * Math.floor(this.basis.fork(`USDC ${hour}`).bell() * USDC_NOISE_PPM);
    this.buffer.collateralPrice(this.timeMs, price, this.sourceMs());
  }

  /** When what arrives now was taken. */
  private sourceMs(): number {
    return this.timeMs - this.chance.below(Math.min(LATENCY_MS, this.day.tickMs));
  }

  /** The price as one source sees it, whole price units. */
  private observed(price: number): number {
    return whole(price * (1 + (this.chance.bell() * ORACLE_NOISE_PPM) / 1e6));
  }

  private oracles(row: number, market: DayMarket, price: number): void {
    const sources = market.rank < ONE_ORACLE_RANK ? 2 : 1;
    const { f64, i32 } = this.state.oracle;
    for (let source = 0; source < sources; source++) {
      const at = row * ORACLE_LIMIT + source;
      const value = this.observed(price);
      const sourceMs = this.sourceMs();
      const known = source !== 0 && i32[at * 8 + ORACLE.KNOWN] === 1;
      const ageMs = this.timeMs - (f64[at * 4 + ORACLE.TIME_MS] as number);
      if (known && isQuiet(f64[at * 4 + ORACLE.PRICE] as number, value, ageMs, SECOND_ORACLE_MS)) continue;
      this.buffer.oraclePrice(this.timeMs, row, source, value, sourceMs);
    }
  }

  private venues(row: number, market: DayMarket, price: number): void {
    const { timeMs } = this;
    const { f64, i32 } = this.state.quote;
    const away = Math.min(IMPACT_PPM_LIMIT, IMPACT_PPM + IMPACT_PPM_PER_RANK * market.rank) / 1e6;
    for (let number = 0; number < market.venues.length; number++) {
      const venue = market.venues[number] as DayVenue;
      const isModelled = venue.bars === undefined;
      const mark = isModelled ? this.modelled(row, number, market, price) : recordedMark(market, venue, price, timeMs);
      const sourceMs = this.sourceMs();
      if (mark === undefined) continue;
      const at = row * VENUE_LIMIT + number;
      const known = ((i32[at * 16 + QUOTE.KNOWN] as number) & QUOTE_KNOWN.MARK) !== 0;
      const ageMs = timeMs - (f64[at * 8 + QUOTE.TIME_MS] as number);
      if (known && isQuiet(f64[at * 8 + QUOTE.MARK] as number, mark, ageMs, VENUE_MS)) continue;
      const bid = whole(mark * (1 - away));
      const ask = whole(mark * (1 + away));
      const index = this.observed(price);
      this.buffer.venueQuote(timeMs, row, number, QUOTE_KNOWN_ALL, sourceMs, whole(mark), index, bid, ask);
    }
  }

  /** A modelled venue's mark: the price and a basis that is drawn for each hour and goes straight from one to the next. */
  private modelled(row: number, number: number, market: DayMarket, price: number): number {
    const hours = (this.timeMs - this.day.startMs) / HOUR_MS;
    const hour = Math.floor(hours);
    const from = this.hourBasis(row, number, hour);
    const to = this.hourBasis(row, number, hour + 1);
    const wide = Math.min(SLOW_BASIS_LIMIT, SLOW_BASIS_PPM + SLOW_BASIS_PER_RANK * market.rank);
    const trend = market.path.trend(this.timeMs) * TREND_SHARE;
    const lean = Math.max(-TREND_LIMIT_PPM, Math.min(TREND_LIMIT_PPM, trend));
    const basis = (from + (to - from) * (hours - hour)) * wide + lean + this.chance.bell() * FAST_BASIS_PPM;
    return price * (1 + basis / 1e6);
  }

  private hourBasis(row: number, number: number, hour: number): number {
    const key = (row * VENUE_LIMIT + number) * 64 + hour;
    const known = this.hourly.get(key);
    if (known !== undefined) return known;
    // All venues of a market lean the same way for half of it: the market as a whole is rich or cheap.
    const shared = this.basis.fork(`${row} ${hour}`).bell();
    const basis = (shared + this.basis.fork(key).bell()) / 2;
    this.hourly.set(key, basis);
    return basis;
  }
}

/**
 * A recorded venue's mark: the price times that venue's ratio to it, which goes straight from the ratio of the opens to that
 * of the closes, within the venue's own range. Undefined while either is silent.
 */
function recordedMark(market: DayMarket, { bars }: DayVenue, price: number, timeMs: number): number | undefined {
  const { path } = market;
  if (bars === path.bars) return price;
  const slot = path.slotOf(timeMs);
  if (bars === undefined || slot === -1 || bars.known[slot] !== 1) return undefined;
  const ratio = (side: 'open' | 'close'): number => (bars[side][slot] as number) / (path.bars[side][slot] as number);
  const passed = (timeMs - bars.startMs - slot * bars.intervalMs) / bars.intervalMs;
  const mark = price * (ratio('open') + (ratio('close') - ratio('open')) * passed);
  return Math.max(bars.low[slot] as number, Math.min(bars.high[slot] as number, mark));
}

/** True when a source that last said `before`, `ageMs` ago, has nothing new to say. */
function isQuiet(before: number, now: number, ageMs: number, mostMs: number): boolean {
  return ageMs < mostMs && Math.abs(now - before) * 1e6 <= before * MOVED_PPM;
}

/** To a whole price unit, nearest, at least 1. */
function whole(price: number): number {
  return Math.max(1, Math.floor(price + 0.5));
}
