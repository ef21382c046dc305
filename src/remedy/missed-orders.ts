/**
 * Orders that a halt kept out of the actual world: refused there because the venue or the market was halted, taken in the world as it
 * would have been. An account's orders of a batch in a market come in the same order in both, so the n-th of one is the n-th of the other.
 */
import { COMMAND } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { REFUSAL } from '../engine/refusal.ts';

const HALTS: ReadonlySet<number> = new Set([
  REFUSAL.venue_in_maintenance,
  REFUSAL.market_in_maintenance,
  REFUSAL.market_cancel_only,
  REFUSAL.market_post_only,
  REFUSAL.operation_paused,
]);

const MARKETS = 4_096;

/** What came of an order: the halt that refused it, another refusal, or the id it was given. */
interface Outcome {
  readonly isHalted: boolean;
  /** 0: it was refused. */
  readonly order: number;
}

/** Outcomes of one batch by account and market, in their order. */
export type Outcomes = ReadonlyMap<number, readonly Outcome[]>;

/** True when it is a halt that refuses for this. */
export function isHaltRefusal(refusal: number): boolean {
  return HALTS.has(refusal);
}

/** True when a halt refused an order of the batch. */
export function hasHaltedOrder({ values, count }: EventBuffer): boolean {
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS)
    if (outcomeAt(values, at)?.isHalted === true) return true;
  return false;
}

/** The outcomes of all orders of a batch. */
export function outcomesOf({ values, count }: EventBuffer): Outcomes {
  const outcomes = new Map<number, Outcome[]>();
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    const outcome = outcomeAt(values, at);
    if (outcome === undefined) continue;
    const from = values[at] === EVENT.refused ? at + 4 : at + 3;
    const key = (values[from] as number) * MARKETS + (values[from + 1] as number);
    outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
  }
  return outcomes;
}

function outcomeAt(values: Float64Array, at: number): Outcome | undefined {
  if (values[at] === EVENT.orderAccepted) return { isHalted: false, order: values[at + 2] as number };
  if (values[at] !== EVENT.refused) return undefined;
  if (values[at + 2] !== COMMAND.placeOrder) return undefined;
  return { isHalted: HALTS.has(values[at + 3] as number), order: 0 };
}

/** Ids of the orders of the other world whose like a halt refused in the actual one. */
export function missedOrders(actual: Outcomes, other: Outcomes): number[] {
  const missed: number[] = [];
  for (const [key, outcomes] of actual) {
    const others = other.get(key);
    if (others === undefined || others.length !== outcomes.length) continue;
    outcomes.forEach(({ isHalted }, place) => {
      const order = others[place]?.order ?? 0;
      if (isHalted && order !== 0) missed.push(order);
    });
  }
  return missed;
}
