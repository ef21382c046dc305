/** Days for what no record shows: prices from levels that the public record names, with the moves between them made up. */
import type { MarketDefinition } from '../../engine/command-buffer.ts';
import { dayOf } from '../../exchange/feeds/timestamp.ts';
import { listedParameters } from '../listed-markets.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { derivedDefinition, documentedDefinition, inPriceUnits, priceScale } from '../market-definition.ts';
import { type DayBars, emptyBars, PricePath } from '../price-path.ts';
import { Random } from '../random.ts';
import type { Scenario } from './extreme.ts';

const MINUTE_MS = 60_000;
const VENUES = 4;

/** A corner of a path: the price in USD at a minute; straight between two, level before the first and after the last. */
export type Corner = readonly [minute: number, usd: number];

interface ModelledMarket {
  readonly name: string;
  readonly corners: readonly Corner[];
  /** Typical move of a minute around the path, ppm; 0: none at all. */
  readonly wobblePpm?: number;
  /** Place among the most traded; its place in the list unless said. */
  readonly rank?: number;
  readonly venues?: number;
  /** Changes to what the market's level and place make of it; `level` in USD when not the first price. */
  readonly level?: number;
  readonly definition?: Partial<MarketDefinition>;
}

interface ModelledDay {
  readonly startMs: number;
  readonly minutes: number;
  readonly tickMs: number;
  readonly seed: number;
  readonly markets: readonly ModelledMarket[];
}

/** The day that these markets make. Throws when a level fits no tick and step: a bug of the case. */
function modelledDay({ startMs, minutes, tickMs, seed, markets }: ModelledDay): MarketDay {
  const random = new Random(seed).fork('extreme');
  return {
    day: dayOf(startMs),
    startMs,
    endMs: startMs + minutes * MINUTE_MS,
    tickMs,
    isModelled: true,
    source: 'modelled: levels of the public record, moves between them made up',
    markets: markets.map((market, place) => {
      const rank = market.rank ?? place;
      return dayMarket(market, rank, startMs, minutes, tickMs, random.fork(market.name));
    }),
    findings: [],
  };
}

function dayMarket(
  market: ModelledMarket,
  rank: number,
  startMs: number,
  minutes: number,
  tickMs: number,
  random: Random,
): DayMarket {
  const { name, venues = VENUES } = market;
  const level = market.level ?? (market.corners[0] as Corner)[1];
  const quoting = 2 ** venues - 1;
  const listed = listedParameters(name);
  const made =
    (listed && documentedDefinition(listed, name, level, quoting)) ?? derivedDefinition(name, level, rank, quoting);
  if (made === undefined) throw new Error(`no tick and step fit ${name} at ${level}`);
  const definition = { ...made, ...market.definition };
  const scale = priceScale(definition.SIZE_STEP);
  const usdUnits = inPriceUnits('1', scale);
  const bars = barsOf(market, usdUnits, startMs, minutes, random.fork('bars'));
  return {
    name,
    definition,
    parameters: listed === undefined ? 'derived' : 'documented',
    tickUnits: (definition.TICK_SIZE * (definition.SIZE_STEP / 1e4)) / 1e12,
    usdUnits,
    path: new PricePath(bars, tickMs, random.fork('path')),
    venues: Array.from({ length: venues }, (_, number) => ({ name: `modelled ${number + 1}`, bars: undefined })),
    rank,
  };
}

function barsOf(market: ModelledMarket, usdUnits: number, startMs: number, minutes: number, random: Random): DayBars {
  const { corners, wobblePpm = 200 } = market;
  const bars = emptyBars(startMs, MINUTE_MS, minutes);
  const at = (minute: number, isAfterGap: boolean): number => {
    const wobble = 1 + (random.fork(minute).bell() * wobblePpm) / 1e6;
    return Math.max(1, Math.floor(usdAt(corners, minute, isAfterGap) * usdUnits * wobble + 0.5));
  };
  for (let minute = 0; minute < minutes; minute++) {
    const [open, close] = [at(minute, true), at(minute + 1, false)];
    const reach = wobblePpm / 2e6;
    bars.known[minute] = 1;
    bars.open[minute] = open;
    bars.close[minute] = close;
    bars.high[minute] = Math.floor(Math.max(open, close) * (1 + reach));
    bars.low[minute] = Math.max(1, Math.ceil(Math.min(open, close) * (1 - reach)));
    bars.turnover[minute] = 1e5;
  }
  return bars;
}

/** The price of a path at a minute, USD. Where two corners share a minute there is a gap: the price after it, or (unless said) before. */
export function usdAt(corners: readonly Corner[], minute: number, isAfterGap = false): number {
  let [fromMinute, fromUsd] = corners[0] as Corner;
  for (const [toMinute, toUsd] of corners) {
    if (isAfterGap ? minute < toMinute : minute <= toMinute) {
      const span = toMinute - fromMinute;
      return span <= 0 ? toUsd : fromUsd + ((toUsd - fromUsd) * (minute - fromMinute)) / span;
    }
    [fromMinute, fromUsd] = [toMinute, toUsd];
  }
  return fromUsd;
}

/** A modelled scenario that starts at a time (UTC); `says` where the levels are from. */
export function modelledScenario(
  seed: number,
  startMs: number,
  minutes: number,
  tickMs: number,
  accounts: number,
  markets: readonly ModelledMarket[],
  says: string,
): Scenario {
  const day = modelledDay({ startMs, minutes, tickMs, seed, markets });
  return { basis: 'modelled', source: `modelled: ${says}`, day, accounts };
}

/** A part of a day: from so many minutes after its start, for so many minutes. */
export function windowOf(day: MarketDay, fromMinute: number, minutes: number): MarketDay {
  const startMs = day.startMs + fromMinute * MINUTE_MS;
  return { ...day, startMs, endMs: Math.min(day.endMs, startMs + minutes * MINUTE_MS) };
}
