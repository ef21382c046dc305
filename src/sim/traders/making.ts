/**
 * Market makers: each quotes a ladder on both sides of what the perpetual is worth elsewhere, shifted against its inventory
 * and wider when prices move. Orders that stand wrong are amended, first those that the price has come too close to.
 */
import type { Book } from '../../engine/book.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { FLAG, INSTRUCTION, ORDER_KIND, orderFlags, SELF_TRADE, SIDE } from '../../engine/flags.ts';
import { TICK_LIMIT } from '../../engine/ladder.ts';
import { orderId } from '../../engine/order-id.ts';
import { findPosition, type State } from '../../engine/state.ts';
import { ORDER, POSITION } from '../../engine/tables.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { ACCESS, type MarketView } from './market-view.ts';
import { type Population, TEMPER } from './population.ts';

/** Distance of the first level from the middle, ppm: of the most traded market, more per place, at most. */
const HALF_SPREAD_PPM = 90;
const HALF_SPREAD_PER_RANK = 22;
const HALF_SPREAD_LIMIT = 1500;
/** How far a level may stand wrong before it is amended, as a share of its distance. */
const TOLERANCE = 0.4;
/** Levels of a ladder: distance and size of each as multiples of the first. */
const DISTANCES = [1, 2.6, 7, 20];
const SIZES = [1, 2.2, 4.5, 10];
const LEVELS = 4;
const LADDER = SIZES.reduce((sum, size) => sum + size, 0);
/** However wild the market, the first level is no further away than this, ppm, and no level further than `FURTHEST`. */
const WIDEST_PPM = 20_000;
const FURTHEST = 0.3;
/** Size of the first level, USD: of the most traded market, divided by 1 + place / 3. */
const FIRST_LEVEL_USD = 9000;
const FIRST_LEVEL_LEAST_USD = 400;
/** Inventory at which a maker shifts its quotes by the full amount and stops adding, as a multiple of one ladder. */
const FULL_INVENTORY = 12;
/** A full inventory shifts the quotes by this many half-spreads. */
const SHIFT = 1.6;
const USDC = 1e8;

const QUOTE_BUY = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false, SELF_TRADE.EXPIRE_MAKER);
const QUOTE_SELL = orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false, SELF_TRADE.EXPIRE_MAKER);
const TAKE_BUY = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.IOC, false, SELF_TRADE.EXPIRE_MAKER);
const TAKE_SELL = orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.IOC, false, SELF_TRADE.EXPIRE_MAKER);

/** USD that makers put on the first level of a market. */
export function firstLevelUsd(rank: number): number {
  return Math.max(FIRST_LEVEL_LEAST_USD, FIRST_LEVEL_USD / (1 + rank / 3));
}

/** What a maker needs for its markets, USD: its full inventories unlevered, and as much again. */
export function makerCapitalUsd(day: MarketDay, markets: readonly number[]): number {
  const usd = markets.reduce((sum, row) => sum + firstLevelUsd((day.markets[row - 1] as DayMarket).rank), 0);
  return Math.max(250_000, usd * LADDER * FULL_INVENTORY * 2);
}

/** Ticks between two looks of the makers of a market: the most traded at every tick, the tail every four minutes. */
function everyTicks(rank: number, tickMs: number): number {
  const ms = rank < 3 ? 2000 : rank < 10 ? 5000 : rank < 60 ? 30_000 : 240_000;
  return Math.max(1, Math.floor(ms / tickMs));
}

export class Making {
  private readonly day: MarketDay;
  private readonly population: Population;
  /** What comes closer to the other side is sent after all that moves away from it. */
  private readonly advances = new CommandBuffer(256);
  /** The own open orders of one position and side, best price first. */
  private readonly rows = new Int32Array(256);
  // the look under way: what is seen, where commands go and when, the market, and what is quoted in it
  private state!: State;
  private view!: MarketView;
  private buffer!: CommandBuffer;
  private awayMs = 0;
  private closerMs = 0;
  private row = 0;
  private most = 0;
  private lots = 0;
  private account = 0;

  constructor(day: MarketDay, population: Population) {
    this.day = day;
    this.population = population;
  }

  /** Appends what the makers do after tick `tick`: what moves away from the price at `awayMs`, what comes closer at `closerMs`. */
  act(state: State, view: MarketView, tick: number, awayMs: number, closerMs: number, buffer: CommandBuffer): void {
    const { markets, tickMs, startMs } = this.day;
    this.state = state;
    this.view = view;
    this.buffer = buffer;
    this.awayMs = awayMs;
    this.closerMs = closerMs;
    this.advances.clear();
    for (let place = 0; place < markets.length; place++) {
      const market = markets[place] as DayMarket;
      const every = everyTicks(market.rank, tickMs);
      if (view.access[place + 1] === ACCESS.NONE || (tick + place) % every !== 0) continue;
      this.row = place + 1;
      this.most = market.definition.MAXIMUM_ORDER;
      this.quote(market, startMs + tick * tickMs, every * tickMs);
    }
    const { bytes, rows, commands } = this.advances;
    buffer.append(bytes.subarray(0, rows * COMMAND_BYTES), commands);
  }

  private quote(market: DayMarket, seenMs: number, everyMs: number): void {
    const { view, row } = this;
    // Wider by what the price may move until the next look: the root of the time, a minute's move being known.
    const restless = market.path.volatility(seenMs) / (everyMs <= 4000 ? 6 : everyMs <= 15_000 ? 3 : 2);
    const calm = Math.min(HALF_SPREAD_LIMIT, HALF_SPREAD_PPM + HALF_SPREAD_PER_RANK * market.rank);
    const half = Math.min(WIDEST_PPM, Math.max(calm, restless)) / 1e6;
    const mark = view.mark[row] as number;
    const least = Math.ceil((market.definition.MINIMUM_NOTIONAL * 1.2) / mark);
    this.lots = Math.max(least, Math.floor((firstLevelUsd(market.rank) * USDC) / mark));
    const makers = this.population.makersOf[row] as number[];
    for (let place = 0; place < makers.length; place++) {
      this.account = makers[place] as number;
      if (place === 0 && view.access[row] === ACCESS.ALL) this.takeStale(half);
      // Makers differ a little in how close they stand.
      this.ladder(half * (1 + (place % 3) * 0.35));
    }
  }

  /**
   * A trader's order that stands on the wrong side of what the market is worth is taken by the first maker. The makers' own
   * move away by themselves.
   */
  private takeStale(half: number): void {
    const { view, row, account, closerMs, lots } = this;
    const fair = (view.fair[row] as number) / (view.tickUnits[row] as number);
    const highest = Math.floor(fair * (1 - half / 2));
    const lowest = Math.ceil(fair * (1 + half / 2));
    const ask = view.ask[row] as number;
    const bid = view.bid[row] as number;
    if (ask <= highest && this.isTraders(ask)) {
      this.advances.placeOrder(closerMs, account, row, highest, Math.min(this.most, lots * 2), TAKE_BUY);
    } else if (bid >= lowest && this.isTraders(bid)) {
      this.advances.placeOrder(closerMs, account, row, lowest, Math.min(this.most, lots * 2), TAKE_SELL);
    }
  }

  /** True when the first order at a price is no maker's. */
  private isTraders(tick: number): boolean {
    const order = (this.state.index.books[this.row] as Book).ladder.head(tick);
    const account = this.state.order.i32[order * 16 + ORDER.ACCOUNT] as number;
    return this.population.temper[account] !== TEMPER.MAKER;
  }

  /** Brings one maker's ladder to where it should be. */
  private ladder(half: number): void {
    const { state, view, row, account, lots } = this;
    const position = findPosition(state, account, row);
    const held = position === 0 ? 0 : (state.position.f64[position * 16 + POSITION.SIZE] as number);
    const lean = Math.max(-1, Math.min(1, held / (lots * LADDER * FULL_INVENTORY)));
    const middle = ((view.fair[row] as number) / (view.tickUnits[row] as number)) * (1 - lean * half * SHIFT);
    for (const side of [SIDE.BUY, SIDE.SELL]) {
      // A full inventory is not added to.
      const levels = (side === SIDE.BUY ? lean >= 1 : lean <= -1) ? 0 : LEVELS;
      const count = position === 0 ? 0 : this.ownOrders(position, side);
      for (let level = 0; level < levels; level++) {
        const away = Math.min(FURTHEST, half * (DISTANCES[level] as number));
        const price = priceAway(middle, away, side);
        const size = Math.min(this.most, Math.floor(lots * (SIZES[level] as number)));
        if (level < count) this.mend(this.rows[level] as number, side, price, size, middle * away * TOLERANCE);
        else
          this.advances.placeOrder(
            this.closerMs,
            account,
            row,
            price,
            size,
            side === SIDE.BUY ? QUOTE_BUY : QUOTE_SELL,
          );
      }
      for (let level = levels; level < count; level++) this.cancel(this.rows[level] as number);
    }
  }

  /** Amends an order that stands wrong or is more than half used up. */
  private mend(order: number, side: number, price: number, size: number, tolerance: number): void {
    const { i32 } = this.state.order;
    const before = i32[order * 16 + ORDER.PRICE] as number;
    const remaining = i32[order * 16 + ORDER.REMAINING] as number;
    if (Math.abs(before - price) <= tolerance && remaining * 2 >= size) return;
    const total = (i32[order * 16 + ORDER.SIZE] as number) - remaining + size;
    if (total > this.most) {
      // An order cannot be refilled for ever: the next look places a new one.
      this.cancel(order);
      return;
    }
    const id = orderId(this.state, order);
    const movesAway = side === SIDE.BUY ? price <= before : price >= before;
    if (movesAway) this.buffer.amendOrder(this.awayMs, this.account, id, price, total);
    else this.advances.amendOrder(this.closerMs, this.account, id, price, total);
  }

  private cancel(order: number): void {
    this.buffer.cancelOrder(this.awayMs, this.account, orderId(this.state, order));
  }

  /** Finds a position's quotes of one side, best price first, into `rows`; returns how many there are. */
  private ownOrders(position: number, side: number): number {
    const { i32 } = this.state.order;
    const { rows } = this;
    let count = 0;
    let order = this.state.position.i32[position * 32 + POSITION.FIRST_ORDER] as number;
    for (; order !== 0 && count < rows.length; order = i32[order * 16 + ORDER.NEXT_OWN] as number) {
      const flags = i32[order * 16 + ORDER.FLAGS] as number;
      if ((flags & FLAG.SELL) !== side || (flags & FLAG.UNTRIGGERED) !== 0) continue;
      const price = i32[order * 16 + ORDER.PRICE] as number;
      let at = count++;
      for (; at > 0; at--) {
        const other = i32[(rows[at - 1] as number) * 16 + ORDER.PRICE] as number;
        if (side === SIDE.BUY ? other >= price : other <= price) break;
        rows[at] = rows[at - 1] as number;
      }
      rows[at] = order;
    }
    return count;
  }
}

/** The price at a relative distance from the middle, ticks: never closer, at least 1. */
function priceAway(middle: number, away: number, side: number): number {
  const price = side === SIDE.BUY ? Math.floor(middle * (1 - away)) : Math.ceil(middle * (1 + away));
  return Math.max(1, Math.min(TICK_LIMIT - 1, price));
}
