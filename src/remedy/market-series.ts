/** What the marks and funding indexes of a world were, minute by minute: for charts, and for the policies that pay by a later price. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';

const MINUTE_MS = 60_000;

/** One market in one minute: its last mark (price units) and funding index (1e-6 price units), and the lowest and highest mark. */
export interface MarketMinute {
  readonly minuteMs: number;
  readonly mark: number;
  readonly index: number;
  readonly low: number;
  readonly high: number;
}

type Minute = { -readonly [field in keyof MarketMinute]: MarketMinute[field] };

export class MarketSeries {
  /** Minutes of each market, rising; a minute without a tick is not there. */
  private readonly byMarket: Map<number, Minute[]>;

  /** With the minutes of each market, rising; empty without. */
  constructor(minutes: ReadonlyMap<number, readonly MarketMinute[]> = new Map()) {
    this.byMarket = new Map([...minutes].map(([market, each]) => [market, each.map((minute) => ({ ...minute }))]));
  }

  /** Minutes of each market, rising. */
  get all(): ReadonlyMap<number, readonly MarketMinute[]> {
    return this.byMarket;
  }

  /** Takes the marks among events that happened at `timeMs`. */
  take({ values, count }: EventBuffer, timeMs: number): void {
    const minuteMs = timeMs - (timeMs % MINUTE_MS);
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      if (values[at] !== EVENT.marked) continue;
      this.mark(values[at + 2] as number, minuteMs, values[at + 4] as number, values[at + 9] as number);
    }
  }

  private mark(market: number, minuteMs: number, mark: number, index: number): void {
    const minutes = this.byMarket.get(market) ?? [];
    this.byMarket.set(market, minutes);
    const last = minutes.at(-1);
    if (last === undefined || last.minuteMs !== minuteMs) {
      minutes.push({ minuteMs, mark, index, low: mark, high: mark });
      return;
    }
    last.mark = mark;
    last.index = index;
    last.low = Math.min(last.low, mark);
    last.high = Math.max(last.high, mark);
  }

  /** The minutes of a market, rising. */
  minutes(market: number): readonly MarketMinute[] {
    return this.byMarket.get(market) ?? [];
  }

  /** The start of a market's last minute; 0 when it has none. */
  lastMs(market: number): number {
    return this.minutes(market).at(-1)?.minuteMs ?? 0;
  }

  /** The mark at the end of the minute of a time, or of the last one before it; undefined when there is none. */
  markAt(market: number, timeMs: number): number | undefined {
    return this.minutes(market).findLast(({ minuteMs }) => minuteMs <= timeMs)?.mark;
  }

  /** The best mark for who held (the highest of a long, the lowest of a short) from the minute of a time on. */
  bestFrom(market: number, timeMs: number, isLong: boolean): number | undefined {
    const from = timeMs - (timeMs % MINUTE_MS);
    const marks = this.minutes(market)
      .filter(({ minuteMs }) => minuteMs >= from)
      .map(({ low, high }) => (isLong ? high : low));
    return marks.length === 0 ? undefined : isLong ? Math.max(...marks) : Math.min(...marks);
  }
}
