/**
 * Divergence: how far the counterfactual's order flow is still that of the actual world. People who placed orders because of the
 * falsehood would not have placed them; the more orders come out otherwise, the less the replay is evidence.
 */
import type { Compared } from './outcome.ts';

const MINUTE_MS = 60_000;
const PPM = 1_000_000;
/** Fewer orders than this say nothing of a market: they are judged with those of the minutes behind them. */
const LEAST_ORDERS = 20;
/** Markets are numbered below this in a key. */
const MARKETS = 4_096;

/** One market in one minute: orders placed, those with another outcome, and lots traded in the actual world and in the other. */
export interface DivergenceMinute {
  readonly market: number;
  readonly minuteMs: number;
  readonly orders: number;
  readonly different: number;
  readonly lots: number;
  readonly otherLots: number;
}

type Minute = { -readonly [field in keyof DivergenceMinute]: DivergenceMinute[field] };

export class DivergenceCount {
  private readonly byMinute = new Map<number, Minute>();

  /** Counts an order command (also one that changed or cancelled an order) and what came of it in both worlds. */
  count(timeMs: number, { market, isSame, lots, otherLots }: Readonly<Compared>): void {
    this.add(timeMs, market, 1, isSame ? 0 : 1, lots, otherLots);
  }

  /** Adds orders, those with another outcome, and lots of both worlds to a market's minute; nothing to market 0, which is none. */
  add(timeMs: number, market: number, orders: number, different: number, lots: number, otherLots: number): void {
    if (market === 0) return;
    const place = Math.floor(timeMs / MINUTE_MS);
    const key = place * MARKETS + market;
    let minute = this.byMinute.get(key);
    if (minute === undefined) {
      minute = { market, minuteMs: place * MINUTE_MS, orders: 0, different: 0, lots: 0, otherLots: 0 };
      this.byMinute.set(key, minute);
    }
    minute.orders += orders;
    minute.different += different;
    minute.lots += lots;
    minute.otherLots += otherLots;
  }

  /** These counts and those of another, of both together. */
  with(other: DivergenceCount): DivergenceCount {
    const both = new DivergenceCount();
    for (const each of [this, other]) {
      for (const { market, minuteMs, orders, different, lots, otherLots } of each.byMinute.values()) {
        both.add(minuteMs, market, orders, different, lots, otherLots);
      }
    }
    for (const [key, { orders }] of both.byMinute) if (orders === 0) both.byMinute.delete(key);
    return both;
  }

  /** All minutes, by time and market. */
  get minutes(): readonly DivergenceMinute[] {
    return [...this.byMinute.values()].sort((a, b) => a.minuteMs - b.minuteMs || a.market - b.market);
  }

  /**
   * The start of the first minute of each market behind which more than `ppm` of the orders of a stretch came out otherwise: its replay is
   * no evidence and it is valued by the reference. A stretch is a minute, or as many as make 20 orders; what is left at the end is
   * judged with the stretch before it. Markets that stay below are not in the map.
   */
  horizons(ppm: number): Map<number, number> {
    const horizons = new Map<number, number>();
    const open = new Map<number, { fromMs: number; orders: number; different: number }>();
    for (const { market, minuteMs, orders, different } of this.minutes) {
      const stretch = open.get(market) ?? { fromMs: minuteMs, orders: 0, different: 0 };
      open.set(market, stretch);
      stretch.orders += orders;
      stretch.different += different;
      if (stretch.orders < LEAST_ORDERS) continue;
      const isBeyond = stretch.different * PPM > stretch.orders * ppm;
      if (isBeyond && !horizons.has(market)) horizons.set(market, stretch.fromMs);
      open.delete(market);
    }
    return horizons;
  }
}
