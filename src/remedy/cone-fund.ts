/**
 * The insurance fund's own orders in the other part of a cone: taken as recorded while it holds the same in both parts, made anew by what it holds
 * where it does not; as in the full replay (`other-world.ts`).
 */
import { applyCommand } from '../engine/apply.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { holdsSame, type Unwind } from './other-world.ts';
import type { TouchIndex } from './touch-index.ts';

export class ConeFund {
  /** It held something else than in the actual part when the step began. */
  isApart = false;
  private readonly index: TouchIndex;
  private readonly actual: State;
  private readonly other: State;
  private readonly unwind: Unwind | undefined;
  private readonly orders = new CommandBuffer(8);
  /** It was worked off since the last tick. */
  private isUnwound = false;
  private chunk = -1;
  private isStepOver = true;

  constructor(index: TouchIndex, actual: State, other: State, unwind: Unwind | undefined) {
    this.index = index;
    this.actual = actual;
    this.other = other;
    this.unwind = unwind;
  }

  /** Command `number` comes next. A step ends behind a tick and where a recorded batch does; the fund is looked at when one begins. */
  begin(number: number): void {
    const chunk = this.index.chunkOf.at(number);
    if (chunk === this.chunk && !this.isStepOver) return;
    this.chunk = chunk;
    this.isStepOver = false;
    this.isApart = this.unwind !== undefined && !holdsSame(this.actual, this.other, INSURANCE_FUND);
  }

  /** A tick was applied to both parts: the fund may order again. */
  tick(): void {
    this.isUnwound = false;
    this.isStepOver = true;
  }

  /** It orders by what it holds in the other part, before command `number`: once between two ticks. */
  order(number: number, timeMs: number): void {
    if (this.isUnwound) return;
    this.isUnwound = true;
    const { orders, other } = this;
    orders.clear();
    this.unwind?.(other, timeMs, orders);
    for (let row = 0; row < orders.rows; ) {
      other.order.free = 0;
      countAs(other, this.index, number);
      row += applyCommand(other, orders.i32, orders.f64, row, orders.rows);
    }
  }
}

/** What is applied next counts as command `number` in a part as well. */
export function countAs({ venue }: State, { firstSequence }: TouchIndex, number: number): void {
  venue.f64[venue.rowFloats + VENUE.SEQUENCE] = firstSequence + number - 1;
}
