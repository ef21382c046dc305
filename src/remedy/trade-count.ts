/** Trades of the actual world that would have happened all the same: the same accounts, price and size, in the same step. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';

/** How many trades, and their notional, 1e-8 USDC. */
export interface TradeSum {
  readonly trades: number;
  readonly notional: bigint;
}

/** Trades of one step of the actual world that the other has not had yet. */
export class OpenTrades {
  /** Notional of a trade, and how often it is open, by what it is. */
  private readonly open = new Map<string, { count: number; readonly notional: bigint }>();

  /** Takes trades of the actual world; returns what they sum to. */
  add(events: EventBuffer, state: State): TradeSum {
    let [trades, sum] = [0, 0n];
    for (const at of fillsIn(events)) {
      const notional = notionalAt(events, at, state);
      trades++;
      sum += notional;
      const key = keyOf(events.values, at);
      const known = this.open.get(key);
      if (known === undefined) this.open.set(key, { count: 1, notional });
      else known.count++;
    }
    return { trades, notional: sum };
  }

  /** Takes trades of the other world from event number `from` on: those that the actual one has had are not open any more. */
  match(events: EventBuffer, from = 0): TradeSum {
    let [trades, sum] = [0, 0n];
    if (this.open.size === 0) return { trades, notional: sum };
    for (const at of fillsIn(events, from)) {
      const known = this.open.get(keyOf(events.values, at));
      if (known === undefined || known.count === 0) continue;
      known.count--;
      trades++;
      sum += known.notional;
    }
    return { trades, notional: sum };
  }

  /** What is open still; the step is over. */
  close(): TradeSum {
    let [trades, sum] = [0, 0n];
    for (const { count, notional } of this.open.values()) {
      trades += count;
      sum += BigInt(count) * notional;
    }
    this.open.clear();
    return { trades, notional: sum };
  }
}

/** Trades among events, and their notional. */
export function tradesIn(events: EventBuffer, state: State): TradeSum {
  let [trades, notional] = [0, 0n];
  for (const at of fillsIn(events)) {
    trades++;
    notional += notionalAt(events, at, state);
  }
  return { trades, notional };
}

function notionalAt({ values }: EventBuffer, at: number, { market }: State): bigint {
  const units = market.f64[(values[at + 2] as number) * 128 + MARKET.TICK_UNITS] as number;
  return BigInt((values[at + 7] as number) * units) * BigInt(values[at + 8] as number);
}

/** Places of the fills among events. */
function* fillsIn({ values, count }: EventBuffer, from = 0): Generator<number> {
  for (let at = from * EVENT_FLOATS; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (values[at] === EVENT.filled) yield at;
  }
}

/** Market, accounts, price, size and side: names that a world gave by chance are not in it. */
function keyOf(values: Float64Array, at: number): string {
  return [2, 5, 6, 7, 8, 9].map((slot) => values[at + slot]).join(' ');
}
