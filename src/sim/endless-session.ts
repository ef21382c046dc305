/**
 * Traders and prices without an end, for an exchange that keeps running: a recorded (or modelled) day is walked through forwards
 * and then back, so that each begins where the one before ended, at the time that the exchange has.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { dayMs, dayOf } from '../exchange/feeds/timestamp.ts';
import type { DayMarket, MarketDay } from './market-day.ts';
import { type DayBars, PricePath } from './price-path.ts';
import { Random } from './random.ts';
import { Session } from './session.ts';

export interface EndlessSessionOptions {
  readonly day: MarketDay;
  readonly seed: number;
  readonly accounts: number;
}

export class EndlessSession {
  private readonly options: EndlessSessionOptions;
  private session: Session;
  private dayNumber = 0;

  constructor(options: EndlessSessionOptions) {
    this.options = options;
    this.session = this.sessionOf(0);
  }

  get tickMs(): number {
    return this.options.day.tickMs;
  }

  get accounts(): number {
    return this.session.accounts;
  }

  get markets(): readonly DayMarket[] {
    return this.session.day.markets;
  }

  /** The first commands of all, at a tick (a multiple of `tickMs`). */
  opening(timeMs: number, state: State, buffer: CommandBuffer): void {
    this.at(timeMs).opening(state, buffer, timeMs);
  }

  /** What happens in the interval that ends with the tick at `timeMs`; without traders samples and the tick alone. */
  step(timeMs: number, state: State, buffer: CommandBuffer, hasTraders: boolean): void {
    const session = this.at(timeMs);
    const tick = (timeMs - session.day.startMs) / this.tickMs;
    // The first interval of a day began in the day before: nobody trades in it.
    if (hasTraders && tick > 0) session.step(tick, state, buffer);
    else session.samples(tick, state, buffer);
  }

  private at(timeMs: number): Session {
    const dayNumber = Math.floor(timeMs / dayMs);
    if (dayNumber !== this.dayNumber) {
      this.session = this.sessionOf(dayNumber);
      this.dayNumber = dayNumber;
    }
    return this.session;
  }

  /** The session of a UTC day, counted from 1970; every other one goes back. */
  private sessionOf(dayNumber: number): Session {
    const { seed, accounts } = this.options;
    const day = movedDay(this.options.day, dayNumber * dayMs, dayNumber % 2 !== 0, seed);
    return new Session({ day, seed, accounts, draw: `day ${dayNumber}` });
  }
}

/** The day as it is traded from `startMs` on, forwards or from its end to its beginning. */
function movedDay(day: MarketDay, startMs: number, isBack: boolean, seed: number): MarketDay {
  const random = new Random(seed).fork(`endless ${startMs}`);
  return {
    ...day,
    day: dayOf(startMs),
    startMs,
    endMs: startMs + (day.endMs - day.startMs),
    markets: day.markets.map((market) => {
      // A venue's bars may be those of the price itself, and must stay the same.
      const moved = new Map<DayBars, DayBars>();
      const move = (bars: DayBars): DayBars => {
        const known = moved.get(bars) ?? movedBars(bars, startMs + (bars.startMs - day.startMs), isBack);
        moved.set(bars, known);
        return known;
      };
      return {
        ...market,
        path: new PricePath(move(market.path.bars), day.tickMs, random.fork(market.name)),
        venues: market.venues.map(({ name, bars }) => ({ name, bars: bars === undefined ? undefined : move(bars) })),
      };
    }),
  };
}

function movedBars(bars: DayBars, startMs: number, isBack: boolean): DayBars {
  if (!isBack) return { ...bars, startMs };
  return {
    ...bars,
    startMs,
    known: bars.known.toReversed(),
    open: bars.close.toReversed(),
    high: bars.high.toReversed(),
    low: bars.low.toReversed(),
    close: bars.open.toReversed(),
    turnover: bars.turnover.toReversed(),
  };
}
