/** The order book of one market: price-time priority, both sides on one ladder. Derived from the order table. */
import { Ladder, type LadderHeap, TICK_LIMIT } from './ladder.ts';
import { dequeue, enqueue, restoreEnds } from './queue.ts';
import type { Table } from './table.ts';
import { ORDER } from './tables.ts';

const { PRICE } = ORDER;

export class Book {
  /** Bids and asks share it: the book is never crossed, so all ticks below the best ask are bids. */
  readonly ladder: Ladder;
  /** Highest bid, 0 if there is none. */
  bestBid = 0;
  /** Lowest ask, `TICK_LIMIT` if there is none. */
  bestAsk = TICK_LIMIT;

  constructor(heap: LadderHeap) {
    this.ladder = new Ladder(heap);
  }

  /** True when an order of this side and price would trade at once. */
  crosses(sell: number, price: number): boolean {
    return sell === 0 ? price >= this.bestAsk : price <= this.bestBid;
  }

  /** Puts an order, which must not cross, last at its price. */
  insert(orders: Table, row: number, sell: number): void {
    const price = orders.i32[row * 16 + PRICE] as number;
    enqueue(this.ladder, orders, row, price);
    if (sell === 0) {
      if (price > this.bestBid) this.bestBid = price;
    } else if (price < this.bestAsk) this.bestAsk = price;
  }

  /** Takes an order out. */
  remove(orders: Table, row: number): void {
    const price = orders.i32[row * 16 + PRICE] as number;
    if (!dequeue(this.ladder, orders, row, price)) return;
    if (price === this.bestBid) this.bestBid = this.ladder.below(price);
    else if (price === this.bestAsk) this.bestAsk = this.ladder.above(price);
  }

  restore(sell: number, price: number, row: number, first: boolean, last: boolean): void {
    restoreEnds(this.ladder, price, row, first, last);
    if (sell === 0) this.bestBid = Math.max(this.bestBid, price);
    else this.bestAsk = Math.min(this.bestAsk, price);
  }
}
