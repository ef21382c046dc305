/**
 * Reduce-only orders: they stay only while, taken with all orders of the same side that would fill before them, they cannot
 * close more than the position. Source: Paradex, "Order instructions": the least aggressive ones go first.
 */
import { FLAG } from './flags.ts';
import { closeOrder } from './order-list.ts';
import { CLOSE } from './refusal.ts';
import type { State } from './state.ts';
import { ORDER, POSITION } from './tables.ts';

const { PRICE, REMAINING, FLAGS, NEXT_OWN } = ORDER;
const { SIZE, FIRST_ORDER } = POSITION;
const { SELL, REDUCE_ONLY, UNTRIGGERED } = FLAG;

/** The open orders of a position on one side, most aggressive first; older before newer at one price. */
export function openOrdersOf(state: State, position: number, sell: number): number[] {
  const orders = state.order.i32;
  const rows: number[] = [];
  let row = state.position.i32[position * 32 + FIRST_ORDER] as number;
  for (; row !== 0; row = orders[row * 16 + NEXT_OWN] as number) {
    const flags = orders[row * 16 + FLAGS] as number;
    if ((flags & SELL) === sell && (flags & UNTRIGGERED) === 0) rows.push(row);
  }
  // The list is newest first and sort is stable, so reversing it first leaves the older one in front.
  const price = (order: number): number => orders[order * 16 + PRICE] as number;
  return rows.reverse().sort((a, b) => (sell === 0 ? price(b) - price(a) : price(a) - price(b)));
}

/** True when a reduce-only order of this side, size and price can only ever close what the position holds. */
export function canOnlyReduce(state: State, position: number, sell: number, size: number, price: number): boolean {
  const held = state.position.f64[position * 16 + SIZE] as number;
  if (held === 0 || held > 0 !== (sell !== 0)) return false;
  const orders = state.order.i32;
  let before = size;
  for (const row of openOrdersOf(state, position, sell)) {
    const other = orders[row * 16 + PRICE] as number;
    if (sell === 0 ? other < price : other > price) break;
    before += orders[row * 16 + REMAINING] as number;
  }
  return before <= Math.abs(held);
}

/** Ends every open reduce-only order of a position that could close more than the position holds, or would increase it. */
export function enforceReduceOnly(state: State, position: number): void {
  const held = state.position.f64[position * 16 + SIZE] as number;
  const orders = state.order.i32;
  for (const sell of [0, 1]) {
    const closable = held > 0 === (sell !== 0) ? Math.abs(held) : 0;
    let sum = 0;
    for (const row of openOrdersOf(state, position, sell)) {
      const remaining = orders[row * 16 + REMAINING] as number;
      if (((orders[row * 16 + FLAGS] as number) & REDUCE_ONLY) === 0 || sum + remaining <= closable) sum += remaining;
      else closeOrder(state, row, CLOSE.REDUCE_ONLY_WILL_INCREASE);
    }
  }
}
