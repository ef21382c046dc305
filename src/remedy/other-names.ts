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

/** Where a command names an order or a withdrawal: the float that holds its id. */
export interface NamedId {
  readonly at: number;
  readonly isWithdrawal: boolean;
}

/** The place of the id that the command at `row` names; undefined when it names none. */
export function namedId(words: Int32Array, row: number): NamedId | undefined {
  switch (words[row * 16]) {
    case COMMAND.amendOrder:
      return { at: row * 8 + AMEND_ORDER.ORDER, isWithdrawal: false };
    case COMMAND.cancelOrder:
      return { at: row * 8 + CANCEL_ORDER.ORDER, isWithdrawal: false };
    case COMMAND.settleWithdrawal:
      return { at: row * 8 + SETTLE_WITHDRAWAL.WITHDRAWAL, isWithdrawal: true };
    default:
      return undefined;
  }
}

export class OtherNames {
  private readonly orders = new Map<number, number>();
  private readonly withdrawals = new Map<number, number>();

  /** Renames what the command at `row` names, in place. */
  rename(words: Int32Array, floats: Float64Array, row: number): void {
    const named = namedId(words, row);
    if (named === undefined) return;
    const id = floats[named.at] as number;
    floats[named.at] = (named.isWithdrawal ? this.withdrawals : this.orders).get(id) ?? id;
  }

  /** The other world's id of an order; 0 when it never had it. */
  order(id: number): number {
    return this.orders.get(id) ?? id;
  }

  /** An order or a withdrawal has this id in the other world; 0 when it is not there. */
  name(isWithdrawal: boolean, id: number, other: number): void {
    (isWithdrawal ? this.withdrawals : this.orders).set(id, other);
  }

  /** Learns the ids that one command gave out in both worlds: the n-th of the one is the n-th of the other. */
  learn(actual: EventRun, other: EventRun): void {
    pair(EVENT.orderAccepted, ORDER_AT, actual, other, this.orders);
    pair(EVENT.withdrawalRequested, WITHDRAWAL_AT, actual, other, this.withdrawals);
  }
}

function pair(kind: number, slot: number, actual: EventRun, other: EventRun, names: Map<number, number>): void {
  let place = next(kind, other, other.from);
  for (let event = next(kind, actual, actual.from); event < actual.to; event = next(kind, actual, event + 1)) {
    const id = actual.values[event * EVENT_FLOATS + slot] as number;
    const name = place < other.to ? (other.values[place * EVENT_FLOATS + slot] as number) : NONE;
    if (name !== id) names.set(id, name);
    else if (names.size > 0) names.delete(id);
    if (place < other.to) place = next(kind, other, place + 1);
  }
}

/** The first event of a kind from event `from` on; `to` when there is none. */
function next(kind: number, { values, to }: EventRun, from: number): number {
  let event = from;
  while (event < to && values[event * EVENT_FLOATS] !== kind) event++;
  return event;
}
