/** The untriggered orders of one market, by trigger price. Derived from the order table. */
import { Ladder, type LadderHeap, TICK_LIMIT } from './ladder.ts';
import { dequeue, enqueue, restoreEnds } from './queue.ts';
import type { Table } from './table.ts';
import { ORDER } from './tables.ts';

const { NEXT, TRIGGER } = ORDER;

export class TriggerBook {
  /** Orders that fire when the mark is at or above their trigger, and those that fire at or below. */
  private readonly above: Ladder;
  private readonly below: Ladder;

  constructor(heap: LadderHeap) {
    this.above = new Ladder(heap);
    this.below = new Ladder(heap);
  }

  insert(orders: Table, row: number, above: boolean): void {
    enqueue(above ? this.above : this.below, orders, row, orders.i32[row * 16 + TRIGGER] as number);
  }

  remove(orders: Table, row: number, above: boolean): void {
    dequeue(above ? this.above : this.below, orders, row, orders.i32[row * 16 + TRIGGER] as number);
  }

  restore(above: boolean, trigger: number, row: number, first: boolean, last: boolean): void {
    restoreEnds(above ? this.above : this.below, trigger, row, first, last);
  }

  /** Calls `due` for each order whose trigger the mark (in whole ticks, rounded both ways) has reached, nearest first. */
  forEachDue(orders: Table, markFloor: number, markCeil: number, due: (row: number) => void): void {
    for (let tick = this.above.above(1); tick <= markFloor && tick < TICK_LIMIT; tick = this.above.above(tick + 1)) {
      for (let row = this.above.head(tick); row !== 0; row = orders.i32[row * 16 + NEXT] as number) due(row);
    }
    for (let tick = this.below.below(TICK_LIMIT - 1); tick >= markCeil && tick > 0; tick = this.below.below(tick - 1)) {
      for (let row = this.below.head(tick); row !== 0; row = orders.i32[row * 16 + NEXT] as number) due(row);
    }
  }
}
