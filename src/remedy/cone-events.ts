/** What one command told in both parts of the worlds: whether it is the same, and whom it names. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';

/** Slots of an event that hold accounts, and of those that hold names of orders: they may differ though nothing else does. */
const ACCOUNTS: readonly (readonly number[])[] = slots([
  [EVENT.deposited, [2]],
  [EVENT.withdrawalRequested, [2]],
  [EVENT.withdrawalSettled, [2]],
  [EVENT.transferred, [2, 3]],
  [EVENT.orderAccepted, [3]],
  [EVENT.orderAmended, [3]],
  [EVENT.orderClosed, [3]],
  [EVENT.orderTriggered, [3]],
  [EVENT.filled, [5, 6]],
  [EVENT.fundingSettled, [2]],
  [EVENT.leverageSet, [2]],
  [EVENT.liquidated, [2]],
  [EVENT.positionTaken, [2]],
  [EVENT.positionSettled, [2]],
]);
const ORDERS: readonly (readonly number[])[] = slots([
  [EVENT.orderAccepted, [2]],
  [EVENT.orderAmended, [2]],
  [EVENT.orderClosed, [2]],
  [EVENT.orderTriggered, [2]],
  [EVENT.triggerDue, [2]],
  [EVENT.cancelDue, [2]],
  [EVENT.filled, [3, 4]],
]);
/** The number of a trade counts those of the whole venue. */
const TRADE = 14;

function slots(of: readonly (readonly [number, readonly number[]])[]): readonly (readonly number[])[] {
  const table: (readonly number[])[] = Array.from({ length: 256 }, () => []);
  for (const [kind, places] of of) table[kind] = places;
  return table;
}

/** Calls `see` with every account that an event names; some more than once. */
export function forEachAccount({ values, count }: EventBuffer, see: (account: number) => void): void {
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    for (const slot of ACCOUNTS[values[at] as number] as readonly number[]) see(values[at + slot] as number);
  }
}

/** True when a command told nothing but that it was refused, or was not given. */
export function isRefusal({ values, count }: EventBuffer): boolean {
  return count === 0 || (count === 1 && values[0] === EVENT.refused);
}

/** True when both told the same; `names` are the orders of the actual world that have another name in the other. */
export function toldSame(actual: EventBuffer, other: EventBuffer, names: ReadonlyMap<number, number>): boolean {
  if (actual.count !== other.count) return false;
  for (let at = 0; at < actual.count * EVENT_FLOATS; at += EVENT_FLOATS) {
    const kind = actual.values[at] as number;
    if (kind !== other.values[at]) return false;
    const orders = ORDERS[kind] as readonly number[];
    for (let slot = 2; slot < EVENT_FLOATS; slot++) {
      const [here, there] = [actual.values[at + slot] as number, other.values[at + slot] as number];
      if (here === there || (kind === EVENT.filled && slot === TRADE)) continue;
      if (orders.includes(slot) && names.get(here) === there) continue;
      return false;
    }
  }
  return true;
}
