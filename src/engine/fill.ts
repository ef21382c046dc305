/** Settling a match: positions, money and fees of both sides of each fill, in the order of the fills. */
import { addToWide } from './amount.ts';
import { EVENT } from './event.ts';
import { FLAG } from './flags.ts';
import { changeBalance } from './ledger.ts';
import { feeOn, makerFee, takerFee } from './fee.ts';
import type { Fills } from './match.ts';
import { orderId } from './order-id.ts';
import { releaseOrder, tellClosed } from './order-list.ts';
import { changePosition, checkNetSize, removeOpenSize, settleFunding } from './position.ts';
import { enforceReduceOnly } from './reduce-only.ts';
import { CLOSE } from './refusal.ts';
import { shiftForFill } from './bound-shift.ts';
import { FEE_ACCOUNT, type State } from './state.ts';
import { MARKET, ORDER, POSITION, VENUE } from './tables.ts';

const { ACCOUNT, MARKET: ORDER_MARKET, POSITION: ORDER_POSITION, PRICE, FLAGS, REMAINING } = ORDER;
const { PREVIOUS_OWN, NEXT_OWN } = ORDER;
const { TICK_UNITS, LAST_TRADE, TRADE_COUNT, VOLUME_HIGH, KNOWN } = MARKET;
const { SELL } = FLAG;
const { TRADES } = VENUE;
const { BUY_SIZE, SELL_SIZE, REDUCE_ONLY_COUNT } = POSITION;
const FILLED_EVENT = EVENT.filled;
const FILLED = CLOSE.FILLED;
const SELF_TRADE = CLOSE.SELF_TRADE;
const LAST_TRADE_KNOWN = 1024;

/**
 * Settles the fills of a taker, whose own bound the caller keeps. Its open size must not hold what was matched. Makers that
 * are exhausted or expired end here. Returns the taker's total of filled lots.
 */
export function settleFills(state: State, taker: number, fills: Fills): number {
  const { order } = state;
  const takerAt = taker * 16;
  const market = order.i32[takerAt + ORDER_MARKET] as number;
  let filled = 0;
  shrunkCount = 0;
  if (fills.count > 1) readMakers(state, fills);
  for (let n = 0; n < fills.count; n++) {
    const maker = fills.makers[n] as number;
    const size = fills.sizes[n] as number;
    if (size === 0) expireMaker(state, maker);
    else {
      settleFill(state, taker, maker, market, size, fills.prices[n] as number);
      filled += size;
    }
  }
  // Only now: while fills are unsettled, orders of the same makers may be out of the book already.
  for (let n = 0; n < shrunkCount; n++) enforceReduceOnly(state, shrunk[n] as number);
  return filled;
}

/** What was read ahead: stored, so that the reading is not optimised away (`batch.ts`). */
const ahead = { sum: 0 };

/** Reads what settling the makers will need, all at once, so that the machine fetches it side by side. */
function readMakers(state: State, fills: Fills): void {
  const orders = state.order.i32;
  const positions = state.position.f64;
  const positionWords = state.position.i32;
  const accounts = state.account.f64;
  const { bounds } = state.index;
  let sum = 0;
  for (let n = 0; n < fills.count; n++) {
    const at = (fills.makers[n] as number) * 16;
    const position = orders[at + ORDER_POSITION] as number;
    const account = orders[at + ACCOUNT] as number;
    sum += (positions[position * 16] as number) + (positionWords[position * 32 + REDUCE_ONLY_COUNT] as number);
    sum += (accounts[account * 8] as number) + bounds.peek(account);
    sum += orders[(orders[at + PREVIOUS_OWN] as number) * 16] as number;
    sum += orders[(orders[at + NEXT_OWN] as number) * 16] as number;
  }
  ahead.sum = sum;
}

/** Positions of makers that have reduce-only orders and changed in this match. */
const shrunk: number[] = [];
let shrunkCount = 0;

function settleFill(state: State, taker: number, maker: number, market: number, size: number, price: number): void {
  const orders = state.order.i32;
  const takerAt = taker * 16;
  const makerAt = maker * 16;
  const takerAccount = orders[takerAt + ACCOUNT] as number;
  const makerAccount = orders[makerAt + ACCOUNT] as number;
  const takerPosition = orders[takerAt + ORDER_POSITION] as number;
  const makerPosition = orders[makerAt + ORDER_POSITION] as number;
  const takerSells = (orders[takerAt + FLAGS] as number) & SELL;
  const notional = size * (price * (state.market.f64[market * 128 + TICK_UNITS] as number));
  const takerLots = takerSells === 0 ? size : -size;

  settleFunding(state, takerPosition);
  const takerProfit = changePosition(state, takerPosition, takerLots, notional);
  const takerPays = feeOn(notional, takerFee(state, takerAccount));
  if (takerPays !== 0) changeBalance(state, takerAccount, -takerPays);
  shiftForFill(state, takerPosition, takerLots, (takerLots > 0 ? notional : -notional) + takerPays, 0);

  settleFunding(state, makerPosition);
  const makerProfit = changePosition(state, makerPosition, -takerLots, notional);
  const makerPays = feeOn(notional, makerFee(state, makerAccount));
  if (makerPays !== 0) changeBalance(state, makerAccount, -makerPays);
  const openAt = makerPosition * 16 + (takerSells === 0 ? SELL_SIZE : BUY_SIZE);
  state.position.f64[openAt] = (state.position.f64[openAt] as number) - size;
  shiftForFill(state, makerPosition, -takerLots, (takerLots > 0 ? -notional : notional) + makerPays, size);

  const fees = takerPays + makerPays;
  if (fees !== 0) changeBalance(state, FEE_ACCOUNT, fees);
  const trade = countTrade(state, market, price, notional);
  checkNetSize(state, market);
  tellFilled(state, taker, maker, size, price, makerPays, takerPays, makerProfit, takerProfit, trade);
  if (orders[makerAt + REMAINING] === 0) {
    tellClosed(state, maker, FILLED);
    releaseOrder(state, maker);
  }
  if (state.position.i32[makerPosition * 32 + REDUCE_ONLY_COUNT] !== 0) shrunk[shrunkCount++] = makerPosition;
}

function countTrade(state: State, market: number, price: number, notional: number): number {
  const { f64, i32 } = state.market;
  const at = market * 128;
  f64[at + LAST_TRADE] = price;
  f64[at + TRADE_COUNT] = (f64[at + TRADE_COUNT] as number) + 1;
  addToWide(f64, at + VOLUME_HIGH, notional);
  i32[market * 256 + KNOWN] = (i32[market * 256 + KNOWN] as number) | LAST_TRADE_KNOWN;
  state.market.touch(market);
  const venue = state.venue.f64;
  const trade = (venue[64 + TRADES] as number) + 1;
  venue[64 + TRADES] = trade;
  return trade;
}

function tellFilled(
  state: State,
  taker: number,
  maker: number,
  size: number,
  price: number,
  makerPays: number,
  takerPays: number,
  makerProfit: number,
  takerProfit: number,
  trade: number,
): void {
  const orders = state.order.i32;
  const at = state.events.next(FILLED_EVENT);
  const { values } = state.events;
  values[at + 2] = orders[taker * 16 + ORDER_MARKET] as number;
  values[at + 3] = orderId(state, maker);
  values[at + 4] = orderId(state, taker);
  values[at + 5] = orders[maker * 16 + ACCOUNT] as number;
  values[at + 6] = orders[taker * 16 + ACCOUNT] as number;
  values[at + 7] = price;
  values[at + 8] = size;
  values[at + 9] = (orders[taker * 16 + FLAGS] as number) & SELL;
  values[at + 10] = makerPays;
  values[at + 11] = takerPays;
  values[at + 12] = makerProfit;
  values[at + 13] = takerProfit;
  values[at + 14] = trade;
}

/** An order that met a taker of its own account and is out of the book already. */
function expireMaker(state: State, maker: number): void {
  const orders = state.order.i32;
  const at = maker * 16;
  const position = orders[at + ORDER_POSITION] as number;
  const sell = (orders[at + FLAGS] as number) & SELL;
  removeOpenSize(state, position, sell, orders[at + REMAINING] as number, orders[at + PRICE] as number);
  tellClosed(state, maker, SELF_TRADE);
  releaseOrder(state, maker);
}
