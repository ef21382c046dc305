// The market day that --data, --market, --day and --tick ask for.
import { openRecordedData } from '../exchange/feeds/recorded-data.ts';
import type { MarketDay } from '../sim/market-day.ts';
import { modelledMarketDay } from '../sim/modelled-market-day.ts';
import { openMarketDay } from '../sim/recorded-market-day.ts';
import { CommandError } from './errors.ts';

export interface DayOptions {
  readonly data?: string | undefined;
  readonly market?: readonly string[] | undefined;
  /** YYYY-MM-DD. */
  readonly day?: string | undefined;
  readonly tickMs?: number | undefined;
  readonly seed: number;
}

/**
 * The recorded day of the data, or the built-in modelled one when there is no data. Without a day: the last one that the data
 * holds in full, else the last. Throws the named errors of the feeds, and names options that do not go together.
 */
export function openDay({ data, market, day, tickMs, seed }: DayOptions): MarketDay {
  if (data === undefined) {
    if (day !== undefined || market !== undefined) {
      throw new CommandError('option_needs_data', 'choose a day or markets of recorded data: add --data PATH');
    }
    return modelledMarketDay({ seed, tickMs });
  }
  const recorded = openRecordedData(data, market === undefined ? {} : { markets: market });
  const whole = recorded.days.filter(({ isWhole }) => isWhole);
  const chosen = day ?? (whole.at(-1) ?? recorded.days.at(-1))?.day;
  if (chosen === undefined) throw new CommandError('no_bars_in_data', `${data} holds no price bars`);
  return openMarketDay(recorded, chosen, { seed, tickMs });
}
