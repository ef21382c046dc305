/**
 * A market like PAXG-USD-PERP in January 2026 for tests: a price band of 20 %, 50× leverage (maintenance margin 1 %), a mark in which
 * the own book has its full weight after half an hour of liquid trading. Two spot oracles and two external venues all agree.
 */
import { DirectRoots } from '../chain/roots.ts';
import { QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { CommandBuffer, type MarketDefinition } from '../engine/command-buffer.ts';
import type { EventKind, EventRecord } from '../engine/event.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { MARKET } from '../engine/tables.ts';
import { Guard } from '../guard/guard.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Exchange } from './exchange.ts';
import { recover } from './recover.ts';
import { Reopening, type ReopeningStep } from './reopen.ts';

export const PAXG = 1;
/** Ticks of 0.01 USDC; a lot is 0.001 PAXG, so a price unit is a thousandth of a tick. */
const UNITS = 1000;
const USDC = 1e8;
export const TICK_MS = 5_000;
const SECOND = 1000;
export const MINUTE = 60 * SECOND;
const START_MS = 1_768_800_000_000;
/** 4,600 USDC. */
export const FAIR = 460_000;

const PAXG_MARKET: MarketDefinition = {
  name: 'PAXG-USD-PERP',
  fundingPeriodS: 28_800,
  venues: 3,
  TICK_SIZE: 1e10,
  SIZE_STEP: 1e9,
  MINIMUM_NOTIONAL: 10 * USDC,
  MAXIMUM_ORDER: 200_000,
  POSITION_LIMIT: 2_000_000,
  PRICE_BAND: 200_000,
  INITIAL_MARGIN: 20_000,
  MAINTENANCE_FACTOR: 500_000,
  INTEREST_RATE: 1e8,
  CLAMP_RATE: 5e8,
  MAXIMUM_FUNDING_RATE: 5e10,
  FUNDING_MULTIPLIER: 1_000_000,
  IMPACT_NOTIONAL: 1000 * USDC,
  BASIS_WEIGHT: 150_000,
  MAXIMUM_SPREAD: 10_000,
  MAXIMUM_OPEN_ORDERS: 75,
};

export const MAKERS: readonly number[] = [3, 4];
/** Whose orders skew the price: one fishes with far offers, the other buys whatever there is. */
const FISHER = 5;
export const AGGRESSOR = 6;
/** Eight long and eight short of 1 PAXG each, at close to 50×. */
export const LONGS: readonly number[] = Array.from({ length: 8 }, (_, n) => 7 + n);
export const SHORTS: readonly number[] = Array.from({ length: 8 }, (_, n) => 15 + n);
const LOTS = 1000;
const ACCOUNTS = 22;

const flags = (side: number, instruction: number): number => orderFlags(side, ORDER_KIND.LIMIT, instruction, false);

/** The price in ticks, `share` of a millionth away from the fair one. */
export const away = (ppm: number, fair = FAIR): number => Math.floor((fair * (1e6 + ppm)) / 1e6);

export interface PaxgOptions {
  readonly isGuarded: boolean;
  readonly hasLadder: boolean;
  /** False: no external venue quotes the market, as few did; the spot oracles alone say what it is worth. True unless said. */
  readonly hasVenues?: boolean;
}

export class PaxgVenue {
  readonly journal = new MemoryJournal();
  /** Of the present process: moves of the ladder. */
  steps: ReopeningStep[] = [];
  readonly told: EventRecord[] = [];
  /** Spot of the world, ticks. */
  fair = FAIR;
  timeMs = START_MS;
  exchange!: Exchange;
  reopening: Reopening | undefined;
  guard: Guard | undefined;
  private readonly options: PaxgOptions;

  constructor(options: PaxgOptions) {
    this.options = options;
    // Before its first restart a venue has nothing to come back from.
    this.start(false);
    this.submit((buffer, timeMs) => this.open(buffer, timeMs));
    this.trade();
  }

  get state(): State {
    return this.exchange.state;
  }

  /** The mark price in ticks, a fraction of one included. */
  get mark(): number {
    return (this.state.market.f64[PAXG * 128 + MARKET.MARK] as number) / UNITS;
  }

  get liquidityWeight(): number {
    return this.state.market.f64[PAXG * 128 + MARKET.LIQUIDITY_WEIGHT] as number;
  }

  /** Starts a process on the journal. What it publishes from now on is `told`. */
  start(hasLadder = this.options.hasLadder): void {
    const { journal } = this;
    this.guard = this.options.isGuarded ? new Guard() : undefined;
    this.steps = [];
    this.reopening =
      this.guard !== undefined && hasLadder
        ? new Reopening({
            guard: this.guard,
            onStep: (step) => this.steps.push(step),
          })
        : undefined;
    const guard = this.guard === undefined ? {} : { guard: this.guard };
    const reopening = this.reopening === undefined ? {} : { reopening: this.reopening };
    const roots = new DirectRoots(sha256);
    const { state, sealer, replay } = recover(journal, { hash: sha256, roots, ...guard, ...reopening });
    if (!replay.equal) throw new Error(JSON.stringify(replay.firstDivergence));
    this.exchange = new Exchange({
      state,
      journal,
      sealer,
      blockCommands: 10_000,
      blockMs: TICK_MS,
      ...guard,
      ...reopening,
      onPublish: ({ events }) => this.told.push(...events.all()),
    });
  }

  /** Submits what `write` writes as one batch at the present time. */
  submit(write: (buffer: CommandBuffer, timeMs: number) => void): void {
    const buffer = new CommandBuffer();
    write(buffer, this.timeMs);
    this.exchange.submit(buffer);
  }

  /** Lets time pass to the next tick, with what `write` writes a second before it; all sources say the fair price of now. */
  tick(write: (buffer: CommandBuffer, timeMs: number) => void = () => {}): void {
    const buffer = new CommandBuffer();
    this.timeMs += TICK_MS;
    const { timeMs, fair } = this;
    write(buffer, timeMs - SECOND);
    // The world is never quite still.
    const price = Math.floor(fair * UNITS * (1 + (((timeMs / TICK_MS) % 7) - 3) * 4e-5));
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    for (const source of [0, 1]) buffer.oraclePrice(timeMs, PAXG, source, price + source * UNITS, timeMs);
    for (const venue of this.options.hasVenues === false ? [] : [0, 1]) {
      const known = price + (venue + 1) * UNITS;
      buffer.venueQuote(
        timeMs,
        PAXG,
        venue,
        QUOTE_KNOWN_ALL,
        timeMs,
        known,
        price,
        known - 20 * UNITS,
        known + 20 * UNITS,
      );
    }
    buffer.tick(timeMs);
    this.exchange.submit(buffer);
  }

  /** The makers take back their quotes and quote again around the fair price, 4 bps away. */
  quote(buffer: CommandBuffer, timeMs: number): void {
    for (const account of MAKERS) {
      buffer.cancelAll(timeMs, account);
      buffer.placeOrder(timeMs, account, PAXG, away(-400, this.fair), 2000, flags(SIDE.BUY, INSTRUCTION.POST_ONLY));
      buffer.placeOrder(timeMs, account, PAXG, away(400, this.fair), 2000, flags(SIDE.SELL, INSTRUCTION.POST_ONLY));
    }
  }

  /** The makers leave. */
  withdrawQuotes(buffer: CommandBuffer, timeMs: number): void {
    for (const account of MAKERS) buffer.cancelAll(timeMs, account);
  }

  /** Someone offers very little far above the market, and someone buys at nearly any price: 0.7 PAXG, of which most is left bidding. */
  skew(buffer: CommandBuffer, timeMs: number): void {
    buffer.cancelAll(timeMs, FISHER);
    buffer.cancelAll(timeMs, AGGRESSOR);
    for (const ppm of [40_000, 90_000, 140_000]) {
      buffer.placeOrder(timeMs, FISHER, PAXG, away(ppm), 50, flags(SIDE.SELL, INSTRUCTION.POST_ONLY));
    }
    buffer.placeOrder(timeMs, FISHER, PAXG, away(180_000), 500, flags(SIDE.SELL, INSTRUCTION.POST_ONLY));
    buffer.placeOrder(timeMs, AGGRESSOR, PAXG, away(150_000), 700, flags(SIDE.BUY, INSTRUCTION.GTC));
  }

  setStatus(market: number, status: number, paused = 0): void {
    this.submit((buffer, timeMs) => buffer.setStatus(timeMs, market, status, paused));
  }

  /** Cancel-only for two minutes, all orders cancelled, maintenance; the process ends and another one starts on the journal. */
  maintain(downMs: number): void {
    this.setStatus(0, STATUS.CANCEL_ONLY);
    this.submit((buffer, timeMs) => {
      for (let account = 3; account <= ACCOUNTS; account++) buffer.cancelAll(timeMs, account);
    });
    for (let ms = 0; ms < 2 * MINUTE; ms += TICK_MS) this.tick();
    this.setStatus(0, STATUS.MAINTENANCE);
    this.exchange.finish();
    this.told.length = 0;
    this.timeMs += downMs;
    this.start();
  }

  /** The process dies in the middle of a block, and a minute later another one starts on what is durable. */
  crash(): void {
    this.told.length = 0;
    this.timeMs += MINUTE;
    this.start();
  }

  /** Events of a kind that were published by the present process. */
  events<K extends EventKind>(kind: K): EventRecord<K>[] {
    return this.told.filter((event) => event.kind === kind) as unknown as EventRecord<K>[];
  }

  /** Who was liquidated since the last restart. */
  get liquidated(): number[] {
    return [...new Set(this.events('liquidated').map(({ account }) => account))];
  }

  private open(buffer: CommandBuffer, timeMs: number): void {
    buffer.defineMarket(timeMs, PAXG_MARKET);
    buffer.deposit(timeMs, INSURANCE_FUND, 100_000 * USDC, 1);
    for (let account = 3; account <= ACCOUNTS; account++) {
      const isSmall = account > AGGRESSOR;
      buffer.defineAccount(timeMs, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 1);
      buffer.deposit(timeMs, account, (isSmall ? 110 : 1_000_000) * USDC, account);
    }
  }

  /** The positions are opened, and the market trades for half an hour in a tight book: its own book gets its full weight. */
  private trade(): void {
    this.tick();
    this.tick((buffer, timeMs) => {
      for (const [n, short] of SHORTS.entries()) {
        buffer.placeOrder(timeMs, short, PAXG, FAIR, LOTS, flags(SIDE.SELL, INSTRUCTION.GTC));
        buffer.placeOrder(timeMs, LONGS[n] as number, PAXG, FAIR, LOTS, flags(SIDE.BUY, INSTRUCTION.IOC));
      }
    });
    for (let ms = 0; ms < 31 * MINUTE; ms += TICK_MS) {
      this.tick((buffer, timeMs) => {
        if (ms % MINUTE === 0) this.quote(buffer, timeMs);
      });
    }
  }
}
