/** Trades of the actual world that would have happened all the same: the same accounts, price and size, in the same step. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';
import type { WorldObserver } from '../remedy/incident-worlds.ts';

export class HonestTrades {
  /** All trades of the actual world; those among them that are in the other as well, and their notional, 1e-8 USDC. */
  all = 0;
  honest = 0;
  notional = 0n;
  /** Trades of the step in the actual world, how often each. */
  private open = new Map<string, number>();

  /** Told of everything that happens in the worlds. */
  readonly observe: WorldObserver = (world, events, state) => {
    if (world === 'actual') this.takeActual(events);
    else if (world === 'other') this.takeOther(events, state);
  };

  private takeActual(events: EventBuffer): void {
    this.open = new Map();
    for (const at of fillsIn(events)) {
      const key = keyOf(events.values, at);
      this.open.set(key, (this.open.get(key) ?? 0) + 1);
      this.all++;
    }
  }

  private takeOther(events: EventBuffer, { market }: State): void {
    if (this.open.size === 0) return;
    for (const at of fillsIn(events)) {
      const { values } = events;
      const key = keyOf(values, at);
      const left = this.open.get(key) ?? 0;
      if (left === 0) continue;
      this.open.set(key, left - 1);
      this.honest++;
      const units = market.f64[(values[at + 2] as number) * 128 + MARKET.TICK_UNITS] as number;
      this.notional += BigInt((values[at + 7] as number) * units) * BigInt(values[at + 8] as number);
    }
  }
}

/** Places of the fills among events. */
function* fillsIn({ values, count }: EventBuffer): Generator<number> {
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) if (values[at] === EVENT.filled) yield at;
}

/** Market, accounts, price, size and side: names that a world gave by chance are not in it. */
function keyOf(values: Float64Array, at: number): string {
  return [2, 5, 6, 7, 8, 9].map((slot) => values[at + slot]).join(' ');
}
