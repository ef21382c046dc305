/** The list of a position's orders, newest first, and the counts that go with it. */
import { FLAG } from './flags.ts';
import { GENERATION_LIMIT, orderId } from './order-id.ts';
import { EVENT } from './event.ts';
import { removeOpenSize } from './position.ts';
import type { State } from './state.ts';
import { CLIENT_ID as CLIENT_ID_COLUMNS, ORDER, POSITION } from './tables.ts';
import type { Book } from './book.ts';
import type { TriggerBook } from './trigger-book.ts';

const { SIZE, FLAGS, POSITION: ORDER_POSITION, PREVIOUS_OWN, NEXT_OWN, CLIENT_ID, GENERATION, ACCOUNT, MARKET } = ORDER;
const { PRICE, REMAINING } = ORDER;
const { FIRST_ORDER, ORDER_COUNT, REDUCE_ONLY_COUNT } = POSITION;
const { SELL, REDUCE_ONLY, UNTRIGGERED, TRIGGER_ABOVE } = FLAG;

/** Puts a live order first in the list of its position. */
export function linkOrder(state: State, row: number): void {
  const orders = state.order.i32;
  const { i32 } = state.position;
  const at = row * 16;
  const position = orders[at + ORDER_POSITION] as number;
  const first = i32[position * 32 + FIRST_ORDER] as number;
  orders[at + PREVIOUS_OWN] = 0;
  orders[at + NEXT_OWN] = first;
  if (first !== 0) {
    orders[first * 16 + PREVIOUS_OWN] = row;
    state.order.touch(first);
  }
  i32[position * 32 + FIRST_ORDER] = row;
  i32[position * 32 + ORDER_COUNT] = (i32[position * 32 + ORDER_COUNT] as number) + 1;
  if (((orders[at + FLAGS] as number) & REDUCE_ONLY) !== 0) {
    i32[position * 32 + REDUCE_ONLY_COUNT] = (i32[position * 32 + REDUCE_ONLY_COUNT] as number) + 1;
  }
  state.position.touch(position);
}

/** Takes an order out of the list of its position and gives its row back. It must be in no book any more. */
export function releaseOrder(state: State, row: number): void {
  unlinkOrder(state, row);
  discardOrder(state, row);
}

/** Takes an order out of the list of its position. */
export function unlinkOrder(state: State, row: number): void {
  const orders = state.order.i32;
  const { i32 } = state.position;
  const at = row * 16;
  const position = orders[at + ORDER_POSITION] as number;
  const before = orders[at + PREVIOUS_OWN] as number;
  const after = orders[at + NEXT_OWN] as number;
  if (before === 0) i32[position * 32 + FIRST_ORDER] = after;
  else {
    orders[before * 16 + NEXT_OWN] = after;
    state.order.touch(before);
  }
  if (after !== 0) {
    orders[after * 16 + PREVIOUS_OWN] = before;
    state.order.touch(after);
  }
  i32[position * 32 + ORDER_COUNT] = (i32[position * 32 + ORDER_COUNT] as number) - 1;
  if (((orders[at + FLAGS] as number) & REDUCE_ONLY) !== 0) {
    i32[position * 32 + REDUCE_ONLY_COUNT] = (i32[position * 32 + REDUCE_ONLY_COUNT] as number) - 1;
  }
  state.position.touch(position);
}

/** Gives back the row of an order that is in no list: its id names nothing from now on. */
export function discardOrder(state: State, row: number): void {
  const orders = state.order.i32;
  const at = row * 16;
  const clientId = orders[at + CLIENT_ID] as number;
  if (clientId !== 0) {
    state.index.clientIds.remove(state.clientId, clientId);
    state.clientId.i32[clientId * 32 + CLIENT_ID_COLUMNS.LENGTH] = 0;
    state.clientId.release(clientId);
  }
  orders[at + SIZE] = 0;
  const generation = (orders[at + GENERATION] as number) + 1;
  orders[at + GENERATION] = generation;
  if (generation < GENERATION_LIMIT) state.order.release(row);
  else state.order.retire(row);
}

/** Ends a live order: takes it out of its book and its position's sizes, tells it, gives the row back. */
export function closeOrder(state: State, row: number, reason: number): void {
  const orders = state.order.i32;
  const at = row * 16;
  const flags = orders[at + FLAGS] as number;
  const market = orders[at + MARKET] as number;
  if ((flags & UNTRIGGERED) !== 0) {
    (state.index.triggers[market] as TriggerBook).remove(state.order, row, (flags & TRIGGER_ABOVE) !== 0);
  } else {
    (state.index.books[market] as Book).remove(state.order, row);
    removeOpenSize(
      state,
      orders[at + ORDER_POSITION] as number,
      flags & SELL,
      orders[at + REMAINING] as number,
      orders[at + PRICE] as number,
    );
  }
  tellClosed(state, row, reason);
  releaseOrder(state, row);
}

/** Emits the end of an order. */
export function tellClosed(state: State, row: number, reason: number): void {
  const orders = state.order.i32;
  const at = row * 16;
  const account = orders[at + ACCOUNT] as number;
  const market = orders[at + MARKET] as number;
  state.events.emit(EVENT.orderClosed, orderId(state, row), account, market, reason, orders[at + REMAINING] as number);
}
