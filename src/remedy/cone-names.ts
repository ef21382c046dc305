/**
 * Names of orders in the parts of the worlds: each order gets the row and the generation that it had in the actual world, so that commands name it
 * in both. Where that row is taken in the other world (its order lives on there), it gets a row that nobody ever had, and a second name.
 */
import { AMEND_ORDER, CANCEL_ORDER, COMMAND } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { ORDER, VENUE } from '../engine/tables.ts';
import type { TouchIndex } from './touch-index.ts';

const ROWS = 2 ** 24;
const NONE: readonly number[] = [];

export class ConeNames {
  /** Orders of the actual world that have another name in the other one. */
  readonly renamed = new Map<number, number>();
  private readonly index: TouchIndex;

  constructor(index: TouchIndex) {
    this.index = index;
  }

  /** What command `number` gave out in the actual world. */
  givenBy(number: number): readonly number[] {
    const batch = this.index.givenByBatch.get(number);
    if (batch !== undefined) return batch;
    const given = this.index.given.at(number);
    return given === 0 ? NONE : [given];
  }

  /** Makes the rows of these orders the next that the table gives out; behind them it gives out rows that are new. */
  offer({ order }: State, ids: readonly number[]): void {
    order.free = 0;
    for (let place = ids.length - 1; place >= 0; place--) {
      const id = ids[place] as number;
      const row = id % ROWS;
      const at = row * 16;
      if (row >= order.rows || order.i32[at + ORDER.SIZE] !== 0) continue;
      // An order of the same batch that ended at once gave its row back: it comes by itself a second time.
      if (ids.findIndex((other) => other % ROWS === row) < place) continue;
      order.i32[at] = order.free;
      order.i32[at + ORDER.GENERATION] = Math.floor(id / ROWS);
      order.free = row;
    }
  }

  /** Makes the next withdrawal's number that of command `number` in the actual world. */
  offerWithdrawal({ venue }: State, number: number): void {
    const id = this.index.given.at(number);
    if (id !== 0) venue.f64[venue.rowFloats + VENUE.WITHDRAWALS] = id - 1;
  }

  /** Learns what the same command gave out in the other world: the n-th order there is the n-th here. */
  learn(ids: readonly number[], { events: { values, count } }: State): void {
    let place = 0;
    for (let at = 0; at < count * EVENT_FLOATS && place < ids.length; at += EVENT_FLOATS) {
      if (values[at] !== EVENT.orderAccepted) continue;
      const id = ids[place++] as number;
      if (values[at + 2] === id) this.renamed.delete(id);
      else this.renamed.set(id, values[at + 2] as number);
    }
  }

  /** Renames the order that a command names, in place. */
  rename(words: Int32Array, floats: Float64Array): void {
    if (this.renamed.size === 0) return;
    const kind = words[0];
    const at = kind === COMMAND.cancelOrder ? CANCEL_ORDER.ORDER : kind === COMMAND.amendOrder ? AMEND_ORDER.ORDER : -1;
    if (at < 0) return;
    floats[at] = this.renamed.get(floats[at] as number) ?? (floats[at] as number);
  }
}
