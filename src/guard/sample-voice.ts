/** What a source of prices last said, as the tables have it; sources are numbered through all markets. */
import type { State } from '../engine/state.ts';
import { ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import type { Sample } from './sample-form.ts';

/** What a source said: an oracle's USD already divided by the price of USDC. */
export interface Voice {
  readonly price: number;
  readonly sourceMs: number;
}

/** Sources of a market: its oracles first, venues behind them. */
export const SOURCES = ORACLE_LIMIT + VENUE_LIMIT;

/** The number of a sample's source among those of all markets. */
export function placeOf({ market, source }: Sample): number {
  return market * SOURCES + source;
}

/** What the tables have of a source. */
export function storedVoice({ oracle, quote, venue }: State, place: number): Voice | undefined {
  const [market, source] = [Math.floor(place / SOURCES), place % SOURCES];
  if (market === 0) {
    if (venue.i32[128 + VENUE.KNOWN] === 0) return undefined;
    const { f64 } = venue;
    return { price: f64[64 + VENUE.COLLATERAL_PRICE] as number, sourceMs: f64[64 + VENUE.COLLATERAL_MS] as number };
  }
  if (source < ORACLE_LIMIT) {
    const row = market * ORACLE_LIMIT + source;
    if (oracle.i32[row * 8 + ORACLE.KNOWN] === 0) return undefined;
    const { f64 } = oracle;
    return { price: f64[row * 4 + ORACLE.PRICE] as number, sourceMs: f64[row * 4 + ORACLE.TIME_MS] as number };
  }
  const row = market * VENUE_LIMIT + source - ORACLE_LIMIT;
  if (quote.i32[row * 16 + QUOTE.KNOWN] === 0) return undefined;
  const { f64 } = quote;
  return { price: f64[row * 8 + QUOTE.INDEX] as number, sourceMs: f64[row * 8 + QUOTE.TIME_MS] as number };
}
