/**
 * Continuity of the small tables. What only ticks write is copied after each tick, all else is moved by commands
 * (`input-image.ts`); before the next tick reads a row it must still be what it was. No market, however violent, can change one
 * between two ticks, so a difference is class I and concerns its market from then on; one of the venue's row or of a rule
 * concerns everything.
 */
import { QUOTE_KNOWN } from '../engine/command.ts';
import { MARKET_KNOWN } from '../engine/market.ts';
import { BASIS_KNOWN } from '../engine/samples.ts';
import type { State } from '../engine/state.ts';
import { MARKET, ORACLE_LIMIT, QUOTE, SCHEMAS, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import type { Component } from './finding.ts';
import type { InputImage } from './input-image.ts';
import type { Check } from './verdict.ts';

/** Told of a row that is not what it must be. */
export type Found = (component: Component, check: Check) => void;

/** The row of a market from its status to its last parameter, and from its spot to its last trade, in floats. */
const SET_FROM = 4;
const SET_TO = MARKET.MAXIMUM_SPREAD + 1;
const TICKED_FROM = MARKET.SPOT;
const TICKED_TO = MARKET.TICK_MS + 1;
/** `PREMIUM_LIMIT` stands apart. */
const { PREMIUM_LIMIT, LAST_TRADE, VENUES } = MARKET;
const { BASIS, KNOWN: BITS } = QUOTE;
/** The clock and the price of the collateral. */
const CLOCK = [VENUE.SEQUENCE, VENUE.TIME_MS, VENUE.COLLATERAL_PRICE, VENUE.COLLATERAL_MS].map((column) => 64 + column);
/** Behind the last rule, and behind the last column of the venue. */
const RULES_TO = 64 + 64;
const VENUE_TO = 64 + VENUE.RESERVED_LOW + 1;

/** Takes over what the tick wrote. */
export function takeTick(image: InputImage, state: State): void {
  const to = image.market;
  const { f64, i32, rows } = state.market;
  for (let market = 1; market < rows; market++) {
    const at = market * 128;
    for (let column = at + TICKED_FROM; column < at + TICKED_TO; column++) to.f64[column] = f64[column] as number;
    to.f64[at + PREMIUM_LIMIT] = f64[at + PREMIUM_LIMIT] as number;
    to.i32[market * 256 + MARKET.KNOWN] = i32[market * 256 + MARKET.KNOWN] as number;
  }
  const { quote } = state;
  for (let row = VENUE_LIMIT; row < quote.rows; row++) {
    const word = row * 16 + BITS;
    if (((quote.i32[word] as number) & BASIS_KNOWN) === 0) continue;
    image.quote.i32[word] = (image.quote.i32[word] as number) | BASIS_KNOWN;
    image.quote.f64[row * 8 + BASIS] = quote.f64[row * 8 + BASIS] as number;
  }
  image.venue.f64[64 + VENUE.HEALTH_MS] = state.venue.f64[64 + VENUE.HEALTH_MS] as number;
}

/** Compares the small tables with what they must hold; tells of each market that differs, or of the venue, once. */
export function compareRows(image: InputImage, state: State, found: Found): void {
  compareVenue(image, state, found);
  const { rows } = state.market;
  for (let market = 1; market < rows; market++) {
    const different = differenceOf(image, state, market);
    if (different !== undefined) found({ kind: 'market', market }, different);
  }
}

/** The same for the clock, and for what samples are about to be taken into: what they overwrite nobody would see any more. */
export function compareSampled(image: InputImage, state: State, found: Found): void {
  if (!isClockSame(image, state)) return compareVenue(image, state, found);
  for (const market of image.sampledMarkets()) {
    const different = sampleDifference(image, state, market);
    if (different !== undefined) found({ kind: 'market', market }, different);
  }
}

/** True when the clock and the price of the collateral are as they must be. */
export function isClockSame(image: InputImage, state: State): boolean {
  const live = state.venue.f64;
  const known = image.venue.f64;
  for (const column of CLOCK) if (live[column] !== known[column]) return false;
  return true;
}

function compareVenue(image: InputImage, state: State, found: Found): void {
  for (let at = 64; at < RULES_TO; at++) {
    if (image.rule.f64[at] === state.rule.f64[at]) continue;
    found({ kind: 'venue' }, differs('rules', `rule ${at - 64}`, state.rule.f64, image.rule.f64, at));
    break;
  }
  for (let at = 64; at < VENUE_TO; at++) {
    if (image.venue.f64[at] === state.venue.f64[at]) continue;
    const about = `venue column ${at - 64}`;
    found({ kind: 'venue' }, differs('input_continuity', about, state.venue.f64, image.venue.f64, at));
    break;
  }
}

function differenceOf(image: InputImage, state: State, market: number): Check | undefined {
  const live = state.market.f64;
  const known = image.market.f64;
  const at = market * 128;
  for (let column = at + SET_FROM; column < at + SET_TO; column++) {
    if (live[column] !== known[column])
      return differs(nameOf(column - at), aboutOf(market, column - at), live, known, column);
  }
  for (let column = at + TICKED_FROM; column <= at + LAST_TRADE; column++) {
    if (live[column] !== known[column]) {
      return differs('derived_continuity', aboutOf(market, column - at), live, known, column);
    }
  }
  if (live[at + PREMIUM_LIMIT] !== known[at + PREMIUM_LIMIT]) {
    return differs('derived_continuity', aboutOf(market, PREMIUM_LIMIT), live, known, at + PREMIUM_LIMIT);
  }
  return sampleDifference(image, state, market);
}

function sampleDifference(image: InputImage, state: State, market: number): Check | undefined {
  const oracles = state.oracle.f64;
  for (let at = market * ORACLE_LIMIT * 4; at < (market + 1) * ORACLE_LIMIT * 4; at++) {
    if (oracles[at] === image.oracle.f64[at]) continue;
    return differs(
      'input_continuity',
      `market ${market} oracle ${(at >> 2) % ORACLE_LIMIT}`,
      oracles,
      image.oracle.f64,
      at,
    );
  }
  const quotes = state.quote.f64;
  // A venue that the market does not follow is read by nobody.
  const followed = image.market.i32[market * 256 + VENUES] as number;
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    if ((followed & (1 << venue)) === 0) continue;
    const from = (market * VENUE_LIMIT + venue) * 8;
    for (let at = from; at < from + 8; at++) {
      if (quotes[at] === image.quote.f64[at]) continue;
      const name = at % 8 === BASIS ? 'derived_continuity' : 'input_continuity';
      return differs(name, `market ${market} quote ${venue}`, quotes, image.quote.f64, at);
    }
  }
  return undefined;
}

/** Columns of the floats of a market, by their place; words stand two in a float. */
const COLUMN_NAMES = new Map(
  SCHEMAS.market.columns.filter(({ kind }) => kind === 'f64').map(({ name, offset }) => [offset, name]),
);

function aboutOf(market: number, column: number): string {
  if (column === 4) return `market ${market} STATUS or PAUSED`;
  if (column === 5) return `market ${market} KNOWN or MAXIMUM_OPEN_ORDERS`;
  if (column < 8) return `market ${market} FUNDING_PERIOD_S, VENUES or DELISTED`;
  return `market ${market} ${COLUMN_NAMES.get(column) ?? column}`;
}

function nameOf(column: number): string {
  if (column === 4) return 'input_continuity';
  return column >= 8 || column === 6 ? 'market_parameters' : 'derived_continuity';
}

function differs(name: string, about: string, live: Float64Array, known: Float64Array, at: number): Check {
  return { class: 'I', name, about, holds: false, found: String(live[at]), expected: String(known[at]) };
}

/** Smallest and largest of the smoothed bases that the fair basis of a market can be made of; undefined of none. */
export function basisRange(
  { market: markets, quote }: InputImage,
  market: number,
): { readonly least: number; readonly most: number } | undefined {
  const known = markets.i32[market * 256 + MARKET.KNOWN] as number;
  const bases: number[] = [];
  for (const [bit, column] of OWN_BASES) {
    if ((known & bit) !== 0) bases.push(markets.f64[market * 128 + column] as number);
  }
  // Where the own book was never quoted and no venue quotes any more, the mark is the spot.
  if (bases.length === 0) bases.push(0);
  const venues = markets.i32[market * 256 + MARKET.VENUES] as number;
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const bits = quote.i32[row * 16 + QUOTE.KNOWN] as number;
    if ((venues & (1 << venue)) === 0 || (bits & BASIS_KNOWN) === 0 || (bits & QUOTE_KNOWN.MARK) === 0) continue;
    bases.push(quote.f64[row * 8 + BASIS] as number);
  }
  return bases.length === 0 ? undefined : { least: Math.min(...bases), most: Math.max(...bases) };
}

const OWN_BASES = [
  [MARKET_KNOWN.BID_BASIS, MARKET.BID_BASIS],
  [MARKET_KNOWN.ASK_BASIS, MARKET.ASK_BASIS],
  [MARKET_KNOWN.TRADE_BASIS, MARKET.TRADE_BASIS],
  [MARKET_KNOWN.MID_BASIS, MARKET.MID_BASIS],
] as const;
