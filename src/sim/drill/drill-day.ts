/**
 * The day of the drill: 24 markets of the listed ones at the levels of January 2026, each with an age and with the funding that
 * longs paid in its life so far; or a recorded day, whose markets get the same ages in the order of their turnover. Of the day
 * only the hours around the maintenance are traded.
 */
import type { MarketDay } from '../market-day.ts';
import { type MarketLevel, modelledMarketDay } from '../modelled-market-day.ts';

/** Level, typical move of a minute in ppm, turnover of the day in million USD; most traded first. */
const LEVELS: readonly MarketLevel[] = [
  ['BTC-USD-PERP', '92500', 170, 900],
  ['ETH-USD-PERP', '3205', 240, 500],
  ['SOL-USD-PERP', '133.5', 300, 220],
  ['PAXG-USD-PERP', '4680', 60, 110],
  ['HYPE-USD-PERP', '24.1', 380, 80],
  ['XRP-USD-PERP', '1.97', 280, 60],
  ['BNB-USD-PERP', '925', 200, 40],
  ['DOGE-USD-PERP', '0.1285', 330, 30],
  ['ZEC-USD-PERP', '372', 420, 28],
  ['LINK-USD-PERP', '12.8', 310, 20],
  ['SUI-USD-PERP', '1.55', 380, 15],
  ['XMR-USD-PERP', '598', 260, 14],
  ['AAVE-USD-PERP', '163', 330, 12],
  ['ADA-USD-PERP', '0.365', 320, 11],
  ['AVAX-USD-PERP', '12.7', 320, 10],
  ['LTC-USD-PERP', '69.5', 280, 9],
  ['kPEPE-USD-PERP', '0.0051', 420, 8],
  ['TAO-USD-PERP', '243', 380, 7],
  ['NEAR-USD-PERP', '1.56', 360, 6],
  ['UNI-USD-PERP', '4.95', 330, 5],
  ['TRX-USD-PERP', '0.314', 140, 5],
  ['ONDO-USD-PERP', '0.355', 360, 4],
  ['PENDLE-USD-PERP', '2.02', 390, 3],
  ['WLFI-USD-PERP', '0.163', 380, 3],
];

/** How a market came to its funding index. */
export interface MarketLife {
  /** Hours from its listing to the traded window. */
  readonly hours: number;
  /** What longs paid in its life so far, as a share of the price: negative where shorts paid. */
  readonly paid: number;
}

/** By place: BTC's is 5,000 USDC a bitcoin and more, of the order that is documented; the youngest have hardly any yet. */
const LIVES: readonly MarketLife[] = [
  { hours: 600, paid: 0.068 },
  { hours: 590, paid: 0.084 },
  { hours: 540, paid: -0.11 },
  { hours: 260, paid: 0.024 },
  { hours: 420, paid: 0.15 },
  { hours: 500, paid: -0.086 },
  { hours: 480, paid: 0.062 },
  { hours: 560, paid: -0.13 },
  { hours: 120, paid: 0.16 },
  { hours: 450, paid: 0.055 },
  { hours: 330, paid: -0.15 },
  { hours: 160, paid: -0.07 },
  { hours: 400, paid: 0.045 },
  { hours: 380, paid: -0.053 },
  { hours: 360, paid: 0.082 },
  { hours: 300, paid: -0.04 },
  { hours: 240, paid: 0.12 },
  { hours: 220, paid: -0.1 },
  { hours: 200, paid: 0.034 },
  { hours: 180, paid: -0.062 },
  { hours: 140, paid: 0.016 },
  { hours: 72, paid: -0.024 },
  { hours: 48, paid: 0.012 },
  { hours: 16, paid: -0.002 },
];

/** The life of the market at a place of the day; further markets begin the list again. */
export function lifeOf(place: number): MarketLife {
  return LIVES[place % LIVES.length] as MarketLife;
}

/** The oldest market's age. */
export const OLDEST_HOURS = Math.max(...LIVES.map(({ hours }) => hours));

const TICK_MS = 5000;

/** The built-in day of the drill. The same seed gives the same prices. */
export function drillDay(seed: number): MarketDay {
  return modelledMarketDay({ seed, tickMs: TICK_MS, levels: LEVELS });
}

/** Only the part of a day between two times is traded; its prices are the day's. */
export function windowOf(day: MarketDay, startMs: number, endMs: number): MarketDay {
  return { ...day, startMs, endMs };
}
