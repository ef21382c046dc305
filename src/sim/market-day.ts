/** What the outside world says on one UTC day: markets, their prices, who quotes them, and what is missing. */
import type { MarketDefinition } from '../engine/command-buffer.ts';
import type { DayBars, PricePath } from './price-path.ts';

/** Where the parameters of a market come from: the data's own record, Paradex's documentation, or its price level. */
export type ParameterSource = 'recorded' | 'documented' | 'derived';

/** One market of the day. Its row in the engine is its place in the day's list, from 1. */
export interface DayMarket {
  readonly name: string;
  readonly definition: MarketDefinition;
  readonly parameters: ParameterSource;
  /** Price units in one tick. */
  readonly tickUnits: number;
  /** Price units in one USD. */
  readonly usdUnits: number;
  readonly path: PricePath;
  /** External venues that quote it; venue n of the engine is number n here. */
  readonly venues: readonly DayVenue[];
  /** Place by turnover, 0 is the most traded. */
  readonly rank: number;
}

/** An external venue in one market: recorded when it has bars of its own, else modelled around the path. */
export interface DayVenue {
  readonly name: string;
  readonly bars: DayBars | undefined;
}

/** Something about the day's record that a person should know. Nothing was put in the place of what is missing. */
export interface DayFinding {
  readonly code: string;
  readonly market?: string | undefined;
  readonly message: string;
}

export interface MarketDay {
  /** YYYY-MM-DD. */
  readonly day: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Time between two ticks of the clock. */
  readonly tickMs: number;
  /** True when no record was given and the prices are made up from the public record's levels. */
  readonly isModelled: boolean;
  /** One sentence on where the prices come from. */
  readonly source: string;
  readonly markets: readonly DayMarket[];
  readonly findings: readonly DayFinding[];
}

/**
 * The time between ticks for so many markets: 1 s up to three, 5 s up to sixty, 10 s up to 240, else 25 s. All are within the
 * half-minute after which a sample is stale and the gap after which no funding accrues.
 */
export function tickMsFor(markets: number): number {
  if (markets <= 3) return 1000;
  if (markets <= 60) return 5000;
  return markets <= 240 ? 10_000 : 25_000;
}
