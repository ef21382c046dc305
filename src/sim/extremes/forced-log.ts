/** The forced actions of one world: who was hit, when, in order. */
import { COMMAND } from '../../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../../engine/event.ts';
import type { World } from './world.ts';

const LIMB = 2 ** 50;

/** Kinds of forced actions, as counted. */
export interface ForcedCounts {
  liquidations: number;
  triggers: number;
  cancels: number;
  settlements: number;
}

export class ForcedLog {
  readonly counts: ForcedCounts = { liquidations: 0, triggers: 0, cancels: 0, settlements: 0 };
  /** Times of each action by what it hits: an account, or an order by its name in the unguarded world. */
  readonly times = new Map<string, number[]>();
  /** Most liquidations by one tick, and within a minute. */
  mostAtOnce = 0;
  mostInAMinute = 0;
  /** What accounts that were liquidated with less than nothing lacked, 1e-8 USDC: the insurance fund pays it. */
  shortfall = 0;
  private readonly minutes = new Map<number, number>();

  /** Takes in the last batch of a world, which ended with the tick at `timeMs`. */
  take(world: World, timeMs: number, nameOf: (order: number) => number): void {
    if (world.forced.size === 0) return;
    const { values, count } = world.events;
    const before = this.counts.liquidations;
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      const kind = world.forced.get(values[at + 1] as number);
      if (kind === undefined) continue;
      const first = values[at + 2] as number;
      if (values[at] === EVENT.liquidated) {
        this.add('liquidations', liquidationName(first), timeMs);
        this.shortfall += Math.max(0, -((values[at + 5] as number) * LIMB + (values[at + 6] as number)));
      } else if (values[at] === EVENT.orderTriggered) this.add('triggers', orderName(nameOf(first)), timeMs);
      else if (values[at] === EVENT.orderClosed && kind === COMMAND.forceCancel) {
        this.add('cancels', orderName(nameOf(first)), timeMs);
      } else if (values[at] === EVENT.positionSettled) {
        this.add('settlements', settlementName(first, values[at + 3] as number), timeMs);
      }
    }
    const now = this.counts.liquidations - before;
    const minute = Math.floor(timeMs / 60_000);
    const inMinute = (this.minutes.get(minute) ?? 0) + now;
    this.minutes.set(minute, inMinute);
    this.mostAtOnce = Math.max(this.mostAtOnce, now);
    this.mostInAMinute = Math.max(this.mostInAMinute, inMinute);
  }

  private add(kind: keyof ForcedCounts, name: string, timeMs: number): void {
    this.counts[kind]++;
    const times = this.times.get(name);
    if (times === undefined) this.times.set(name, [timeMs]);
    else times.push(timeMs);
  }
}

export function liquidationName(account: number): string {
  return `account ${account}`;
}

export function orderName(order: number): string {
  return `order ${order}`;
}

export function settlementName(account: number, market: number): string {
  return `account ${account} in market ${market}`;
}
