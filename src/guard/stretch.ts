/** Commands up to a tick, read once: what is no order among them, and how old and how new the times are that they claim. */
import { COMMAND } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';

const { placeOrder: FIRST_OF_ORDERS, setLeverage: LAST_OF_ORDERS, tick: TICK } = COMMAND;

/** True for what traders submit at rate: orders, amendments, cancels, leverage. */
export function isOfOrders(kind: number): boolean {
  return kind >= FIRST_OF_ORDERS && kind <= LAST_OF_ORDERS;
}

export class Stretch {
  from = 0;
  /** The row behind the tick, or behind all there are. */
  to = 0;
  /** First rows of the commands that are of no order. */
  readonly others: number[] = [];
  /** The newest time of all, and the oldest of an order; what is no time counts for nothing. */
  newestMs = 0;
  private oldestOrderMs = 0;

  /** Reads the commands from row `from` up to the first tick. */
  read({ i32, f64, rows }: CommandBuffer, from: number): void {
    const { others } = this;
    others.length = 0;
    let newestMs = 0;
    let oldestOrderMs = Number.POSITIVE_INFINITY;
    let row = from;
    for (let kind = 0; row < rows && kind !== TICK; ) {
      kind = i32[row * 16] as number;
      const timeMs = f64[row * 8 + 1] as number;
      if (kind >= FIRST_OF_ORDERS && kind <= LAST_OF_ORDERS) {
        if (timeMs < oldestOrderMs) oldestOrderMs = timeMs;
      } else others.push(row);
      if (timeMs > newestMs) newestMs = timeMs;
      const claimed = i32[row * 16 + 1] as number;
      row += claimed > 1 ? claimed : 1;
    }
    this.from = from;
    this.to = row < rows ? row : rows;
    this.newestMs = newestMs;
    this.oldestOrderMs = oldestOrderMs;
  }

  /** True when all of a batch of so many rows was read, and nothing of it is of no order. */
  isOrdersAlone(rows: number): boolean {
    return this.to === rows && this.others.length === 0;
  }

  /** True when an order may lag further than `lagMs` behind the newest of what comes with it and of `clockMs`. */
  isLate(clockMs: number, lagMs: number): boolean {
    return Math.max(clockMs, this.newestMs) - this.oldestOrderMs > lagMs;
  }

  /** First rows of all commands that were read. */
  all({ i32 }: CommandBuffer): number[] {
    const rows: number[] = [];
    for (let row = this.from; row < this.to; row += Math.max(1, i32[row * 16 + 1] as number)) rows.push(row);
    return rows;
  }
}
