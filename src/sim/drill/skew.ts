/**
 * What broke the reopening of 19 January 2026: in a book that a mass cancel left empty, someone offers very little far above the market
 * and someone buys at nearly any price. Where the price band is wide and the leverage high, that moves the mark far enough to liquidate.
 */
import type { Book } from '../../engine/book.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../engine/flags.ts';
import { TICK_LIMIT } from '../../engine/ladder.ts';
import type { State } from '../../engine/state.ts';
import { MARKET, ORDER } from '../../engine/tables.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';

const OFFER = orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false);
const BID = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
/** Offers: how far above the fair price as a share of the band, and how much, USD. */
const OFFERS: readonly (readonly [share: number, usd: number])[] = [
  [0.2, 230],
  [0.45, 230],
  [0.7, 230],
  [0.9, 2300],
];
const BID_SHARE = 0.75;
const BID_USD = 3200;
/** How often the two come anew. */
const EVERY_MS = 20_000;

/** Row of the market that a few orders move furthest for what its margin bears: the widest band for the highest leverage. */
export function mostFragile(day: MarketDay): number {
  const fragility = ({ definition }: DayMarket): number => definition.PRICE_BAND / definition.INITIAL_MARGIN;
  let most = 0;
  day.markets.forEach((market, place) => {
    if (fragility(market) > fragility(day.markets[most] as DayMarket)) most = place;
  });
  return most + 1;
}

/** The fair price of a market by its outside sources, price units. */
export function fairPrice(state: State, row: number): number {
  return state.market.f64[row * 128 + MARKET.EXTERNAL_FAIR] as number;
}

export class Skew {
  private readonly row: number;
  private readonly market: DayMarket;
  private readonly accounts: readonly [fisher: number, aggressor: number];

  constructor(day: MarketDay, row: number, accounts: readonly [fisher: number, aggressor: number]) {
    this.row = row;
    this.market = day.markets[row - 1] as DayMarket;
    this.accounts = accounts;
  }

  /** Appends the orders of both, when it is their turn: the last ones are taken back first. */
  write(state: State, timeMs: number, tickMs: number, buffer: CommandBuffer): void {
    if (timeMs % EVERY_MS >= tickMs) return;
    const { row, market } = this;
    const [fisher, aggressor] = this.accounts;
    const fair = fairPrice(state, row);
    const band = market.definition.PRICE_BAND / 1e6;
    const price = (share: number): number => Math.floor((fair * (1 + band * share)) / market.tickUnits);
    const lots = (usd: number): number => Math.ceil((usd * 1e8) / fair);
    buffer.cancelAll(timeMs, fisher, row);
    buffer.cancelAll(timeMs, aggressor, row);
    for (const [share, usd] of OFFERS) buffer.placeOrder(timeMs, fisher, row, price(share), lots(usd), OFFER);
    const wanted = offeredUpTo(state, row, price(BID_SHARE)) + lots(BID_USD);
    buffer.placeOrder(timeMs, aggressor, row, price(BID_SHARE), Math.min(wanted, market.definition.MAXIMUM_ORDER), BID);
  }
}

/** Lots that the book offers up to a price: what stayed in it only reduces, and is bought as well. */
function offeredUpTo(state: State, row: number, price: number): number {
  const { ladder, bestAsk } = state.index.books[row] as Book;
  let lots = 0;
  for (let tick = bestAsk; tick <= price && tick < TICK_LIMIT; tick = ladder.above(tick + 1)) {
    for (let order = ladder.head(tick); order !== 0; order = state.order.i32[order * 16 + ORDER.NEXT] as number) {
      lots += state.order.i32[order * 16 + ORDER.REMAINING] as number;
    }
  }
  return lots;
}
