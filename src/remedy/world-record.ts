/**
 * What is kept of the worlds while they run: the flows of each, its prices by the minute, and what the true price was whenever the actual
 * world took a position by force.
 */
import type { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import { FlowListener, type HouseFill, type Taking } from './flow-listener.ts';
import type { WorldName, WorldObserver } from './incident-worlds.ts';
import { hasHaltedOrder, missedOrders, type Outcomes, outcomesOf } from './missed-orders.ts';
import { MarketSeries } from './market-series.ts';

/** What is kept of one world. */
export interface WorldTrace {
  readonly flows: FlowListener;
  readonly series: MarketSeries;
}

export class WorldRecord {
  private readonly traces = new Map<WorldName, WorldTrace>();
  private readonly before: State;
  /** Marks of the counterfactual right behind each forced taking and house fill of the actual world, in their order. */
  readonly truePrices: number[] = [];
  readonly houseTruePrices: number[] = [];
  /** What came of the orders of the batch in the actual world, where a halt refused any. */
  private halted: Outcomes | undefined;

  /** `before` is the state at the last good block; it is only read. */
  constructor(before: State) {
    this.before = before;
  }

  /** Told of everything that happens in any of the worlds. */
  readonly observe: WorldObserver = (world, events: EventBuffer, state) => {
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    const { flows, series } = this.trace(world);
    if (world === 'actual') this.halted = hasHaltedOrder(events) ? outcomesOf(events) : undefined;
    else if (this.halted !== undefined) {
      for (const order of missedOrders(this.halted, outcomesOf(events))) flows.miss(order);
    }
    flows.take(events, state, timeMs);
    series.take(events, timeMs);
    if (world !== 'other') return;
    const actual = this.trace('actual').flows;
    const price = ({ market }: Taking | HouseFill): number => state.market.f64[market * 128 + MARKET.MARK] as number;
    for (let n = this.truePrices.length; n < actual.takings.length; n++) {
      this.truePrices.push(price(actual.takings[n] as Taking));
    }
    for (let n = this.houseTruePrices.length; n < actual.houseFills.length; n++) {
      this.houseTruePrices.push(price(actual.houseFills[n] as HouseFill));
    }
  };

  /** Something was written into the actual world that no command wrote. */
  deviated(actual: State): void {
    this.trace('actual').flows.reindex(actual);
  }

  /** The worlds are one again: the orders of the other one have the names of the actual one. */
  met(): void {
    this.trace('other').flows.meet(this.trace('actual').flows);
  }

  /** What was kept of a world. */
  trace(world: WorldName): WorldTrace {
    const known = this.traces.get(world);
    if (known !== undefined) return known;
    const made = { flows: new FlowListener(this.before), series: new MarketSeries() };
    this.traces.set(world, made);
    return made;
  }
}
