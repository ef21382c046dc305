/**
 * What the engine proposed in the actual world and its guard held: had the guard doubted it for another reason than the falsehood, it would
 * have held it in the world as it would have been as well. So what was held there is not forced here either, at that tick.
 */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { OtherNames } from './other-names.ts';

/** A proposal, the event that tells that it happened, and the slots that name whom it is about: an account and market, or an order. */
const PROPOSALS = [
  { due: EVENT.liquidationDue, done: EVENT.liquidated, slots: [0], isOrder: false },
  { due: EVENT.triggerDue, done: EVENT.orderTriggered, slots: [0], isOrder: true },
  { due: EVENT.cancelDue, done: EVENT.orderClosed, slots: [0], isOrder: true },
  { due: EVENT.settlementDue, done: EVENT.positionSettled, slots: [0, 1], isOrder: false },
] as const;

type Kind = (typeof PROPOSALS)[number];

export class HeldProposals {
  private readonly keys: ReadonlySet<string>;

  constructor(keys: ReadonlySet<string>) {
    this.keys = keys;
  }

  /** Whether event number `event` of another world, in which orders have these names, proposes what was held. */
  has({ values }: EventBuffer, event: number, names: OtherNames): boolean {
    if (this.keys.size === 0) return false;
    const kind = PROPOSALS.find(({ due }) => due === values[event * EVENT_FLOATS]);
    if (kind === undefined) return false;
    if (!kind.isOrder) return this.keys.has(keyOf(kind, values, event));
    const own = values[event * EVENT_FLOATS + 2] as number;
    for (const key of this.keys) {
      const [due, order] = key.split(' ').map(Number) as [number, number];
      if (due === kind.due && names.order(order) === own) return true;
    }
    return false;
  }
}

export const NOTHING_HELD = new HeldProposals(new Set());

function keyOf({ due, slots }: Kind, values: Float64Array, event: number): string {
  return `${due} ${slots.map((slot) => values[event * EVENT_FLOATS + 2 + slot]).join(' ')}`;
}

/** An order that was closed meanwhile could not fire: that was not held. */
function isDone({ done, isOrder }: Kind, what: number | undefined): boolean {
  return done === what || (isOrder && what === EVENT.orderClosed);
}

/** What the events of the actual world propose and do not say was done. */
export function heldProposals({ values, count }: EventBuffer): HeldProposals {
  let open: Set<string> | undefined;
  for (let event = 0; event < count; event++) {
    const what = values[event * EVENT_FLOATS];
    const due = PROPOSALS.find((each) => each.due === what);
    if (due !== undefined) {
      open ??= new Set();
      open.add(keyOf(due, values, event));
    } else if (open !== undefined) {
      for (const done of PROPOSALS) if (isDone(done, what)) open.delete(keyOf(done, values, event));
    }
  }
  return open === undefined || open.size === 0 ? NOTHING_HELD : new HeldProposals(open);
}
