/**
 * Which markets are on their way back, from the history of statuses alone, so that a restart in the middle of a reopening knows it.
 *
 * A reopening has a mark: cancel-only with liquidations and triggers paused by name too, which the status pauses anyway. From the
 * mark on, each status that is a neighbouring rung (or the mark again) is a step of it. Any other status was set by people: it is
 * what they want, and the highest rung that a reopening comes to.
 */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { RULE } from '../engine/rules.ts';
import { marketCount, type State } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import { heightOf, type Rung, RUNGS, rungOf, type Standstill, standstillAt } from './reopening.ts';

const OPEN: Standstill = { status: STATUS.OK, paused: 0 };

interface MarketTrail {
  /** What people last set. */
  wanted: Standstill;
  /** The rung of the reopening; undefined while there is none. */
  rung: Rung | undefined;
  /** When it came to its last rung. */
  topMs: number;
}

export class ReopeningTrail {
  private readonly markets = new Map<number, MarketTrail>();

  /**
   * Begins with a state whose history is not told: its statuses are what people want. A market with the mark is on its way to be
   * open; one that was further up is taken up to where it was, and no further without people.
   */
  adopt(state: State): void {
    const { i32 } = state.market;
    for (let market = 1; market <= marketCount(state); market++) {
      const at = market * 256;
      const is = { status: i32[at + MARKET.STATUS] as number, paused: i32[at + MARKET.PAUSED] as number };
      const isOnItsWay = isMark(is);
      const trail = {
        wanted: isOnItsWay ? OPEN : is,
        rung: isOnItsWay ? ('cancel_only' as const) : undefined,
        topMs: 0,
      };
      this.markets.set(market, trail);
    }
  }

  /** Takes in the statuses set among the events from number `from` on, which led to `state`. */
  follow(state: State, events: EventBuffer, from: number): void {
    const { values, count } = events;
    for (let event = from; event < count; event++) {
      const at = event * EVENT_FLOATS;
      if (values[at] !== EVENT.statusSet || values[at + 2] === 0) continue;
      const set = { status: values[at + 3] as number, paused: values[at + 4] as number };
      this.take(state, values[at + 2] as number, set);
    }
  }

  /** What people want a market to be. */
  wanted(market: number): Standstill {
    return this.markets.get(market)?.wanted ?? OPEN;
  }

  /** The rung of a market that is on its way back, undefined when it is not. */
  rungOf(market: number): Rung | undefined {
    return this.markets.get(market)?.rung;
  }

  /** The markets on their way back, in order. */
  get all(): number[] {
    return [...this.markets.keys()].filter((market) => this.rungOf(market) !== undefined).sort((a, b) => a - b);
  }

  /** A market's reopening is over, whatever its statuses look like. */
  end(market: number): void {
    const trail = this.markets.get(market);
    if (trail !== undefined) trail.rung = undefined;
  }

  private take(state: State, market: number, set: Standstill): void {
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    const trail = this.markets.get(market) ?? { wanted: OPEN, rung: undefined, topMs: 0 };
    this.markets.set(market, trail);
    // Who begins the reopening of a market that people had closed wants it open.
    if (isMark(set) && heightOf(rungOf(trail.wanted)) <= heightOf('cancel_only')) trail.wanted = OPEN;
    const rung = this.stepOf(state, trail, set, timeMs);
    if (rung !== undefined) {
      trail.rung = rung;
      trail.topMs = timeMs;
      return;
    }
    // People may hurry a market that is on its way, and it goes on; a stop by people ends it.
    const isStop = trail.rung !== undefined && heightOf(rungOf(set)) < heightOf(trail.rung);
    if (isStop) trail.rung = undefined;
    trail.wanted = set;
  }

  /** The rung that a status is a step of a reopening to, undefined when it is none. */
  private stepOf(
    state: State,
    { wanted, rung, topMs }: MarketTrail,
    set: Standstill,
    timeMs: number,
  ): Rung | undefined {
    if (isMark(set)) return 'cancel_only';
    if (rung === undefined) return undefined;
    const top = rungOf(wanted);
    // Above its last rung a market is watched for the grace; a pause that comes later was set by people.
    if (rung === top && timeMs - topMs > (state.rule.f64[64 + RULE.reopen_grace] as number)) return undefined;
    return RUNGS.find((each) => {
      const isNear = Math.abs(heightOf(each) - heightOf(rung)) <= 1 && heightOf(each) <= heightOf(top);
      return isNear && each !== 'maintenance' && isSame(set, standstillAt(each, wanted));
    });
  }
}

/** True for the start of a reopening. */
function isMark({ status, paused }: Standstill): boolean {
  const { LIQUIDATIONS, TRIGGERS } = OPERATION;
  return status === STATUS.CANCEL_ONLY && (paused & LIQUIDATIONS) !== 0 && (paused & TRIGGERS) !== 0;
}

function isSame(a: Standstill, b: Standstill): boolean {
  return a.status === b.status && a.paused === b.paused;
}
