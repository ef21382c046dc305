/**
 * Bars of one minute from trades. One is written when the first block ends behind its minute, and again should a later trade belong to
 * it; what a restart or a rollback needs of the minute that is open, it reads from the trades.
 */
import type { RowLines } from './row-lines.ts';

export const BAR_MS = 60_000;

export interface OpenBar {
  readonly market: number;
  readonly startMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  lots: number;
  trades: number;
}

export class Bars {
  private readonly open = new Map<number, OpenBar>();

  /** Begins with the bars of minutes that have not ended. */
  adopt(bars: readonly OpenBar[]): void {
    this.open.clear();
    for (const bar of bars) this.open.set(bar.market, { ...bar });
  }

  /** Takes in a trade; a bar that it is behind is written at once. */
  trade(
    lines: RowLines,
    place: readonly [number, number],
    market: number,
    timeMs: number,
    price: number,
    lots: number,
  ): void {
    const startMs = timeMs - (timeMs % BAR_MS);
    let bar = this.open.get(market);
    if (bar !== undefined && bar.startMs !== startMs) this.write(lines, place, bar);
    if (bar === undefined || bar.startMs !== startMs) {
      bar = { market, startMs, open: price, high: price, low: price, close: price, lots: 0, trades: 0 };
      this.open.set(market, bar);
    }
    bar.high = Math.max(bar.high, price);
    bar.low = Math.min(bar.low, price);
    bar.close = price;
    bar.lots += lots;
    bar.trades++;
  }

  /** A block ends at a time: writes the bars whose minute is over, in the order of their markets. */
  end(lines: RowLines, place: readonly [number, number], timeMs: number): void {
    for (const market of [...this.open.keys()].sort((a, b) => a - b)) {
      const bar = this.open.get(market) as OpenBar;
      if (bar.startMs + BAR_MS > timeMs) continue;
      this.write(lines, place, bar);
      this.open.delete(market);
    }
  }

  private write(lines: RowLines, [fork, height]: readonly [number, number], bar: OpenBar): void {
    const { market, startMs, open, high, low, close, lots, trades } = bar;
    lines.add('bar', fork, height, market, startMs, open, high, low, close, lots, trades);
  }
}
