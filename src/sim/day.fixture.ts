// Market days for tests, from a price a minute.
import type { Bar } from '../exchange/feeds/bar.ts';
import type { MarketDay } from './market-day.ts';
import { recordedMarketDay } from './recorded-market-day.ts';

export const START_MS = Date.UTC(2026, 1, 5);
const MINUTE_MS = 60_000;

/** Price in USD in which a minute opens; undefined where the record is silent. */
export type PriceOfMinute = (minute: number) => number | undefined;

/** A day whose markets have bars for the first `minutes` minutes, each going straight to the next minute's price. */
export function dayOf(markets: Readonly<Record<string, PriceOfMinute>>, minutes: number, tickMs = 5000): MarketDay {
  const bars: Bar[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    for (const [market, priceOf] of Object.entries(markets)) {
      const open = priceOf(minute);
      if (open === undefined) continue;
      const close = priceOf(minute + 1) ?? open;
      bars.push({
        market,
        openTimeMs: START_MS + minute * MINUTE_MS,
        intervalMs: MINUTE_MS,
        open: open.toFixed(6),
        high: (Math.max(open, close) * 1.0003).toFixed(6),
        low: (Math.min(open, close) * 0.9997).toFixed(6),
        close: close.toFixed(6),
        volume: '100',
      });
    }
  }
  return recordedMarketDay({ day: '2026-02-05', bars, findings: [] }, { seed: 1, tickMs });
}
