/**
 * The price of one market through one day, from bars: open, then one extreme, then the other, then close, with repeatable
 * noise between them that never leaves the bar's range. Where there is no bar there is no price.
 */
import type { Random } from './random.ts';

/** Bars of one series in one day, slot by slot; slot n opens at `startMs` + n × `intervalMs`. Prices in price units. */
export interface DayBars {
  readonly startMs: number;
  readonly intervalMs: number;
  /** 1 where there is a bar. */
  readonly known: Uint8Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** What was traded, in USD: shares and intensities are made of it, no amount. */
  readonly turnover: Float64Array;
}

/** Room for the bars of a day: `slots` of them, none known yet. */
export function emptyBars(startMs: number, intervalMs: number, slots: number): DayBars {
  const column = (): Float64Array => new Float64Array(slots);
  return {
    startMs,
    intervalMs,
    known: new Uint8Array(slots),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    turnover: column(),
  };
}

const MINUTE_MS = 60_000;
/** How far back a trader looks for a trend; with longer bars one bar. */
const TREND_MS = 15 * MINUTE_MS;

export class PricePath {
  readonly bars: DayBars;
  readonly tickMs: number;
  /** What was traded in the day, USD. */
  readonly turnover: number;
  private readonly random: Random;
  private readonly steps: number;
  private readonly meanTurnover: number;
  /** Root of the minutes in a bar: ranges grow with the root of time. */
  private readonly rootMinutes: number;
  private points = new Float64Array(0);
  private pointsOf = -1;

  /** `random` is read at each bar anew, so the price at a time does not depend on what was asked before. */
  constructor(bars: DayBars, tickMs: number, random: Random) {
    this.bars = bars;
    this.tickMs = tickMs;
    this.random = random;
    this.steps = Math.max(1, Math.floor(bars.intervalMs / tickMs));
    this.rootMinutes = Math.max(1, root(Math.floor(bars.intervalMs / MINUTE_MS)));
    let count = 0;
    let sum = 0;
    for (let slot = 0; slot < bars.known.length; slot++) {
      count += bars.known[slot] as number;
      sum += bars.turnover[slot] as number;
    }
    this.turnover = sum;
    this.meanTurnover = count > 0 ? sum / count : 0;
  }

  /** The price at a time, price units; undefined where the record is silent. */
  priceAt(timeMs: number): number | undefined {
    const slot = this.slotOf(timeMs);
    if (slot === -1) return undefined;
    if (this.pointsOf !== slot) this.draw(slot);
    const { startMs, intervalMs } = this.bars;
    const step = Math.floor((timeMs - startMs - slot * intervalMs) / this.tickMs);
    return this.points[Math.min(step, this.steps - 1)];
  }

  /** The slot of the bar that holds a time, −1 when there is none. */
  slotOf(timeMs: number): number {
    const slot = Math.floor((timeMs - this.bars.startMs) / this.bars.intervalMs);
    return this.bars.known[slot] === 1 ? slot : -1;
  }

  /**
   * How much the price moves in a minute as the bar before shows it, ppm of the price; of the present bar only the move so
   * far counts, for nobody knows its range yet. 0 before there is anything to see.
   */
  volatility(timeMs: number): number {
    const slot = this.slotOf(timeMs);
    if (slot === -1) return 0;
    const { high, low, close, open, known } = this.bars;
    const now = this.priceAt(timeMs) as number;
    const sofar = Math.abs(now - (open[slot] as number)) / now;
    const before = slot - 1;
    const range =
      known[before] === 1 ? ((high[before] as number) - (low[before] as number)) / (close[before] as number) : 0;
    return (Math.max(range, sofar) * 1e6) / this.rootMinutes;
  }

  /** The move since a quarter of an hour ago (or, with long bars, since the present one opened), ppm. */
  trend(timeMs: number): number {
    const slot = this.slotOf(timeMs);
    if (slot === -1) return 0;
    const back = Math.floor(TREND_MS / this.bars.intervalMs);
    const from = this.bars.known[slot - back] === 1 ? slot - back : slot;
    const before = this.bars.open[from] as number;
    return (((this.priceAt(timeMs) as number) - before) / before) * 1e6;
  }

  /** How much is traded now compared with the day's mean: 0.25 … 4; 1 where the record has no volumes. */
  intensity(timeMs: number): number {
    const slot = this.slotOf(timeMs);
    if (slot === -1 || this.meanTurnover === 0) return 1;
    return Math.max(0.25, Math.min(4, (this.bars.turnover[slot] as number) / this.meanTurnover));
  }

  /** Draws the points of a bar: the same for the same bar, seed and tick. */
  private draw(slot: number): void {
    const { open, high, low, close } = this.bars;
    const steps = this.steps;
    if (this.points.length !== steps) this.points = new Float64Array(steps);
    this.pointsOf = slot;
    const random = this.random.fork(slot);
    const top = high[slot] as number;
    const bottom = low[slot] as number;
    // The open of some records is the close before, which may lie outside the bar's own range.
    const from = Math.max(bottom, Math.min(top, open[slot] as number));
    const to = close[slot] as number;
    const rises = to >= from;
    this.points[0] = from;
    if (steps === 1) return;
    const last = steps - 1;
    if (steps < 4) {
      this.points.fill(to, 1);
      if (steps === 3) this.points[1] = from + to - 2 * bottom < 2 * top - from - to ? top : bottom;
      return;
    }
    // Legs are no shorter than a sixth of the bar: a long bar does not fall in one tick.
    const first = random.between(Math.max(1, Math.floor(steps / 8)), Math.max(1, Math.floor((steps * 3) / 8)));
    const second = random.between(first + Math.max(1, Math.floor(steps / 6)), Math.max(first + 1, last - 1));
    this.bridge(random, 0, first, rises ? bottom : top, bottom, top);
    this.bridge(random, first, Math.min(second, last - 1), rises ? top : bottom, bottom, top);
    this.bridge(random, Math.min(second, last - 1), last, to, bottom, top);
  }

  /** Walks from the point at `from` to `target` at `to`, inside `bottom` … `top`. */
  private bridge(random: Random, from: number, to: number, target: number, bottom: number, top: number): void {
    const noise = (top - bottom) / Math.max(4, Math.floor(root(this.steps) / 2));
    let price = this.points[from] as number;
    for (let step = from + 1; step < to; step++) {
      price += (target - price) / (to - step + 1) + noise * random.bell();
      price = Math.max(bottom, Math.min(top, Math.floor(price + 0.5)));
      this.points[step] = price;
    }
    if (to > from) this.points[to] = target;
  }
}

/** The square root rounded down, of a number below 2^31: by integers, since the platform's own is not specified to the last bit. */
function root(value: number): number {
  let result = 0;
  while ((result + 1) * (result + 1) <= value) result++;
  return result;
}
