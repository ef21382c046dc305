/** New orders: check, margin, match, settle, rest. */
import type { Book } from './book.ts';
import { CLIENT_ID as CLIENT_ID_COLUMNS, MARKET, ORDER, POSITION } from './tables.ts';
import { EVENT } from './event.ts';
import { settleFills } from './fill.ts';
import {
  FLAG,
  INSTRUCTION,
  instructionOf,
  isConditional,
  isMarketKind,
  isTakeProfitOrStopLoss,
  kindOf,
  selfTradeOf,
} from './flags.ts';
import { isKnown, MARKET_KNOWN } from './market.ts';
import { Fills, match } from './match.ts';
import { plainlyAcceptable } from './order-accept.ts';
import { checkLimits, checkPrice, checkRequest, type OrderRequest } from './order-check.ts';
import { orderId } from './order-id.ts';
import { discardOrder, linkOrder, tellClosed } from './order-list.ts';
import { addOpenSize, makePosition } from './position.ts';
import { enforceReduceOnly } from './reduce-only.ts';
import { CLOSE, REFUSAL } from './refusal.ts';
import { canBear } from './risk.ts';
import { findPosition, type State } from './state.ts';
import type { TriggerBook } from './trigger-book.ts';

const { PRICE, REMAINING, SIZE, FLAGS, ACCOUNT, POSITION: ORDER_POSITION, CLIENT_ID, TRIGGER, CREATED_MS } = ORDER;
const ORDER_MARKET = ORDER.MARKET;
const { MARK, TICK_UNITS } = MARKET;
const { REDUCE_ONLY_COUNT } = POSITION;
const { SELL, REDUCE_ONLY, UNTRIGGERED, TRIGGER_ABOVE } = FLAG;
const { POST_ONLY, IOC } = INSTRUCTION;

/** Where a command carries the client id of an order: its bytes, zero-padded to 16 words, from word `at`. */
export interface ClientIdText {
  words: Int32Array;
  at: number;
  length: number;
}

/** Takes a new order, or returns why not. Emits what happened to it. */
export function placeOrder(state: State, request: OrderRequest, timeMs: number, clientId: ClientIdText): number {
  const accepted = clientId.length === 0 && !request.isLate ? plainlyAcceptable(state, request) : 0;
  if (accepted !== 0) {
    take(state, request, accepted, timeMs, clientId);
    return 0;
  }
  return checkAndPlace(state, request, timeMs, clientId);
}

/** The same by the checks one by one, in the order of `REFUSALS`. */
function checkAndPlace(state: State, request: OrderRequest, timeMs: number, clientId: ClientIdText): number {
  const refusal = checkRequest(state, request);
  if (refusal !== 0) return refusal;
  if (request.isLate) return REFUSAL.order_expired;
  const { account, market, flags } = request;
  const conditional = isConditional(kindOf(flags));
  const known = findPosition(state, account, market);
  if (!conditional) {
    const priced = checkPrice(state, request, known);
    if (priced !== 0) return priced;
  } else if (!isKnown(state, market, MARKET_KNOWN.MARK)) return REFUSAL.mark_price_unavailable;
  if (clientId.length !== 0 && isClientIdUsed(state, account, clientId)) return REFUSAL.client_id_in_use;
  if (conditional) return placeConditional(state, request, timeMs, clientId);
  const limited = checkLimits(state, request, known);
  if (limited !== 0) return limited;
  const sell = flags & SELL;
  const book = state.index.books[market] as Book;
  if (instructionOf(flags) === POST_ONLY && book.crosses(sell, request.price)) return REFUSAL.post_only_would_cross;
  if (!canBearNew(state, known, request)) return REFUSAL.insufficient_margin;
  const position = known !== 0 ? known : makePosition(state, account, market);
  take(state, request, position, timeMs, clientId);
  return 0;
}

/** Takes an order that has passed all checks. */
function take(state: State, request: OrderRequest, position: number, timeMs: number, clientId: ClientIdText): void {
  const row = makeOrder(state, request, position, timeMs, clientId);
  tellAccepted(state, row, 0);
  execute(state, row, request.size);
}

/** Margin check of an order whose position may not exist yet: a refusal must not make one, so row 0 stands in for it. */
function canBearNew(state: State, known: number, request: OrderRequest): boolean {
  const { flags, size, price } = request;
  if (known !== 0) return canBear(state, known, flags & SELL, size, price);
  const { i32 } = state.position;
  i32[POSITION.ACCOUNT] = request.account;
  i32[POSITION.MARKET] = request.market;
  const bearable = canBear(state, 0, flags & SELL, size, price);
  i32[POSITION.ACCOUNT] = 0;
  i32[POSITION.MARKET] = 0;
  return bearable;
}

function isClientIdUsed(state: State, account: number, text: ClientIdText): boolean {
  return state.index.clientIds.find(state.clientId, account, text.length, text.words, text.at) !== 0;
}

/** Writes the row of a new order; it is in no book and no list yet. */
function makeOrder(
  state: State,
  request: OrderRequest,
  position: number,
  timeMs: number,
  clientId: ClientIdText,
): number {
  const row = state.order.allocate();
  const { i32, f64 } = state.order;
  const at = row * 16;
  i32[at + PRICE] = request.price;
  i32[at + REMAINING] = request.size;
  i32[at + SIZE] = request.size;
  i32[at + FLAGS] = request.flags;
  i32[at + ACCOUNT] = request.account;
  i32[at + ORDER_MARKET] = request.market;
  i32[at + ORDER_POSITION] = position;
  i32[at + TRIGGER] = request.trigger;
  i32[at + CLIENT_ID] = clientId.length === 0 ? 0 : makeClientId(state, row, request.account, clientId);
  f64[row * 8 + CREATED_MS] = timeMs;
  state.order.touch(row);
  return row;
}

function makeClientId(state: State, order: number, account: number, text: ClientIdText): number {
  const row = state.clientId.allocate();
  const { i32 } = state.clientId;
  const at = row * 32;
  i32[at + CLIENT_ID_COLUMNS.ORDER] = order;
  i32[at + CLIENT_ID_COLUMNS.ACCOUNT] = account;
  i32[at + CLIENT_ID_COLUMNS.LENGTH] = text.length;
  for (let word = 0; word < 16; word++) i32[at + CLIENT_ID_COLUMNS.TEXT + word] = text.words[text.at + word] as number;
  state.clientId.touch(row);
  state.index.clientIds.add(state.clientId, row);
  return row;
}

function tellAccepted(state: State, row: number, untriggered: number): void {
  const { i32 } = state.order;
  const at = row * 16;
  state.events.emit(
    EVENT.orderAccepted,
    orderId(state, row),
    i32[at + ACCOUNT] as number,
    i32[at + ORDER_MARKET] as number,
    i32[at + PRICE] as number,
    i32[at + SIZE] as number,
    i32[at + TRIGGER] as number,
    i32[at + FLAGS] as number,
    untriggered,
  );
}

const fills = new Fills();

/** Matches `size` lots of an order that is in no book, then rests or ends it. It has been checked against margin. */
export function execute(state: State, row: number, size: number): void {
  const { i32 } = state.order;
  const at = row * 16;
  const flags = i32[at + FLAGS] as number;
  const market = i32[at + ORDER_MARKET] as number;
  const position = i32[at + ORDER_POSITION] as number;
  const price = i32[at + PRICE] as number;
  const sell = flags & SELL;
  const book = state.index.books[market] as Book;
  let left = size;
  let expired = false;
  if (book.crosses(sell, price)) {
    left = match(book, state.order, sell, price, size, i32[at + ACCOUNT] as number, selfTradeOf(flags), fills);
    expired = fills.takerExpired;
    i32[at + REMAINING] = left;
    settleFills(state, row, fills);
  }
  if (left > 0 && !expired && instructionOf(flags) !== IOC && !isMarketKind(kindOf(flags))) {
    addOpenSize(state, position, sell, left, price);
    book.insert(state.order, row, sell);
    linkOrder(state, row);
  } else {
    tellClosed(state, row, left === 0 ? CLOSE.FILLED : expired ? CLOSE.SELF_TRADE : CLOSE.REMAINING_IOC_CANCEL);
    discardOrder(state, row);
  }
  if (state.position.i32[position * 32 + REDUCE_ONLY_COUNT] !== 0) enforceReduceOnly(state, position);
}

/** A conditional order waits for its trigger: it takes no margin, and only the number of orders limits it. */
function placeConditional(state: State, request: OrderRequest, timeMs: number, clientId: ClientIdText): number {
  const { account, market } = request;
  const known = findPosition(state, account, market);
  const count = known === 0 ? 0 : (state.position.i32[known * 32 + POSITION.ORDER_COUNT] as number);
  if (count >= (state.market.i32[market * 256 + MARKET.MAXIMUM_OPEN_ORDERS] as number))
    return REFUSAL.too_many_open_orders;
  const position = known !== 0 ? known : makePosition(state, account, market);
  const above = triggersAbove(state, request);
  request.flags |= UNTRIGGERED | (above ? TRIGGER_ABOVE : 0);
  if (isTakeProfitOrStopLoss(kindOf(request.flags))) request.flags |= REDUCE_ONLY;
  const row = makeOrder(state, request, position, timeMs, clientId);
  (state.index.triggers[market] as TriggerBook).insert(state.order, row, above);
  linkOrder(state, row);
  tellAccepted(state, row, 1);
  return 0;
}

/**
 * Which side of the trigger fires. A take-profit sell and a stop-loss buy fire above, their opposites below; a stop fires
 * on the side on which the mark price is not now (at the trigger itself: above, so at once).
 */
export function triggersAbove(state: State, request: OrderRequest): boolean {
  const kind = kindOf(request.flags);
  const sells = (request.flags & SELL) !== 0;
  if (isTakeProfitOrStopLoss(kind)) return sells === kind < 6;
  const at = request.market * 128;
  const markets = state.market.f64;
  return request.trigger * (markets[at + TICK_UNITS] as number) >= (markets[at + MARK] as number);
}
