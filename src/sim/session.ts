/**
 * A day's input to the exchange: the outside world's samples and what thousands of traders ask for, tick by tick. What is asked
 * is a function of the day, the seed, the time and the state the traders see, and of nothing else: a session that was broken
 * off is taken up from the recovered state and goes on as if nothing had been.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from '../engine/state.ts';
import { TickClock } from '../exchange/clock.ts';
import { unwindInsurance } from '../exchange/unwind.ts';
import type { DayMarket, MarketDay } from './market-day.ts';
import { OutsideWorld } from './outside-world.ts';
import { Random } from './random.ts';
import { Making, makerCapitalUsd } from './traders/making.ts';
import { ACCESS, MarketView } from './traders/market-view.ts';
import { FIRST_ACCOUNT, Population, TEMPER, Wheel } from './traders/population.ts';
import { Trading } from './traders/trading.ts';
import { Treasury } from './traders/treasury.ts';

export interface SessionOptions {
  readonly day: MarketDay;
  readonly seed: number;
  /** Traders and makers. */
  readonly accounts: number;
  /** Tells days apart that are traded by the same people: what they do then is drawn anew. */
  readonly draw?: string;
}

const USDC = 1e8;
const DAY_MS = 86_400_000;
/** Actions that an account takes in a day on average; beyond so many accounts each further one takes fewer. */
const ACTIONS_A_DAY = 200;
const BUSY_ACCOUNTS = 2000;
const ACTIONS_OF_OTHERS = 20;
/** The insurance fund starts with this share of the traders' deposits, and at least so much. */
const FUND_SHARE = 0.1;
const FUND_LEAST_USD = 250_000;
/** A price is too old to trade on after this. */
const STALE_MS = 60_000;

export class Session {
  readonly day: MarketDay;
  readonly accounts: number;
  /** Ticks of the day; the first is the opening's. */
  readonly clock: TickClock;
  private readonly random: Random;
  /** What is drawn tick by tick. */
  private readonly drawn: Random;
  private readonly seed: number;
  private readonly population: Population;
  private readonly world: OutsideWorld;
  private readonly view: MarketView;
  private readonly making: Making;
  private readonly trading: Trading;
  private readonly treasury: Treasury;
  private readonly wheel: Wheel;

  constructor({ day, seed, accounts, draw }: SessionOptions) {
    this.day = day;
    this.seed = seed;
    this.clock = new TickClock(day.startMs, day.endMs, day.tickMs);
    this.random = new Random(seed).fork('session');
    this.drawn = draw === undefined ? this.random : this.random.fork(draw);
    this.population = new Population(day, accounts, this.random.fork('population'));
    this.accounts = this.population.accounts;
    for (const { account, markets } of this.population.makers) {
      this.population.deposit[account] = Math.floor(makerCapitalUsd(day, markets)) * USDC;
    }
    this.world = new OutsideWorld(day, seed);
    this.view = new MarketView(day.markets.length);
    this.making = new Making(day, this.population);
    this.trading = new Trading(this.population);
    this.treasury = new Treasury(this.population);
    this.wheel = new Wheel(day.markets.map((_, place) => 1 / (place + 2)));
  }

  /** Appends the first commands of all, for a state that is still `genesis`: markets, accounts, money, prices, a tick at `timeMs`. */
  opening(state: State, buffer: CommandBuffer, timeMs: number = this.day.startMs): void {
    const { deposit, retail } = this.population;
    for (const { definition } of this.day.markets) buffer.defineMarket(timeMs, definition);
    const keys = new Random(this.seed).fork('account keys');
    const key = new Uint8Array(32);
    let reference = 0;
    let total = 0;
    for (let account = FIRST_ACCOUNT; account < FIRST_ACCOUNT + this.accounts; account++) {
      for (let byte = 0; byte < 32; byte++) key[byte] = keys.below(256);
      buffer.defineAccount(timeMs, key, ACCOUNT_KIND.TRADER, retail[account] as number);
      buffer.deposit(timeMs, account, deposit[account] as number, ++reference);
      if (this.population.temper[account] !== TEMPER.MAKER) total += deposit[account] as number;
    }
    const fund = Math.max(FUND_LEAST_USD, Math.floor((total / USDC) * FUND_SHARE)) * USDC;
    buffer.deposit(timeMs, INSURANCE_FUND, fund, ++reference);
    this.world.samples(timeMs, state, buffer);
    buffer.tick(timeMs);
  }

  /**
   * Appends what happens between tick `tick` − 1, after which `state` stands, and tick `tick`, in order of time: makers, traders,
   * the insurance fund's own orders, money, samples, the tick.
   */
  step(tick: number, state: State, buffer: CommandBuffer): void {
    const { day, view } = this;
    const fromMs = this.clock.timeOf(tick - 1);
    const toMs = this.clock.timeOf(tick);
    const random = this.drawn.fork(tick);
    for (let market = 1; market <= day.markets.length; market++) view.refresh(state, market, fromMs, STALE_MS);
    const at = (share: number): number => fromMs + Math.floor(day.tickMs * share);
    this.making.act(state, view, tick - 1, at(0.05), at(0.15), buffer);
    this.trade(state, fromMs, at(0.2), at(0.9), random, buffer);
    unwindInsurance(state, at(0.93), buffer);
    this.treasury.act(state, at(0.95), day.tickMs, random, buffer);
    this.world.samples(toMs, state, buffer);
    buffer.tick(toMs);
  }

  /** Appends what comes from outside by itself at a tick, and the tick: samples, and nobody who trades. */
  samples(tick: number, state: State, buffer: CommandBuffer): void {
    const timeMs = this.clock.timeOf(tick);
    this.world.samples(timeMs, state, buffer);
    buffer.tick(timeMs);
  }

  /** Traders act one after the other between two times: which market and who is drawn anew each time. */
  private trade(
    state: State,
    seenMs: number,
    fromMs: number,
    toMs: number,
    random: Random,
    buffer: CommandBuffer,
  ): void {
    const { day, view, population } = this;
    const busy = Math.min(this.accounts, BUSY_ACCOUNTS);
    const actions = busy * ACTIONS_A_DAY + (this.accounts - busy) * ACTIONS_OF_OTHERS;
    // Intensity is up to 4 times the mean: draw for the most, keep what the market's intensity says.
    const expected = (4 * actions * day.tickMs) / DAY_MS;
    const count = Math.floor(expected) + (random.chance(Math.floor((expected % 1) * 1e6)) ? 1 : 0);
    for (let n = 0; n < count; n++) {
      const row = 1 + this.wheel.draw(random);
      const tickets = population.tickets[row] as Int32Array;
      const account = tickets[random.below(tickets.length)] as number;
      if (view.access[row] !== ACCESS.ALL) continue;
      const market = day.markets[row - 1] as DayMarket;
      if (!random.chance(Math.floor(market.path.intensity(seenMs) * 250_000))) continue;
      const timeMs = fromMs + Math.floor(((toMs - fromMs) * n) / count);
      const trend = market.path.trend(seenMs);
      const volatility = market.path.volatility(seenMs);
      this.trading.act(state, view, account, row, market, trend, volatility, timeMs, random, buffer);
    }
  }
}
