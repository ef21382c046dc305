/** A market day from recorded bars. */
import type { MarketDefinition } from '../engine/command-buffer.ts';
import { VENUE_LIMIT } from '../engine/tables.ts';
import type { Bar } from '../exchange/feeds/bar.ts';
import { FeedError } from '../exchange/feeds/feed-error.ts';
import type { MarketParameters } from '../exchange/feeds/market-parameters-csv.ts';
import { readMarketParametersFile } from '../exchange/feeds/market-parameters-file.ts';
import type { RecordedDay } from '../exchange/feeds/read-day.ts';
import type { RecordedData } from '../exchange/feeds/recorded-data.ts';
import { dayMs, dayStartMs } from '../exchange/feeds/timestamp.ts';
import { listedParameters } from './listed-markets.ts';
import {
  type DayFinding,
  type DayMarket,
  type DayVenue,
  type MarketDay,
  type ParameterSource,
  tickMsFor,
} from './market-day.ts';
import {
  derivedDefinition,
  documentedDefinition,
  inPriceUnits,
  type PriceScale,
  priceScale,
} from './market-definition.ts';
import { type DayBars, emptyBars, PricePath } from './price-path.ts';
import { Random } from './random.ts';

export interface RecordedDayOptions {
  /** Of the noise between the recorded prices. */
  readonly seed: number;
  /** Time between two ticks; by the number of markets when left out. */
  readonly tickMs?: number | undefined;
  /** Parameters that the data itself brings. */
  readonly parameters?: readonly MarketParameters[] | undefined;
}

/** The day of a record, with the market parameters that lie beside the bars. Throws what `readDay` throws. */
export function openMarketDay(
  data: RecordedData,
  day: string,
  options: Omit<RecordedDayOptions, 'parameters'>,
): MarketDay {
  const parameters = data.files
    .filter(({ kind, refusal }) => kind === 'market_parameters' && refusal === undefined)
    .flatMap(
      ({ file }) => readMarketParametersFile(file, { preferGroups: ['tier-1', 'tier-2', 'tradfi', 'rwa'] }).markets,
    );
  return recordedMarketDay(data.readDay(day), { ...options, parameters });
}

/** The bars of one market on one venue with one interval. */
interface Series {
  readonly venue: string | undefined;
  readonly intervalMs: number;
  readonly bars: Bar[];
}

/** How many external venues are modelled for a market: the more traded, the more. */
const MODELLED_VENUES = [3, 1, 0];

/**
 * The market day that recorded bars make. In each market the series that covers most of the day (then the finest, then the
 * first by name) is the price; the other venues' series of the same interval are their quotes. A market with one series is
 * quoted by that one and by modelled venues around it. Recorded prices are those of perpetuals: no record of spot indexes by
 * the minute was found, so the price stands for the spot. A market that no tick and step fit is left out with a finding; throws
 * FeedError `no_tradable_market` when none is left.
 */
export function recordedMarketDay(recorded: RecordedDay, options: RecordedDayOptions): MarketDay {
  const startMs = dayStartMs(recorded.day) as number;
  const findings: DayFinding[] = recorded.findings.map(({ code, market, message, file, line }) => ({
    code,
    market,
    message: `${file}:${line}: ${message}`,
  }));
  const byMarket = seriesByMarket(recorded.bars);
  const ranked = [...byMarket].map(([name, series]) => ({ name, series, turnover: turnoverOf(mainSeries(series)) }));
  ranked.sort((left, right) => right.turnover - left.turnover || (left.name < right.name ? -1 : 1));
  const tickMs = options.tickMs ?? tickMsFor(ranked.length);
  const random = new Random(options.seed).fork(recorded.day);
  const markets: DayMarket[] = [];
  for (const [rank, { name, series }] of ranked.entries()) {
    const market = dayMarket(name, rank, series, startMs, tickMs, random, options.parameters ?? [], findings);
    if (market !== undefined) markets.push(market);
  }
  if (markets.length === 0) {
    const why = findings.map(({ message }) => message).join('; ');
    throw new FeedError('no_tradable_market', { file: recorded.day, line: 0 }, `no market can be traded: ${why}`);
  }
  const venues = new Set(recorded.bars.map(({ venue }) => venue));
  return {
    day: recorded.day,
    startMs,
    endMs: startMs + dayMs,
    tickMs,
    isModelled: false,
    source: `${recorded.bars.length} recorded bars of ${byMarket.size} markets on ${venues.size} venues`,
    markets,
    findings,
  };
}

function seriesByMarket(bars: readonly Bar[]): Map<string, Series[]> {
  const byMarket = new Map<string, Series[]>();
  for (const bar of bars) {
    const known = byMarket.get(bar.market) ?? [];
    byMarket.set(bar.market, known);
    let series = known.find(({ venue, intervalMs }) => venue === bar.venue && intervalMs === bar.intervalMs);
    if (series === undefined) {
      series = { venue: bar.venue, intervalMs: bar.intervalMs, bars: [] };
      known.push(series);
    }
    series.bars.push(bar);
  }
  return byMarket;
}

function mainSeries(series: readonly Series[]): Series {
  const covered = ({ intervalMs, bars }: Series): number => intervalMs * bars.length;
  const [first] = series.toSorted(
    (left, right) =>
      covered(right) - covered(left) ||
      left.intervalMs - right.intervalMs ||
      ((left.venue ?? '') < (right.venue ?? '') ? -1 : 1),
  );
  return first as Series;
}

function turnoverOf({ bars }: Series): number {
  return bars.reduce((sum, { volume, close }) => sum + Number(volume) * Number(close), 0);
}

function dayMarket(
  name: string,
  rank: number,
  series: readonly Series[],
  startMs: number,
  tickMs: number,
  random: Random,
  parameters: readonly MarketParameters[],
  findings: DayFinding[],
): DayMarket | undefined {
  const main = mainSeries(series);
  const others = venuesBeside(name, main, series, findings);
  const modelled = others.length > 0 ? 0 : (MODELLED_VENUES[rank < 10 ? 0 : rank < 60 ? 1 : 2] as number);
  const venueCount = Math.min(VENUE_LIMIT, 1 + others.length + modelled);
  const price = Number((main.bars[0] as Bar).open);
  const chosen = chooseDefinition(name, price, rank, 2 ** venueCount - 1, parameters);
  if (chosen === undefined) {
    findings.push({
      code: 'market_left_out',
      market: name,
      message: `${name} is left out: no tick and step fit ${price}`,
    });
    return undefined;
  }
  const scale = priceScale(chosen.definition.SIZE_STEP);
  const path = new PricePath(barsOf(main.bars, startMs, main.intervalMs, scale), tickMs, random.fork(name));
  const venues: DayVenue[] = [{ name: main.venue ?? 'recorded', bars: path.bars }];
  for (const { venue, intervalMs, bars } of others) {
    venues.push({ name: venue ?? 'recorded', bars: barsOf(bars, startMs, intervalMs, scale) });
  }
  for (let n = 1; n <= modelled; n++) venues.push({ name: `modelled ${n}`, bars: undefined });
  return {
    name,
    definition: chosen.definition,
    parameters: chosen.source,
    tickUnits: (chosen.definition.TICK_SIZE * (chosen.definition.SIZE_STEP / 1e4)) / 1e12,
    usdUnits: inPriceUnits('1', scale),
    path,
    venues: venues.slice(0, venueCount),
    rank,
  };
}

/** The other venues' series; what cannot be used beside the main one is a finding. */
function venuesBeside(name: string, main: Series, series: readonly Series[], findings: DayFinding[]): Series[] {
  const beside: Series[] = [];
  for (const one of series) {
    if (one === main) continue;
    if (one.intervalMs === main.intervalMs && beside.length < VENUE_LIMIT - 1) {
      beside.push(one);
      continue;
    }
    const venue = one.venue ?? 'a second record';
    const message = `${name}: the bars of ${venue} are not used beside those of ${main.venue ?? 'the first'}`;
    findings.push({ code: 'series_not_used', market: name, message });
  }
  return beside;
}

function chooseDefinition(
  name: string,
  price: number,
  rank: number,
  venues: number,
  parameters: readonly MarketParameters[],
): { definition: MarketDefinition; source: ParameterSource } | undefined {
  const recorded = parameters.find(({ market }) => market === name);
  const listed = listedParameters(name);
  for (const [found, source] of [[recorded, 'recorded'] as const, [listed, 'documented'] as const]) {
    const definition = found && documentedDefinition(found, name, price, venues);
    if (definition !== undefined) return { definition, source };
  }
  const definition = derivedDefinition(name, price, rank, venues);
  return definition && { definition, source: 'derived' };
}

function barsOf(bars: readonly Bar[], startMs: number, intervalMs: number, scale: PriceScale): DayBars {
  const day = emptyBars(startMs, intervalMs, Math.ceil(dayMs / intervalMs));
  for (const bar of bars) {
    const slot = Math.floor((bar.openTimeMs - startMs) / intervalMs);
    day.known[slot] = 1;
    day.open[slot] = inPriceUnits(bar.open, scale);
    day.high[slot] = inPriceUnits(bar.high, scale);
    day.low[slot] = inPriceUnits(bar.low, scale);
    day.close[slot] = inPriceUnits(bar.close, scale);
    day.turnover[slot] = Number(bar.volume) * Number(bar.close);
  }
  return day;
}
