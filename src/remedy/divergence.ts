/**
 * Divergence: how far the counterfactual's order flow is still that of the actual world. People who placed orders because of the
 * falsehood would not have placed them; the more orders come out otherwise, the less the replay is evidence.
 */
import type { Outcome } from './counterfactual.ts';

const MINUTE_MS = 60_000;
const PPM = 1_000_000;

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
  private readonly byMinute = new Map<string, Minute>();

  /** Counts an order and what came of it in both worlds; undefined: it rests, or never traded. */
  count(market: number, timeMs: number, here: Outcome | undefined, there: Outcome | undefined): void {
    const minuteMs = timeMs - (timeMs % MINUTE_MS);
    const key = `${market} ${minuteMs}`;
    const minute = this.byMinute.get(key) ?? { market, minuteMs, orders: 0, different: 0, lots: 0, otherLots: 0 };
    this.byMinute.set(key, minute);
    minute.orders++;
    if (!isSame(here, there)) minute.different++;
    minute.lots += here?.lots ?? 0;
    minute.otherLots += there?.lots ?? 0;
  }

  /** All minutes, by time and market. */
  get minutes(): readonly DivergenceMinute[] {
    return [...this.byMinute.values()].sort((a, b) => a.minuteMs - b.minuteMs || a.market - b.market);
  }

  /**
   * The start of the first minute of each market in which more than `ppm` of the orders came out otherwise: from there on its replay is
   * no evidence and prices are taken from the reference. Markets that stay below are not in the map.
   */
  horizons(ppm: number): Map<number, number> {
    const horizons = new Map<number, number>();
    for (const { market, minuteMs, orders, different } of this.minutes) {
      if (!horizons.has(market) && different * PPM > orders * ppm) horizons.set(market, minuteMs);
    }
    return horizons;
  }
}

function isSame(here: Outcome | undefined, there: Outcome | undefined): boolean {
  const fields = ['refusal', 'lots', 'value'] as const;
  return fields.every((field) => (here?.[field] ?? 0) === (there?.[field] ?? 0));
}
