/** Days of recorded data for the extremes that a record shows; where the data does not hold the day, the case is modelled. */
import { FeedError } from '../../exchange/feeds/feed-error.ts';
import { openRecordedData } from '../../exchange/feeds/recorded-data.ts';
import type { MarketDay } from '../market-day.ts';
import { openMarketDay } from '../recorded-market-day.ts';
import type { Scenario, Stage } from './extreme.ts';
import { windowOf } from './modelled.ts';

export interface RecordedWindow {
  /** YYYY-MM-DD. */
  readonly day: string;
  /** Markets; all that the data holds that day when left out. */
  readonly markets?: readonly string[];
  readonly fromMinute: number;
  readonly minutes: number;
  readonly tickMs: number;
  readonly accounts: number;
}

/**
 * The window of a recorded day, or `modelled` when no data was given or it does not hold that day: then the source says so. Throws
 * what makes data untrustworthy.
 */
export function recordedOr(stage: Stage, window: RecordedWindow, modelled: () => Scenario): Scenario {
  if (stage.data === undefined) return modelled();
  try {
    const day = recordedDay(stage.data, stage.seed, window);
    return {
      basis: 'recorded',
      source: `${window.day} ${clock(day.startMs)} to ${clock(day.endMs)} UTC: ${day.source}`,
      day,
      accounts: window.accounts,
    };
  } catch (error) {
    if (!(error instanceof FeedError) || !NOT_THERE.has(error.code)) throw error;
    const scenario = modelled();
    return { ...scenario, source: `${scenario.source}; the data does not hold ${window.day}` };
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(['day_not_in_data', 'unknown_market', 'unknown_format']);

function recordedDay(data: string, seed: number, window: RecordedWindow): MarketDay {
  const { day, markets, fromMinute, minutes, tickMs } = window;
  const recorded = openRecordedData(data, markets === undefined ? {} : { markets });
  return windowOf(openMarketDay(recorded, day, { seed, tickMs }), fromMinute, minutes);
}

function clock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 16);
}
