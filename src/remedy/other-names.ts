/**
 * Orders and withdrawals of the actual world by the names that the counterfactual gave them. What was asked there is asked here; but
 * once the worlds differ, rows are used in another order and the same order has two ids.
 */
import { AMEND_ORDER, CANCEL_ORDER, COMMAND, SETTLE_WITHDRAWAL } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';

/** An id that no order and no withdrawal has: the counterfactual never had it. */
const NONE = 0;

/** Ids that one command gave out, in their order. */
export interface Given {
  readonly orders: readonly number[];
  readonly withdrawals: readonly number[];
}

/** What each command of a batch gave out, by its sequence. */
export function givenBy({ values, count }: EventBuffer): Map<number, { orders: number[]; withdrawals: number[] }> {
  const given = new Map<number, { orders: number[]; withdrawals: number[] }>();
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    const isOrder = values[at] === EVENT.orderAccepted;
    if (!isOrder && values[at] !== EVENT.withdrawalRequested) continue;
    const sequence = values[at + 1] as number;
    const of = given.get(sequence) ?? { orders: [], withdrawals: [] };
    if (isOrder) of.orders.push(values[at + 2] as number);
    else of.withdrawals.push(values[at + 3] as number);
    given.set(sequence, of);
  }
  return given;
}

export class OtherNames {
  private readonly orders = new Map<number, number>();
  private readonly withdrawals = new Map<number, number>();

  /** Renames what the command at `row` names, in place. */
  rename(words: Int32Array, floats: Float64Array, row: number): void {
    const kind = words[row * 16];
    if (kind === COMMAND.amendOrder) exchange(floats, row * 8 + AMEND_ORDER.ORDER, this.orders);
    else if (kind === COMMAND.cancelOrder) exchange(floats, row * 8 + CANCEL_ORDER.ORDER, this.orders);
    else if (kind === COMMAND.settleWithdrawal)
      exchange(floats, row * 8 + SETTLE_WITHDRAWAL.WITHDRAWAL, this.withdrawals);
  }

  /** Learns what the same command gave out in both worlds. */
  learn(actual: Given | undefined, other: Given | undefined): void {
    pair(actual?.orders ?? [], other?.orders ?? [], this.orders);
    pair(actual?.withdrawals ?? [], other?.withdrawals ?? [], this.withdrawals);
  }
}

function exchange(values: Float64Array, at: number, names: ReadonlyMap<number, number>): void {
  const id = values[at] as number;
  values[at] = names.get(id) ?? id;
}

/** Pairs by place: the n-th that one world gave is the n-th of the other. */
function pair(actual: readonly number[], other: readonly number[], names: Map<number, number>): void {
  actual.forEach((id, place) => {
    const name = other[place] ?? NONE;
    if (name !== id) names.set(id, name);
    else names.delete(id);
  });
}
