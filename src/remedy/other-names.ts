/**
 * Orders and withdrawals of one world by the names that another gave them. What was asked there is asked here; but once the worlds
 * differ, rows are used in another order and the same order has two ids.
 */
import { AMEND_ORDER, CANCEL_ORDER, COMMAND, SETTLE_WITHDRAWAL } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import type { EventRun } from './outcome.ts';

/** An id that no order and no withdrawal has: the other world never had it. */
const NONE = 0;
/** Slots of the id in the events that give one out. */
const ORDER_AT = 2;
const WITHDRAWAL_AT = 3;

export class OtherNames {
  private readonly orders = new Map<number, number>();
  private readonly withdrawals = new Map<number, number>();

  /** Renames what the command at `row` names, in place. */
  rename(words: Int32Array, floats: Float64Array, row: number): void {
    const kind = words[row * 16];
    if (kind === COMMAND.amendOrder) exchange(floats, row * 8 + AMEND_ORDER.ORDER, this.orders);
    else if (kind === COMMAND.cancelOrder) exchange(floats, row * 8 + CANCEL_ORDER.ORDER, this.orders);
    else if (kind === COMMAND.settleWithdrawal) {
      exchange(floats, row * 8 + SETTLE_WITHDRAWAL.WITHDRAWAL, this.withdrawals);
    }
  }

  /** The other world's id of an order; 0 when it never had it. */
  order(id: number): number {
    return this.orders.get(id) ?? id;
  }

  /** Learns the ids that one command gave out in both worlds: the n-th of the one is the n-th of the other. */
  learn(actual: EventRun, other: EventRun): void {
    pair(EVENT.orderAccepted, ORDER_AT, actual, other, this.orders);
    pair(EVENT.withdrawalRequested, WITHDRAWAL_AT, actual, other, this.withdrawals);
  }
}

function exchange(values: Float64Array, at: number, names: ReadonlyMap<number, number>): void {
  const id = values[at] as number;
  values[at] = names.get(id) ?? id;
}

function pair(kind: number, slot: number, actual: EventRun, other: EventRun, names: Map<number, number>): void {
  let place = next(kind, other, other.from);
  for (let event = next(kind, actual, actual.from); event < actual.to; event = next(kind, actual, event + 1)) {
    const id = actual.values[event * EVENT_FLOATS + slot] as number;
    const name = place < other.to ? (other.values[place * EVENT_FLOATS + slot] as number) : NONE;
    if (name !== id) names.set(id, name);
    else names.delete(id);
    if (place < other.to) place = next(kind, other, place + 1);
  }
}

/** The first event of a kind from event `from` on; `to` when there is none. */
function next(kind: number, { values, to }: EventRun, from: number): number {
  let event = from;
  while (event < to && values[event * EVENT_FLOATS] !== kind) event++;
  return event;
}
