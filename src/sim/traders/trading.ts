/**
 * Traders who take: each time one acts it looks at one market and opens, adds, protects, reduces, closes or turns a position,
 * by its temper. Sizes follow its money, leverage and daring; what it may not do it mostly knows and does not ask for.
 */
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../engine/flags.ts';
import { TICK_LIMIT } from '../../engine/ladder.ts';
import { findPosition, type State } from '../../engine/state.ts';
import { POSITION } from '../../engine/tables.ts';
import type { DayMarket } from '../market-day.ts';
import type { Random } from '../random.ts';
import { AccountView, type MarketView } from './market-view.ts';
import { firstLevelUsd } from './making.ts';
import { type Population, TEMPER } from './population.ts';

const { BUY, SELL } = SIDE;
const { GTC, IOC, POST_ONLY } = INSTRUCTION;
const { LIMIT, MARKET, STOP_LOSS_MARKET, TAKE_PROFIT_MARKET } = ORDER_KIND;
const USDC = 1e8;
/** Below this equity an account has given up, 1e-8 USDC. */
const GIVEN_UP = 15 * USDC;
/** How far beyond the best price an IOC order reaches, ppm: between the two. */
const SLIP_FROM_PPM = 300;
const SLIP_TO_PPM = 3000;
/** A move counts as a trend from this multiple of a minute's usual move on. */
const TREND_FROM = 1.5;
const REVERSION_FROM = 3;
/** Largest order, as a multiple of the makers' first level. */
const LARGEST = 12;
/** Share of its free margin that an order may use: the price moves while it is under way. */
const CAUTION = 0.85;

/** What a trader wants to be: long 1, short −1, or nothing in particular 0. */
type Lean = -1 | 0 | 1;

export class Trading {
  private readonly population: Population;
  private readonly money = new AccountView();
  // the action under way
  private buffer!: CommandBuffer;
  private random!: Random;
  private view!: MarketView;
  private market!: DayMarket;
  private timeMs = 0;
  private account = 0;
  private row = 0;
  private mark = 0;

  constructor(population: Population) {
    this.population = population;
  }

  /** Appends what `account` does in market row `row` at `timeMs`. `trend` and `volatility` in ppm as the price path tells. */
  act(
    state: State,
    view: MarketView,
    account: number,
    row: number,
    market: DayMarket,
    trend: number,
    volatility: number,
    timeMs: number,
    random: Random,
    buffer: CommandBuffer,
  ): void {
    this.buffer = buffer;
    this.random = random;
    this.view = view;
    this.market = market;
    this.timeMs = timeMs;
    this.account = account;
    this.row = row;
    this.mark = view.mark[row] as number;
    if (this.money.read(state, account).equity < GIVEN_UP) return;
    const position = findPosition(state, account, row);
    const held = position === 0 ? 0 : (state.position.f64[position * 16 + POSITION.SIZE] as number);
    const orders = position === 0 ? 0 : (state.position.i32[position * 32 + POSITION.ORDER_COUNT] as number);
    const own = position === 0 ? 0 : (state.position.i32[position * 32 + POSITION.INITIAL_MARGIN] as number);
    const lean = this.lean(trend, volatility);
    if (held === 0) this.flat(lean, orders, own);
    else {
      const side = held > 0 ? POSITION.SELL_SIZE : POSITION.BUY_SIZE;
      this.holding(held, lean, orders, state.position.f64[position * 16 + side] as number, volatility, own);
    }
  }

  private lean(trend: number, volatility: number): Lean {
    const usual = Math.max(100, volatility);
    switch (this.population.temper[this.account]) {
      case TEMPER.TREND:
        if (Math.abs(trend) >= TREND_FROM * usual) return trend > 0 ? 1 : -1;
        return 0;
      case TEMPER.REVERSION:
        if (Math.abs(trend) >= REVERSION_FROM * usual) return trend > 0 ? -1 : 1;
        return 0;
      case TEMPER.HOLDER:
        return this.random.chance(800_000) ? 1 : -1;
      default:
        return this.random.chance(520_000) ? 1 : -1;
    }
  }

  /** Without a position: old orders go first, then it may open one. */
  private flat(lean: Lean, orders: number, own: number): void {
    if (orders > 0 && this.random.chance(700_000)) {
      this.buffer.cancelAll(this.timeMs, this.account, this.row);
      return;
    }
    if (lean === 0) return;
    const lots = this.openable(this.random.between(30, 100) / 100);
    if (lots === 0) return;
    if (own === 0) this.setLeverage();
    this.enter(lean > 0 ? BUY : SELL, lots);
  }

  private holding(held: number, lean: Lean, orders: number, closing: number, volatility: number, own: number): void {
    const { random } = this;
    const holds = this.population.temper[this.account] === TEMPER.HOLDER;
    const wants = held > 0 ? 1 : -1;
    const draw = random.below(100);
    if (lean === wants || lean === 0 || (holds && draw < 90)) {
      if (orders === 0 && draw < 45) this.protect(held, volatility);
      else if (draw < 60) this.add(held, own);
      else if (draw < 75) this.reduceAtLimit(held, closing);
      else if (draw < 88 && !holds) this.close(held, orders, Math.ceil(Math.abs(held) / random.between(2, 4)));
      return;
    }
    if (draw < 62) this.close(held, orders, Math.abs(held));
    else if (draw < 85) this.close(held, orders, Math.ceil(Math.abs(held) / 2));
    else this.turn(held, orders);
  }

  /** Lots that the account could and would open now, 0 when that is too little. `share` of its usual position. */
  private openable(share: number): number {
    const { money, mark, market, account, population } = this;
    const { definition } = market;
    const leverage = Math.min(population.leverage[account] as number, Math.floor(1e6 / definition.INITIAL_MARGIN));
    const daring = (population.daring[account] as number) / 100;
    const free = Math.min(money.equity - money.used, money.equity * daring) * CAUTION;
    // The eager trade in small pieces.
    const piece = share / (1 + (population.eagerness[account] as number) / 4);
    const most = firstLevelUsd(market.rank) * LARGEST * USDC * (0.3 + this.random.below(700) / 1000);
    const notional = Math.min(free * leverage * piece, most);
    return this.sized(Math.floor(notional / mark));
  }

  /** Within what the market takes: 0 when below its minimum notional (with room for the mark to move). */
  private sized(lots: number): number {
    const { definition } = this.market;
    if (lots * this.mark < definition.MINIMUM_NOTIONAL * 1.1) return 0;
    return Math.min(lots, definition.MAXIMUM_ORDER);
  }

  private setLeverage(): void {
    const most = Math.floor(1e6 / this.market.definition.INITIAL_MARGIN);
    const leverage = Math.min(this.population.leverage[this.account] as number, most);
    if (leverage < most) this.buffer.setLeverage(this.timeMs, this.account, this.row, leverage);
  }

  /** A third waits at the best price of its own side, the others take: most with a limit, some at the market. */
  private enter(side: number, lots: number): void {
    const draw = this.random.below(100);
    if (draw < 30) this.rest(side, lots, false);
    else if (draw < 40) this.place(side, MARKET, GTC, lots, 0, false);
    else this.take(side, lots, false);
  }

  private add(held: number, own: number): void {
    const { definition } = this.market;
    const lots = this.openable(this.random.between(10, 40) / 100);
    if (lots === 0 || Math.abs(held) + lots > definition.POSITION_LIMIT) return;
    if (own === 0) this.setLeverage();
    this.enter(held > 0 ? BUY : SELL, lots);
  }

  /** An order that reaches a little beyond the other side's best price and does not wait. */
  private take(side: number, lots: number, reduceOnly: boolean): void {
    const slip = this.random.between(SLIP_FROM_PPM, SLIP_TO_PPM) / 1e6;
    const best = side === BUY ? (this.view.ask[this.row] as number) : (this.view.bid[this.row] as number);
    const from = best > 0 && best < TICK_LIMIT ? best : this.view.middle(this.row);
    const price = side === BUY ? Math.ceil(from * (1 + slip)) : Math.floor(from * (1 - slip));
    this.place(side, LIMIT, IOC, lots, price, reduceOnly);
  }

  /** An order that waits at or a little behind the best price of its side; one in four insists on making. */
  private rest(side: number, lots: number, reduceOnly: boolean): void {
    const { random, view, row } = this;
    const best = side === BUY ? (view.bid[row] as number) : (view.ask[row] as number);
    const middle = view.middle(row);
    const isThere = best > 0 && best < TICK_LIMIT;
    const insists = random.chance(250_000);
    const behind = ((insists ? 200 : 0) + random.below(600)) / 1e6;
    const from = isThere ? best : middle;
    const price = side === BUY ? Math.floor(from * (1 - behind)) : Math.ceil(from * (1 + behind));
    this.place(side, LIMIT, insists ? POST_ONLY : GTC, lots, price, reduceOnly);
  }

  /** Waits to sell part of a long position, to buy back part of a short one. `closing` lots wait for that already. */
  private reduceAtLimit(held: number, closing: number): void {
    const lots = this.sized(Math.ceil(Math.abs(held) / this.random.between(1, 3)));
    if (lots !== 0 && lots + closing <= Math.abs(held)) this.rest(held > 0 ? SELL : BUY, lots, true);
  }

  /** Its orders go first: stops of a position that is being closed would stay behind. */
  private close(held: number, orders: number, lots: number): void {
    const { definition } = this.market;
    const size = Math.min(lots, definition.MAXIMUM_ORDER);
    // A part below the minimum cannot be traded: then all of it.
    const whole =
      size * this.mark < definition.MINIMUM_NOTIONAL * 1.1 ? Math.min(Math.abs(held), definition.MAXIMUM_ORDER) : size;
    if (orders > 0) this.buffer.cancelAll(this.timeMs, this.account, this.row);
    if (this.random.chance(400_000)) this.place(held > 0 ? SELL : BUY, MARKET, GTC, whole, 0, true);
    else this.take(held > 0 ? SELL : BUY, whole, true);
  }

  private turn(held: number, orders: number): void {
    const lots = this.sized(Math.abs(held) * 2);
    if (lots === 0) return;
    if (orders > 0) this.buffer.cancelAll(this.timeMs, this.account, this.row);
    this.take(held > 0 ? SELL : BUY, lots, false);
  }

  /** A stop-loss before the margin is gone, and for two in three a take-profit. */
  private protect(held: number, volatility: number): void {
    const { random, market, population, account } = this;
    const leverage = Math.min(population.leverage[account] as number, 1e6 / market.definition.INITIAL_MARGIN);
    const usual = Math.max(0.001, (5 * volatility) / 1e6);
    const stop = Math.min(0.5, Math.max(usual, random.between(20, 60) / 100 / leverage));
    const ticks = this.mark / market.tickUnits;
    const side = held > 0 ? SELL : BUY;
    const lots = Math.min(Math.abs(held), market.definition.MAXIMUM_ORDER);
    const at = (away: number): number => Math.max(1, Math.floor(ticks * (held > 0 ? 1 + away : 1 - away)));
    this.place(side, STOP_LOSS_MARKET, GTC, lots, 0, true, at(-stop));
    if (random.chance(660_000)) {
      const profit = Math.min(0.9, stop * (1 + random.below(200) / 100));
      this.place(side, TAKE_PROFIT_MARKET, GTC, lots, 0, true, at(profit));
    }
  }

  private place(
    side: number,
    kind: number,
    instruction: number,
    lots: number,
    price: number,
    reduceOnly: boolean,
    trigger = 0,
  ): void {
    const limit = kind === LIMIT ? Math.max(1, Math.min(TICK_LIMIT - 1, price)) : 0;
    const flags = orderFlags(side, kind, instruction, reduceOnly);
    // A few name their orders, as clients of the API do.
    const named = this.random.chance(15_000) ? `${this.timeMs}-${this.random.below(1e9)}` : '';
    this.buffer.placeOrder(this.timeMs, this.account, this.row, limit, lots, flags, trigger, named);
  }
}
