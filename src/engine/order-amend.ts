/** Amends: a new price, total size or trigger for a live order, which keeps its id and loses its place in the queue. */
import type { Book } from './book.ts';
import { EVENT } from './event.ts';
import { FLAG, INSTRUCTION, instructionOf, isMarketKind, kindOf } from './flags.ts';
import { checkNumbers, checkOpen, checkPrice, isBeyondLimit, OrderRequest } from './order-check.ts';
import { whyUnknown } from './order-cancel.ts';
import { orderRow } from './order-id.ts';
import { unlinkOrder } from './order-list.ts';
import { execute, triggersAbove } from './order-place.ts';
import { addOpenSize, removeOpenSize } from './position.ts';
import { canOnlyReduce } from './reduce-only.ts';
import { REFUSAL } from './refusal.ts';
import { canBear } from './risk.ts';
import type { State } from './state.ts';
import type { TriggerBook } from './trigger-book.ts';
import { ORDER, POSITION } from './tables.ts';

const { PRICE, REMAINING, SIZE, FLAGS, ACCOUNT, TRIGGER, POSITION: ORDER_POSITION } = ORDER;
const ORDER_MARKET = ORDER.MARKET;
const { SELL, REDUCE_ONLY, UNTRIGGERED, TRIGGER_ABOVE } = FLAG;
const { POST_ONLY } = INSTRUCTION;

const request = new OrderRequest();

/** Amends an order of the account, or returns why not; then it is as it was. `size` is the new total, filled part included. */
export function amendOrder(
  state: State,
  account: number,
  order: number,
  price: number,
  size: number,
  trigger: number,
): number {
  const row = orderRow(state, order);
  const { i32 } = state.order;
  const at = row * 16;
  if (row === 0 || i32[at + ACCOUNT] !== account) return whyUnknown(state, account);
  const flags = i32[at + FLAGS] as number;
  request.account = account;
  request.market = i32[at + ORDER_MARKET] as number;
  request.price = isMarketKind(kindOf(flags)) ? 0 : price;
  request.trigger = trigger;
  request.flags = flags;
  const filled = (i32[at + SIZE] as number) - (i32[at + REMAINING] as number);
  request.size = size;
  const open = checkOpen(state, request.market, instructionOf(flags)) || checkNumbers(state, request);
  if (open !== 0) return open;
  if ((flags & UNTRIGGERED) !== 0) return amendConditional(state, row, order);
  request.size = size - filled;
  return request.size > 0 ? amendOpen(state, row, order, size) : REFUSAL.size_not_above_filled;
}

/** Goes last at its new trigger; a stop decides anew on which side it fires. */
function amendConditional(state: State, row: number, order: number): number {
  const { i32 } = state.order;
  const at = row * 16;
  const triggers = state.index.triggers[request.market] as TriggerBook;
  triggers.remove(state.order, row, (request.flags & TRIGGER_ABOVE) !== 0);
  const above = triggersAbove(state, request);
  i32[at + FLAGS] = above ? request.flags | TRIGGER_ABOVE : request.flags & ~TRIGGER_ABOVE;
  i32[at + PRICE] = request.price;
  i32[at + SIZE] = request.size;
  i32[at + REMAINING] = request.size;
  i32[at + TRIGGER] = request.trigger;
  triggers.insert(state.order, row, above);
  tellAmended(state, row, order);
  return 0;
}

function amendOpen(state: State, row: number, order: number, total: number): number {
  const { i32 } = state.order;
  const at = row * 16;
  const position = i32[at + ORDER_POSITION] as number;
  const sell = request.flags & SELL;
  const priced = checkPrice(state, request, position);
  if (priced !== 0) return priced;
  const book = state.index.books[request.market] as Book;
  const remaining = i32[at + REMAINING] as number;
  const edges = state.position.i32;
  const highest = edges[position * 32 + POSITION.HIGHEST_BUY] as number;
  const lowest = edges[position * 32 + POSITION.LOWEST_SELL] as number;
  // The order as it is counts no more while the order as it would be is judged: its lots leave the sums and, for the open
  // loss, its own row shows none.
  removeOpenSize(state, position, sell, remaining, i32[at + PRICE] as number);
  i32[at + REMAINING] = 0;
  const refusal = judge(state, book, position, sell);
  if (refusal !== 0) {
    i32[at + REMAINING] = remaining;
    addOpenSize(state, position, sell, remaining, i32[at + PRICE] as number);
    edges[position * 32 + POSITION.HIGHEST_BUY] = highest;
    edges[position * 32 + POSITION.LOWEST_SELL] = lowest;
    return refusal;
  }
  book.remove(state.order, row);
  unlinkOrder(state, row);
  i32[at + PRICE] = request.price;
  i32[at + SIZE] = total;
  i32[at + REMAINING] = request.size;
  tellAmended(state, row, order);
  execute(state, row, request.size);
  return 0;
}

function judge(state: State, book: Book, position: number, sell: number): number {
  const { size, price, flags } = request;
  if (isBeyondLimit(state, request, position)) return REFUSAL.position_limit_exceeded;
  if ((flags & REDUCE_ONLY) !== 0 && !canOnlyReduce(state, position, sell, size, price)) {
    return REFUSAL.reduce_only_would_increase;
  }
  if (instructionOf(flags) === POST_ONLY && book.crosses(sell, price)) return REFUSAL.post_only_would_cross;
  return canBear(state, position, sell, size, price) ? 0 : REFUSAL.insufficient_margin;
}

function tellAmended(state: State, row: number, order: number): void {
  const { i32 } = state.order;
  const at = row * 16;
  state.order.touch(row);
  state.events.emit(
    EVENT.orderAmended,
    order,
    i32[at + ACCOUNT] as number,
    i32[at + ORDER_MARKET] as number,
    i32[at + PRICE] as number,
    i32[at + SIZE] as number,
    i32[at + TRIGGER] as number,
  );
}
