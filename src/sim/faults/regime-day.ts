/**
 * The market day of a regime: seven markets that are calm until `STRIKE_TICK`, about when the regime sets in. Levels and
 * parameters are those of the built-in day; the moves are made up, each a function of regime and seed.
 */
import { listedParameters } from '../listed-markets.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { documentedDefinition, inPriceUnits, priceScale } from '../market-definition.ts';
import { type DayBars, emptyBars, PricePath } from '../price-path.ts';
import { Random } from '../random.ts';
import type { Regime } from './fault.ts';

export const TICK_MS = 5000;
/** Ticks of a day before the fault strikes, and in all. */
export const STRIKE_TICK = 540;
export const LAST_TICK = STRIKE_TICK + 60;

const START_MS = Date.UTC(2026, 0, 19);
const MINUTE_MS = 60_000;
const MINUTES = 64;
const STRIKE_MINUTE = Math.floor((STRIKE_TICK * TICK_MS) / MINUTE_MS);
/** A regime sets in so many minutes before the fault strikes. */
const AHEAD_MINUTES = 1;
const STEPS = 12;

interface Level {
  readonly name: string;
  readonly price: string;
  /** Typical move of a minute, ppm. */
  readonly minutePpm: number;
  /** How far it goes in a crash and in a squeeze, as a share. */
  readonly crash: number;
  readonly squeeze: number;
}

const LEVELS: readonly Level[] = [
  { name: 'BTC-USD-PERP', price: '92500', minutePpm: 170, crash: -0.08, squeeze: 0.07 },
  { name: 'ETH-USD-PERP', price: '3205', minutePpm: 240, crash: -0.1, squeeze: 0.09 },
  { name: 'SOL-USD-PERP', price: '133.5', minutePpm: 300, crash: -0.12, squeeze: 0.16 },
  { name: 'XRP-USD-PERP', price: '1.97', minutePpm: 280, crash: -0.11, squeeze: 0.08 },
  { name: 'PAXG-USD-PERP', price: '4680', minutePpm: 60, crash: -0.01, squeeze: 0.005 },
  { name: 'DOGE-USD-PERP', price: '0.1285', minutePpm: 330, crash: -0.14, squeeze: 0.2 },
  { name: 'SUI-USD-PERP', price: '1.55', minutePpm: 380, crash: -0.14, squeeze: 0.1 },
];

/** Minutes in which a crash or a squeeze goes its way; then it stays there. */
const MOVE_MINUTES = 5;
/** Places by turnover: from the sixtieth on makers come seldom and one oracle speaks. */
const THIN_RANK = 60;

/** The day of a regime. The same seed gives the same prices. */
export function regimeDay(regime: Regime, seed: number): MarketDay {
  const random = new Random(seed).fork(`regime ${regime}`);
  return {
    day: '2026-01-19',
    startMs: START_MS,
    endMs: START_MS + MINUTES * MINUTE_MS,
    tickMs: TICK_MS,
    isModelled: true,
    source: `modelled: ${regime}`,
    markets: LEVELS.map((level, place) => marketOf(level, place, regime, random.fork(level.name))),
    findings: [],
  };
}

function marketOf(level: Level, place: number, regime: Regime, random: Random): DayMarket {
  const { name, price } = level;
  const isThin = regime === 'thin';
  const venues = (isThin ? 2 : 4) - (place > 3 ? 1 : 0);
  const parameters = listedParameters(name);
  const definition = parameters && documentedDefinition(parameters, name, Number(price), 2 ** venues - 1);
  if (definition === undefined) throw new Error(`${name} is not among the listed markets`);
  const scale = priceScale(definition.SIZE_STEP);
  const bars = walk(inPriceUnits(price, scale), level, regime, random.fork('bars'));
  return {
    name,
    definition,
    parameters: 'documented',
    tickUnits: (definition.TICK_SIZE * (definition.SIZE_STEP / 1e4)) / 1e12,
    usdUnits: inPriceUnits('1', scale),
    path: new PricePath(bars, TICK_MS, random.fork('path')),
    venues: Array.from({ length: venues }, (_, venue) => ({ name: `modelled ${venue + 1}`, bars: undefined })),
    rank: isThin && place > 0 ? THIN_RANK + place : place,
  };
}

/** How far the regime has moved a price by a minute, as a share of what it moves in all. */
function progress(minute: number): number {
  const since = minute - (STRIKE_MINUTE - AHEAD_MINUTES);
  return Math.max(0, Math.min(1, since / MOVE_MINUTES));
}

/** Minute bars: a walk, and the regime's move on top of it. */
function walk(level: number, { minutePpm, crash, squeeze }: Level, regime: Regime, random: Random): DayBars {
  const bars = emptyBars(START_MS, MINUTE_MS, MINUTES);
  const goes = { crash, squeeze, calm: crash / 5, thin: squeeze / 5 }[regime];
  const wild = regime === 'crash' || regime === 'squeeze' ? 2 : 1;
  let noise = 0;
  const at = (minute: number): number => level * (1 + noise / 1e6) * (1 + goes * progress(minute));
  for (let slot = 0; slot < MINUTES; slot++) {
    const open = whole(at(slot));
    let high = open;
    let low = open;
    const restless = progress(slot) > 0 ? wild : 1;
    for (let step = 1; step <= STEPS; step++) {
      noise += minutePpm * restless * random.bell() - noise / 2000;
      const price = whole(at(slot + step / STEPS));
      high = Math.max(high, price);
      low = Math.min(low, price);
    }
    bars.known[slot] = 1;
    bars.open[slot] = open;
    bars.high[slot] = high;
    bars.low[slot] = low;
    bars.close[slot] = whole(at(slot + 1));
    bars.turnover[slot] = (regime === 'thin' ? 1e4 : 1e6) * (progress(slot) > 0 ? wild : 1);
  }
  return bars;
}

function whole(price: number): number {
  return Math.max(1, Math.floor(price + 0.5));
}
