/** Settling a match: positions, money and fees of both sides of each fill, in the order of the fills. */
import { addToWide } from './amount.ts';
import { EVENT } from './event.ts';
import { FLAG } from './flags.ts';
import { changeBalance } from './ledger.ts';
import { feeOn, makerFee, takerFee } from './fee.ts';
import type { Fills } from './match.ts';
import { orderId } from './order-id.ts';
import { releaseOrder, tellClosed } from './order-list.ts';
import { changePosition, checkNetSize, removeOpenSize, settleFunding, unpaidProfit } from './position.ts';
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
const FEES_LIMIT = 2 ** 51;
/** The slot of an event that no field has: rows of the maker's position, × 2^24, and of the taker's (`event.ts`). */
const OWN = 15;
const ROWS = 2 ** 24;

/** The taker of the match that is being settled, and what its fills add up to. */
const side = {
  row: 0,
  order: 0,
  account: 0,
  position: 0,
  market: 0,
  sell: 0,
  /** Price units of one tick. */
  units: 0,
  /** Taker fee, ppm. */
  rate: 0,
  lots: 0,
  /** Paid for the lots, fees included. */
  paid: 0,
  fees: 0,
};

/**
 * Settles the fills of a taker, whose open size must not hold what was matched. Makers that are exhausted or expired end here.
 * Returns the taker's total of filled lots.
 */
export function settleFills(state: State, taker: number, fills: Fills): number {
  startSide(state, taker);
  shrunkCount = 0;
  if (fills.count > 1) readMakers(state, fills);
  let filled = 0;
  let volumeFrom = 0;
  for (let n = 0; n < fills.count; n++) {
    const size = fills.sizes[n] as number;
    if (size === 0) expireMaker(state, fills.makers[n] as number);
    else {
      if (filled === 0) settleFunding(state, side.position);
      volumeFrom = fills.prices[n] as number;
      settleFill(state, fills.makers[n] as number, size, volumeFrom);
      filled += size;
    }
  }
  if (filled > 0) endSide(state, volumeFrom);
  // Only now: while fills are unsettled, orders of the same makers may be out of the book already.
  for (let n = 0; n < shrunkCount; n++) enforceReduceOnly(state, shrunk[n] as number);
  return filled;
}

function startSide(state: State, taker: number): void {
  const orders = state.order.i32;
  const at = taker * 16;
  side.row = taker;
  side.order = orderId(state, taker);
  side.account = orders[at + ACCOUNT] as number;
  side.position = orders[at + ORDER_POSITION] as number;
  side.market = orders[at + ORDER_MARKET] as number;
  side.sell = (orders[at + FLAGS] as number) & SELL;
  side.units = state.market.f64[side.market * 128 + TICK_UNITS] as number;
  side.rate = takerFee(state, side.account);
  side.lots = 0;
  side.paid = 0;
  side.fees = 0;
}

/** What is told or counted once for all fills of a taker. */
function endSide(state: State, price: number): void {
  payFees(state);
  shiftForFill(state, side.position, side.lots, side.paid, 0);
  const { f64, i32 } = state.market;
  f64[side.market * 128 + LAST_TRADE] = price;
  i32[side.market * 256 + KNOWN] = (i32[side.market * 256 + KNOWN] as number) | LAST_TRADE_KNOWN;
  state.market.touch(side.market);
}

function payFees(state: State): void {
  if (side.fees !== 0) changeBalance(state, FEE_ACCOUNT, side.fees);
  side.fees = 0;
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

function settleFill(state: State, maker: number, size: number, price: number): void {
  const { market } = side;
  const notional = size * (price * side.units);
  const takerLots = side.sell === 0 ? size : -size;
  const cost = side.sell === 0 ? notional : -notional;

  const takerProfit = changePosition(state, side.position, takerLots, notional);
  const takerPays = feeOn(notional, side.rate);
  changeBalance(state, side.account, unpaidProfit - takerPays);
  side.lots += takerLots;
  side.paid += cost + takerPays;

  const orders = state.order.i32;
  const makerAccount = orders[maker * 16 + ACCOUNT] as number;
  const position = orders[maker * 16 + ORDER_POSITION] as number;
  settleFunding(state, position);
  const makerProfit = changePosition(state, position, -takerLots, notional);
  const makerPays = feeOn(notional, makerFee(state, makerAccount));
  changeBalance(state, makerAccount, unpaidProfit - makerPays);
  const openAt = position * 16 + (side.sell === 0 ? SELL_SIZE : BUY_SIZE);
  state.position.f64[openAt] = (state.position.f64[openAt] as number) - size;
  shiftForFill(state, position, -takerLots, makerPays - cost, size);

  side.fees += takerPays + makerPays;
  // Fees are paid on together for a whole match, while their sum is surely exact.
  if (side.fees > FEES_LIMIT || side.fees < -FEES_LIMIT) payFees(state);
  checkNetSize(state, market);
  tellFilled(state, maker, size, price, makerPays, takerPays, makerProfit, takerProfit, countTrade(state, notional));
  if (orders[maker * 16 + REMAINING] === 0) {
    tellClosed(state, maker, FILLED);
    releaseOrder(state, maker);
  }
  if (state.position.i32[position * 32 + REDUCE_ONLY_COUNT] !== 0) shrunk[shrunkCount++] = position;
}

/** Counts a trade of the taker's market and returns its number. */
function countTrade(state: State, notional: number): number {
  const { f64 } = state.market;
  const at = side.market * 128;
  f64[at + TRADE_COUNT] = (f64[at + TRADE_COUNT] as number) + 1;
  addToWide(f64, at + VOLUME_HIGH, notional);
  const venue = state.venue.f64;
  const trade = (venue[64 + TRADES] as number) + 1;
  venue[64 + TRADES] = trade;
  return trade;
}

function tellFilled(
  state: State,
  maker: number,
  size: number,
  price: number,
  makerPays: number,
  takerPays: number,
  makerProfit: number,
  takerProfit: number,
  trade: number,
): void {
  const at = state.events.next(FILLED_EVENT);
  const { values } = state.events;
  values[at + 2] = side.market;
  values[at + 3] = orderId(state, maker);
  values[at + 4] = side.order;
  values[at + 5] = state.order.i32[maker * 16 + ACCOUNT] as number;
  values[at + 6] = side.account;
  values[at + 7] = price;
  values[at + 8] = size;
  values[at + 9] = side.sell;
  values[at + 10] = makerPays;
  values[at + 11] = takerPays;
  values[at + 12] = makerProfit;
  values[at + 13] = takerProfit;
  values[at + 14] = trade;
  values[at + OWN] = (state.order.i32[maker * 16 + ORDER_POSITION] as number) * ROWS + side.position;
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
