/** The queue of orders at one tick of a ladder: first in, first out, linked through the rows of the order table. */
import type { Ladder } from './ladder.ts';
import type { Table } from './table.ts';
import { ORDER } from './tables.ts';

const { PREVIOUS, NEXT } = ORDER;

/** Puts an order last in the queue of `tick`. */
export function enqueue(ladder: Ladder, orders: Table, row: number, tick: number): void {
  const { i32 } = orders;
  const last = ladder.push(tick, row);
  i32[row * 16 + PREVIOUS] = last;
  i32[row * 16 + NEXT] = 0;
  if (last === 0) return;
  i32[last * 16 + NEXT] = row;
  orders.touch(last);
}

/** Takes an order out of the queue of `tick`; true when the tick is empty now. */
export function dequeue(ladder: Ladder, orders: Table, row: number, tick: number): boolean {
  const { i32 } = orders;
  const before = i32[row * 16 + PREVIOUS] as number;
  const after = i32[row * 16 + NEXT] as number;
  if (before === 0 && after === 0) {
    ladder.vacate(tick);
    return true;
  }
  if (before === 0) ladder.setHead(tick, after);
  else {
    i32[before * 16 + NEXT] = after;
    orders.touch(before);
  }
  if (after === 0) ladder.setTail(tick, before);
  else {
    i32[after * 16 + PREVIOUS] = before;
    orders.touch(after);
  }
  return false;
}

/** Rebuilds the ladder's side of a queue from an order that is first or last in it (or both, or neither). */
export function restoreEnds(ladder: Ladder, tick: number, row: number, first: boolean, last: boolean): void {
  if (ladder.head(tick) === 0 && ladder.tail(tick) === 0) ladder.occupy(tick, row);
  if (first) ladder.setHead(tick, row);
  if (last) ladder.setTail(tick, row);
}
