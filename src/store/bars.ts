/**
 * Bars of one minute from trades. One is written with the first block that ends behind its minute; what a restart or a rollback needs of
 * the minute that is open, it reads from the trades.
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
  /** Bars whose minute ended within the block that is open. */
  private over: OpenBar[] = [];

  /** Begins with the bars of minutes that have not ended. */
  adopt(bars: readonly OpenBar[]): void {
    this.open.clear();
    this.over = [];
    for (const bar of bars) this.open.set(bar.market, { ...bar });
  }

  /** The bars of minutes that have not ended, as they are now. */
  list(): OpenBar[] {
    return [...this.open.values()].map((bar) => ({ ...bar }));
  }

  /** Takes in a trade. */
  trade(market: number, timeMs: number, price: number, lots: number): void {
    const startMs = timeMs - (timeMs % BAR_MS);
    let bar = this.open.get(market);
    if (bar === undefined || bar.startMs !== startMs) {
      if (bar !== undefined) this.over.push(bar);
      bar = { market, startMs, open: price, high: price, low: price, close: price, lots: 0, trades: 0 };
      this.open.set(market, bar);
    }
    bar.high = Math.max(bar.high, price);
    bar.low = Math.min(bar.low, price);
    bar.close = price;
    bar.lots += lots;
    bar.trades++;
  }

  /** A block ends at a time: writes the bars whose minute is over, in the order of their markets and minutes. */
  end(lines: RowLines, fork: number, height: number, timeMs: number): void {
    for (const bar of this.open.values()) if (bar.startMs + BAR_MS <= timeMs) this.over.push(bar);
    this.over.sort((a, b) => a.market - b.market || a.startMs - b.startMs);
    for (const bar of this.over) {
      const { market, startMs, open, high, low, close, trades } = bar;
      lines.add('bar', fork, height, market, startMs, open, high, low, close, bar.lots, trades);
      if (this.open.get(market) === bar) this.open.delete(market);
    }
    this.over = [];
  }
}
