/**
 * What the small tables must hold now: rules, markets, oracles, quotes and the venue's row, moved by the commands that were
 * applied and by what they told, never by the rows. Samples are taken in by the exchange's own rule of acceptance (newer, in
 * range, not from the future), computed here a second time. What ticks compute is in `derived-image.ts`.
 */
import {
  COLLATERAL_PRICE,
  COMMAND,
  MARKET_PARAMETERS,
  ORACLE_PRICE,
  QUOTE_KNOWN,
  VENUE_QUOTE,
} from '../engine/command.ts';
import { checkForm } from '../engine/command-form.ts';
import { EVENT } from '../engine/event.ts';
import { MARKET_KNOWN } from '../engine/market.ts';
import { BASIS_KNOWN } from '../engine/samples.ts';
import type { State } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import { addExact } from './limbs.ts';
import { OWN_ROOM, type Room } from './room.ts';
import { SealedTable } from './sealed-image.ts';

/** Largest price of any sample, and of the collateral (1e-8 USD). */
const LARGEST_PRICE = 2 ** 42;
const LARGEST_COLLATERAL_PRICE = 1e10;
const ALL_PRICES = QUOTE_KNOWN.MARK | QUOTE_KNOWN.INDEX | QUOTE_KNOWN.IMPACT_BID | QUOTE_KNOWN.IMPACT_ASK;

/** A sample among commands that are about to be applied. */
interface Sample {
  readonly sequence: number;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly row: number;
  readonly timeMs: number;
}

export class InputImage {
  readonly rule: SealedTable;
  readonly market: SealedTable;
  readonly oracle = new SealedTable();
  readonly quote = new SealedTable();
  readonly venue: SealedTable;
  /** True when the commands read last end with a tick that is applied. */
  isTicked = false;
  private readonly samples: Sample[] = [];
  private early: Sample[] = [];
  private readTo = { timeMs: 0, sequence: 0 };

  constructor(room: Room = OWN_ROOM) {
    this.rule = new SealedTable(room);
    this.market = new SealedTable(room);
    this.venue = new SealedTable(room);
  }

  /** Takes the rows as they are. */
  begin(state: State): void {
    for (const name of ['rule', 'market', 'oracle', 'quote', 'venue'] as const) this[name].takeAll(state[name]);
  }

  /** Time of the last command that had one. */
  get timeMs(): number {
    return this.venue.f64[64 + VENUE.TIME_MS] as number;
  }

  /**
   * Reads the commands of rows `from` up to the first tick, or up to `to`; they count once `takeRead` is called. Returns the row behind
   * the last one read.
   */
  read(words: Int32Array, floats: Float64Array, from: number, to: number): number {
    const { f64 } = this.venue;
    let clock = f64[64 + VENUE.TIME_MS] as number;
    let sequence = f64[64 + VENUE.SEQUENCE] as number;
    this.samples.length = 0;
    this.isTicked = false;
    let row = from;
    while (row < to) {
      const kind = words[row * 16] as number;
      const claimed = words[row * 16 + 1] as number;
      const timeMs = (floats[row * 8 + 1] as number) + 0;
      sequence++;
      const isSample = kind >= FIRST_SAMPLE && kind <= LAST_SAMPLE;
      // Any other command of the same millisecond moves nothing that is kept here, so its form does not matter.
      if (timeMs > clock || (timeMs === clock && (isSample || kind === TICK))) {
        if (checkForm(words, row, to, timeMs) === 0) {
          clock = timeMs;
          if (isSample) this.samples.push({ sequence, words, floats, row, timeMs });
          this.isTicked = kind === TICK;
        }
      }
      row += claimed >= 1 && row + claimed <= to ? claimed : 1;
      if (kind === TICK) break;
    }
    this.readTo.timeMs = clock;
    this.readTo.sequence = sequence;
    return row;
  }

  /** Markets, as far as they are there, whose samples are among what was read. */
  sampledMarkets(): readonly number[] {
    const { samples } = this;
    if (samples.length === 0) return NO_MARKETS;
    const markets: number[] = [];
    for (const { words, row } of samples) {
      if (words[row * 16] === COLLATERAL) continue;
      const market = words[row * 16 + ORACLE_PRICE.MARKET] as number;
      if (market >= 1 && market < this.market.rows && markets.at(-1) !== market) markets.push(market);
    }
    return markets;
  }

  /** Takes in what was read. A sample of a market that is not there yet waits: its market may be among the same commands. */
  takeRead(): void {
    for (const sample of this.samples) {
      const { words, floats, row, timeMs } = sample;
      if (words[row * 16] === COMMAND.collateralPrice) {
        this.takeCollateral(floats, row * 8, timeMs);
        continue;
      }
      const market = words[row * 16 + ORACLE_PRICE.MARKET] as number;
      if (market >= 1 && market < this.market.rows) this.takeMarketSample(words, floats, row, timeMs);
      else if (market >= 1) this.early.push(sample);
    }
    this.venue.f64[64 + VENUE.TIME_MS] = this.readTo.timeMs;
    this.venue.f64[64 + VENUE.SEQUENCE] = this.readTo.sequence;
  }

  private takeMarketSample(words: Int32Array, floats: Float64Array, row: number, timeMs: number): void {
    if (words[row * 16] === COMMAND.oraclePrice) this.takeOracle(words, floats, row, timeMs);
    else this.takeQuote(words, floats, row, timeMs);
  }

  private takeOracle(words: Int32Array, floats: Float64Array, row: number, timeMs: number): void {
    const source = words[row * 16 + ORACLE_PRICE.SOURCE] as number;
    const price = floats[row * 8 + ORACLE_PRICE.PRICE] as number;
    const sourceMs = floats[row * 8 + ORACLE_PRICE.SOURCE_MS] as number;
    if (!(source >= 0 && source < ORACLE_LIMIT) || !isPrice(price) || !isPast(sourceMs, timeMs)) return;
    const place = (words[row * 16 + ORACLE_PRICE.MARKET] as number) * ORACLE_LIMIT + source;
    const { i32, f64 } = this.oracle;
    const at = place * 4;
    if (i32[place * 8 + ORACLE.KNOWN] !== 0 && sourceMs <= (f64[at + ORACLE.TIME_MS] as number)) return;
    i32[place * 8 + ORACLE.KNOWN] = 1;
    f64[at + ORACLE.PRICE] = price;
    f64[at + ORACLE.TIME_MS] = sourceMs + 0;
    f64[at + ORACLE.SEQUENCE] = (f64[at + ORACLE.SEQUENCE] as number) + 1;
  }

  private takeQuote(words: Int32Array, floats: Float64Array, row: number, timeMs: number): void {
    const packed = words[row * 16 + VENUE_QUOTE.VENUE_AND_KNOWN] as number;
    const venue = packed & 255;
    const known = packed >> 8;
    const sourceMs = floats[row * 8 + VENUE_QUOTE.SOURCE_MS] as number;
    if (venue >= VENUE_LIMIT || (known & ~ALL_PRICES) !== 0 || (known & QUOTE_KNOWN.INDEX) === 0) return;
    if (!isPast(sourceMs, timeMs)) return;
    const from = row * 8 + VENUE_QUOTE.MARK;
    for (let price = 0; price < 4; price++) {
      if ((known & (1 << price)) !== 0 && !isPrice(floats[from + price] as number)) return;
    }
    const place = (words[row * 16 + VENUE_QUOTE.MARKET] as number) * VENUE_LIMIT + venue;
    const { i32, f64 } = this.quote;
    const at = place * 8;
    const before = i32[place * 16 + QUOTE.KNOWN] as number;
    if (before !== 0 && sourceMs <= (f64[at + QUOTE.TIME_MS] as number)) return;
    i32[place * 16 + QUOTE.KNOWN] = known | (before & BASIS_KNOWN);
    for (let price = 0; price < 4; price++) {
      f64[at + QUOTE.MARK + price] = (known & (1 << price)) === 0 ? 0 : (floats[from + price] as number);
    }
    f64[at + QUOTE.TIME_MS] = sourceMs + 0;
  }

  private takeCollateral(floats: Float64Array, at: number, timeMs: number): void {
    const price = floats[at + COLLATERAL_PRICE.PRICE] as number;
    const sourceMs = floats[at + COLLATERAL_PRICE.SOURCE_MS] as number;
    if (!isPrice(price) || price > LARGEST_COLLATERAL_PRICE || !isPast(sourceMs, timeMs)) return;
    const { i32, f64 } = this.venue;
    if (i32[128 + VENUE.KNOWN] !== 0 && sourceMs <= (f64[64 + VENUE.COLLATERAL_MS] as number)) return;
    i32[128 + VENUE.KNOWN] = 1;
    f64[64 + VENUE.COLLATERAL_PRICE] = price;
    f64[64 + VENUE.COLLATERAL_MS] = sourceMs + 0;
  }

  /** A market that commands defined: its row as it is when first seen, and the samples that came behind it. */
  addMarket(state: State, market: number, sequence: number): void {
    this.market.adopt(state.market, market);
    this.venue.i32[128 + VENUE.MARKETS] = market;
    for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++)
      this.oracle.extend(state.oracle, row);
    for (let row = market * VENUE_LIMIT; row < (market + 1) * VENUE_LIMIT; row++) this.quote.extend(state.quote, row);
    for (const sample of this.early) {
      const { words, floats, row, timeMs } = sample;
      if (words[row * 16 + ORACLE_PRICE.MARKET] !== market || sample.sequence < sequence) continue;
      this.takeMarketSample(words, floats, row, timeMs);
    }
  }

  /** All that the commands taken in last told has been heard. */
  forgetEarly(): void {
    if (this.early.length > 0) this.early = [];
  }

  /** A trade: `price` in ticks, `trade` its number. */
  trade(market: number, price: number, trade: number): void {
    this.market.f64[market * 128 + MARKET.LAST_TRADE] = price;
    const word = market * 256 + MARKET.KNOWN;
    this.market.i32[word] = (this.market.i32[word] as number) | MARKET_KNOWN.LAST_TRADE;
    this.venue.f64[64 + VENUE.TRADES] = trade;
  }

  /** Takes in what is told of rules, parameters, statuses and the venue; `at` is where the record starts. */
  hear(values: Float64Array, at: number): void {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    const { f64 } = this.venue;
    switch (values[at]) {
      case EVENT.ruleSet:
        this.rule.f64[64 + field(0)] = field(2);
        return;
      case EVENT.parameterSet:
        return this.setParameter(field(0), field(1), field(3));
      case EVENT.statusSet:
        return this.setStatus(field(0), field(1), field(2));
      case EVENT.deposited:
        f64[64 + VENUE.DEPOSIT_REFERENCE] = field(2);
        return addExact(f64, 64 + VENUE.DEPOSITED_HIGH, field(1));
      case EVENT.withdrawalRequested:
        f64[64 + VENUE.WITHDRAWALS] = field(1);
        return;
      case EVENT.withdrawalSettled:
        return field(3) === 0 ? undefined : addExact(f64, 64 + VENUE.WITHDRAWN_HIGH, field(2));
      case EVENT.withdrawalCarried:
        f64[64 + VENUE.WITHDRAWALS] = field(1);
        return addExact(f64, 64 + VENUE.WITHDRAWN_HIGH, field(2));
      case EVENT.refundReserved:
        return addExact(f64, 64 + VENUE.RESERVED_HIGH, field(1));
      case EVENT.refundPosted:
      case EVENT.refundVoided:
        return addExact(f64, 64 + VENUE.RESERVED_HIGH, -field(1));
      case EVENT.lossFactorSet:
        f64[64 + VENUE.LOSS_FACTOR] = field(0);
        return;
      default:
    }
  }

  private setParameter(market: number, parameter: number, value: number): void {
    const name = MARKET_PARAMETERS[parameter] as (typeof MARKET_PARAMETERS)[number];
    if (name === 'MAXIMUM_OPEN_ORDERS') this.market.i32[market * 256 + MARKET[name]] = value;
    else this.market.f64[market * 128 + MARKET[name]] = value;
  }

  private setStatus(market: number, status: number, paused: number): void {
    if (market === 0) {
      this.venue.i32[128 + VENUE.STATUS] = status;
      this.venue.i32[128 + VENUE.PAUSED] = paused;
      return;
    }
    const { i32 } = this.market;
    i32[market * 256 + MARKET.STATUS] = status;
    i32[market * 256 + MARKET.PAUSED] = paused;
    if (status === STATUS.SETTLEMENT) i32[market * 256 + MARKET.DELISTED] = 1;
  }
}

const NO_MARKETS: readonly number[] = [];
const TICK = COMMAND.tick;
const COLLATERAL = COMMAND.collateralPrice;
const FIRST_SAMPLE = COMMAND.oraclePrice;
const LAST_SAMPLE = COMMAND.collateralPrice;

function isPrice(value: number): boolean {
  return value > 0 && value <= LARGEST_PRICE && Math.floor(value) === value;
}

function isPast(sourceMs: number, timeMs: number): boolean {
  return sourceMs >= 0 && sourceMs <= timeMs && Math.floor(sourceMs) === sourceMs;
}
