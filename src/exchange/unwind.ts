/**
 * How the insurance fund works off the positions that it took over: piece by piece into the book, close to the mark, so that
 * it does not push the price that the next liquidation is judged by. Orders of the venue, not rules of the engine.
 */
import { divideCeil, divideFloor, multiplyDivideFloor, PPM } from '../engine/amount.ts';
import type { Book } from '../engine/book.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { TICK_LIMIT } from '../engine/ladder.ts';
import { bandBottom, bandTop, isKnown, isPaused, MARKET_KNOWN, statusOf } from '../engine/market.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from '../engine/tables.ts';

/** How far from the mark a piece may trade, ppm. */
const BAND_PPM = 5_000;
/** A piece is a tenth of the position or 2,500 USDC, whichever is larger, and at most a third of what the book offers there. */
const PIECE_SHARE = 10;
const PIECE_LEAST = 2_500e8;
const DEPTH_SHARE = 3;

const SELL_PIECE = orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.IOC, true);
const BUY_PIECE = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.IOC, true);

/**
 * Appends one reduce-only IOC order for each position of the insurance fund that the book can take a piece of now. Nothing in
 * a market that is not open, has no mark, or offers nothing within the band. Returns how many orders it appended.
 */
export function unwindInsurance(state: State, timeMs: number, buffer: CommandBuffer): number {
  const { i32, f64 } = state.position;
  let count = 0;
  let row = state.account.i32[INSURANCE_FUND * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    const size = f64[row * 16 + POSITION.SIZE] as number;
    if (size === 0) continue;
    const market = i32[row * 32 + POSITION.MARKET] as number;
    if (statusOf(state, market) !== STATUS.OK || isPaused(state, market, OPERATION.ORDERS)) continue;
    if (isKnown(state, market, MARKET_KNOWN.MARK)) count += unwind(state, market, size, timeMs, buffer);
  }
  return count;
}

/** Appends the order for a position of `size` lots; returns 1, or 0 when the book takes nothing. */
function unwind(state: State, market: number, size: number, timeMs: number, buffer: CommandBuffer): number {
  const { f64 } = state.market;
  const at = market * 128;
  const mark = f64[at + MARKET.MARK] as number;
  const units = f64[at + MARKET.TICK_UNITS] as number;
  const sells = size > 0;
  // Rounded to the side of the mark, and never beyond the market's own price band.
  const away = multiplyDivideFloor(mark, BAND_PPM, PPM);
  const edge = sells ? divideCeil(mark - away, units) : divideFloor(mark + away, units);
  const limit = sells ? Math.max(edge, bandBottom(state, market)) : Math.min(edge, bandTop(state, market));
  if (limit < 1 || limit >= TICK_LIMIT) return 0;
  const held = Math.abs(size);
  const offered = depth(state, market, sells, limit, held * DEPTH_SHARE);
  const least = Math.ceil(PIECE_LEAST / mark);
  const wanted = Math.max(Math.ceil(held / PIECE_SHARE), least);
  const lots = Math.min(held, wanted, Math.ceil(offered / DEPTH_SHARE), f64[at + MARKET.MAXIMUM_ORDER] as number);
  // Below the minimum notional only a whole position may be closed.
  if (lots === 0 || (lots * mark < (f64[at + MARKET.MINIMUM_NOTIONAL] as number) && lots !== held)) return 0;
  buffer.placeOrder(timeMs, INSURANCE_FUND, market, limit, lots, sells ? SELL_PIECE : BUY_PIECE);
  return 1;
}

/** Lots of the other side up to a limit price; counts no further than `enough`. */
function depth(state: State, market: number, sells: boolean, limit: number, enough: number): number {
  const { ladder, bestBid, bestAsk } = state.index.books[market] as Book;
  const orders = state.order.i32;
  let lots = 0;
  let tick = sells ? bestBid : bestAsk;
  while (lots < enough && (sells ? tick >= limit && tick > 0 : tick <= limit && tick < TICK_LIMIT)) {
    for (let row = ladder.head(tick); row !== 0 && lots < enough; row = orders[row * 16 + ORDER.NEXT] as number) {
      lots += orders[row * 16 + ORDER.REMAINING] as number;
    }
    tick = sells ? ladder.below(tick - 1) : ladder.above(tick + 1);
  }
  return lots;
}
