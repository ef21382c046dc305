/**
 * The day that is traded when no record is given. Levels are those of the public record of 2026-01-19, a quiet Monday; the
 * moves between them are made up. It says so.
 */
import { dayMs, dayOf } from '../exchange/feeds/timestamp.ts';
import { listedParameters } from './listed-markets.ts';
import { type DayMarket, type MarketDay, tickMsFor } from './market-day.ts';
import { documentedDefinition, inPriceUnits, priceScale } from './market-definition.ts';
import { type DayBars, emptyBars, PricePath } from './price-path.ts';
import { Random } from './random.ts';

const START_MS = Date.UTC(2026, 0, 19);
const MINUTE_MS = 60_000;
/** Steps of the walk within a minute, and how strongly each is drawn back to the level (1/n). */
const STEPS = 12;
const PULL = 4000;
const VENUES = ['modelled 1', 'modelled 2', 'modelled 3', 'modelled 4'];

/** Level in USD, typical move of a minute in ppm, turnover of the day in million USD. */
export type MarketLevel = readonly [market: string, price: string, minutePpm: number, turnover: number];

/** Most traded first. */
const LEVELS: readonly MarketLevel[] = [
  ['BTC-USD-PERP', '92500', 170, 900],
  ['ETH-USD-PERP', '3205', 240, 500],
  ['SOL-USD-PERP', '133.5', 300, 220],
  ['PAXG-USD-PERP', '4680', 60, 110],
  ['HYPE-USD-PERP', '24.1', 380, 80],
  ['XRP-USD-PERP', '1.97', 280, 60],
  ['BNB-USD-PERP', '925', 200, 40],
  ['DOGE-USD-PERP', '0.1285', 330, 30],
  ['LINK-USD-PERP', '12.8', 310, 20],
  ['SUI-USD-PERP', '1.55', 380, 15],
];

interface ModelledDayOptions {
  readonly seed: number;
  readonly tickMs?: number | undefined;
  /** Other markets than the built-in ones, most traded first; each must be among the listed ones. */
  readonly levels?: readonly MarketLevel[];
}

/** The modelled day. The same seed gives the same prices. */
export function modelledMarketDay(options: ModelledDayOptions): MarketDay {
  const { levels = LEVELS } = options;
  const random = new Random(options.seed).fork('modelled day');
  const tickMs = options.tickMs ?? tickMsFor(levels.length);
  return {
    day: dayOf(START_MS),
    startMs: START_MS,
    endMs: START_MS + dayMs,
    tickMs,
    isModelled: true,
    source: 'modelled: levels of the public record of 2026-01-19, moves made up; no record was given',
    markets: levels.map(([name, price, minutePpm, turnover], rank) =>
      modelledMarket(name, price, minutePpm, turnover, rank, tickMs, random.fork(name)),
    ),
    findings: [],
  };
}

function modelledMarket(
  name: string,
  price: string,
  minutePpm: number,
  turnover: number,
  rank: number,
  tickMs: number,
  random: Random,
): DayMarket {
  const parameters = listedParameters(name);
  const definition = parameters && documentedDefinition(parameters, name, Number(price), 2 ** VENUES.length - 1);
  if (definition === undefined) throw new Error(`${name} is not among the listed markets`);
  const scale = priceScale(definition.SIZE_STEP);
  const bars = walk(inPriceUnits(price, scale), minutePpm, turnover * 1e6, random.fork('bars'));
  return {
    name,
    definition,
    parameters: 'documented',
    tickUnits: (definition.TICK_SIZE * (definition.SIZE_STEP / 1e4)) / 1e12,
    usdUnits: inPriceUnits('1', scale),
    path: new PricePath(bars, tickMs, random.fork('path')),
    venues: VENUES.map((venue) => ({ name: venue, bars: undefined })),
    rank,
  };
}

/** Minute bars of a walk around a level: each step a bell, drawn back to the level. */
function walk(level: number, minutePpm: number, turnover: number, random: Random): DayBars {
  const slots = dayMs / MINUTE_MS;
  const day = emptyBars(START_MS, MINUTE_MS, slots);
  // A bell has a standard deviation of 0.29; the root of 12 steps is 3.46: together one.
  const stepPpm = minutePpm;
  let price = level;
  for (let slot = 0; slot < slots; slot++) {
    const open = round(price);
    let high = open;
    let low = open;
    for (let step = 0; step < STEPS; step++) {
      price += (price * stepPpm * random.bell()) / 1e6 + (level - price) / PULL;
      high = Math.max(high, round(price));
      low = Math.min(low, round(price));
    }
    day.known[slot] = 1;
    day.open[slot] = open;
    day.high[slot] = high;
    day.low[slot] = low;
    day.close[slot] = round(price);
    day.turnover[slot] = (turnover / slots) * (0.5 + random.below(1000) / 1000);
  }
  return day;
}

function round(price: number): number {
  return Math.max(1, Math.floor(price + 0.5));
}
