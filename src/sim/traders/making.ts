/**
 * Market makers: each quotes a ladder on both sides of what the perpetual is worth elsewhere, shifted against its inventory
 * and wider when prices move. Orders that stand wrong are amended, first those that the price has come too close to.
 */
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { FLAG, INSTRUCTION, ORDER_KIND, orderFlags, SELF_TRADE, SIDE } from '../../engine/flags.ts';
import { TICK_LIMIT } from '../../engine/ladder.ts';
import { orderId } from '../../engine/order-id.ts';
import { findPosition, type State } from '../../engine/state.ts';
import { ORDER, POSITION } from '../../engine/tables.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { ACCESS, type MarketView } from './market-view.ts';
import type { Population } from './population.ts';

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

/** Ticks between two looks of the makers of a market: the most traded at every tick, the tail every two minutes. */
function everyTicks(rank: number, tickMs: number): number {
  const ms = rank < 3 ? 2000 : rank < 10 ? 5000 : rank < 60 ? 30_000 : 120_000;
  return Math.max(1, Math.floor(ms / tickMs));
}

export class Making {
  private readonly day: MarketDay;
  private readonly population: Population;
  /** What comes closer to the other side is sent after all that moves away from it. */
  private readonly advances = new CommandBuffer(256);
  /** The own open orders of one position and side, best price first. */
  private readonly rows = new Int32Array(256);

  constructor(day: MarketDay, population: Population) {
    this.day = day;
    this.population = population;
  }

  /** Appends what the makers do after tick number `tick`: from `fromMs` what moves away, from `toMs` what comes closer. */
  act(state: State, view: MarketView, tick: number, fromMs: number, toMs: number, buffer: CommandBuffer): void {
    const { markets, tickMs, startMs } = this.day;
    const seenMs = startMs + tick * tickMs;
    this.advances.clear();
    for (let place = 0; place < markets.length; place++) {
      const market = markets[place] as DayMarket;
      if (view.access[place + 1] === ACCESS.NONE) continue;
      if ((tick + place) % everyTicks(market.rank, tickMs) !== 0) continue;
      this.quote(state, view, place + 1, market, seenMs, fromMs, toMs, buffer);
    }
    const { bytes, rows, commands } = this.advances;
    buffer.append(bytes.subarray(0, rows * 64), commands);
  }

  private quote(
    state: State,
    view: MarketView,
    row: number,
    market: DayMarket,
    seenMs: number,
    fromMs: number,
    toMs: number,
    buffer: CommandBuffer,
  ): void {
    const every = everyTicks(market.rank, this.day.tickMs);
    // Wider by what the price may move until the next look: the root of the time, a minute's move being known.
    const looks = Math.max(1, 60_000 / (every * this.day.tickMs));
    const restless = market.path.volatility(seenMs) / (looks > 16 ? 6 : looks > 4 ? 3 : 2);
    const calm = Math.min(HALF_SPREAD_LIMIT, HALF_SPREAD_PPM + HALF_SPREAD_PER_RANK * market.rank);
    const half = Math.min(WIDEST_PPM, Math.max(calm, restless)) / 1e6;
    const lots = Math.max(
      Math.ceil((market.definition.MINIMUM_NOTIONAL * 1.2) / (view.mark[row] as number)),
      Math.floor((firstLevelUsd(market.rank) * USDC) / (view.mark[row] as number)),
    );
    const makers = this.population.makersOf[row] as number[];
    for (let place = 0; place < makers.length; place++) {
      const account = makers[place] as number;
      // Makers differ a little in how close they stand.
      const own = half * (1 + (place % 3) * 0.35);
      if (place === 0 && view.access[row] === ACCESS.ALL) this.takeStale(view, row, account, half, lots, toMs);
      this.ladder(state, view, row, account, own, lots, fromMs, toMs, buffer, market);
    }
  }

  /** An order that stands on the wrong side of what the market is worth is taken by the first maker who sees it. */
  private takeStale(view: MarketView, row: number, account: number, half: number, lots: number, toMs: number): void {
    const fair = (view.fair[row] as number) / (view.tickUnits[row] as number);
    const highest = Math.floor(fair * (1 - half / 2));
    const lowest = Math.ceil(fair * (1 + half / 2));
    if ((view.ask[row] as number) <= highest) {
      this.advances.placeOrder(toMs, account, row, highest, lots * 2, TAKE_BUY);
    } else if ((view.bid[row] as number) >= lowest) {
      this.advances.placeOrder(toMs, account, row, lowest, lots * 2, TAKE_SELL);
    }
  }

  private ladder(
    state: State,
    view: MarketView,
    row: number,
    account: number,
    half: number,
    lots: number,
    fromMs: number,
    toMs: number,
    buffer: CommandBuffer,
    market: DayMarket,
  ): void {
    const position = findPosition(state, account, row);
    const held = position === 0 ? 0 : (state.position.f64[position * 16 + POSITION.SIZE] as number);
    const full = lots * LADDER * FULL_INVENTORY;
    const lean = Math.max(-1, Math.min(1, held / full));
    const middle = ((view.fair[row] as number) / (view.tickUnits[row] as number)) * (1 - lean * half * SHIFT);
    const most = market.definition.MAXIMUM_ORDER;
    for (const side of [SIDE.BUY, SIDE.SELL]) {
      // A full inventory is not added to.
      const levels = (side === SIDE.BUY ? lean >= 1 : lean <= -1) ? 0 : LEVELS;
      const count = position === 0 ? 0 : this.ownOrders(state, position, side);
      for (let level = 0; level < Math.max(levels, count); level++) {
        const order = level < count ? (this.rows[level] as number) : 0;
        if (level >= levels) {
          buffer.cancelOrder(fromMs, account, orderId(state, order));
          continue;
        }
        const away = Math.min(FURTHEST, half * (DISTANCES[level] as number));
        const price = priceAway(middle, away, side);
        const size = Math.min(most, Math.floor(lots * (SIZES[level] as number)));
        if (order === 0)
          this.advances.placeOrder(toMs, account, row, price, size, side === SIDE.BUY ? QUOTE_BUY : QUOTE_SELL);
        else this.mend(state, account, order, price, size, most, middle * away * TOLERANCE, side, fromMs, toMs, buffer);
      }
    }
  }

  /** Amends an order that stands wrong or is more than half used up. */
  private mend(
    state: State,
    account: number,
    order: number,
    price: number,
    size: number,
    most: number,
    tolerance: number,
    side: number,
    fromMs: number,
    toMs: number,
    buffer: CommandBuffer,
  ): void {
    const { i32 } = state.order;
    const before = i32[order * 16 + ORDER.PRICE] as number;
    const remaining = i32[order * 16 + ORDER.REMAINING] as number;
    const isRight = Math.abs(before - price) <= tolerance && remaining * 2 >= size;
    if (isRight) return;
    const total = (i32[order * 16 + ORDER.SIZE] as number) - remaining + size;
    if (total > most) {
      // An order cannot be refilled for ever: the next look places a new one.
      buffer.cancelOrder(fromMs, account, orderId(state, order));
      return;
    }
    const retreats = side === SIDE.BUY ? price <= before : price >= before;
    if (retreats) buffer.amendOrder(fromMs, account, orderId(state, order), price, total);
    else this.advances.amendOrder(toMs, account, orderId(state, order), price, total);
  }

  /** Finds a position's quotes of one side, best price first, into `rows`; returns how many there are. */
  private ownOrders(state: State, position: number, side: number): number {
    const { i32 } = state.order;
    const { rows } = this;
    let count = 0;
    let order = state.position.i32[position * 32 + POSITION.FIRST_ORDER] as number;
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
