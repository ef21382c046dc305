/** Markets: their parameters, their status, their price bands. */
import { divideCeil, divideFloor, multiplyDivideFloor, PPM, remainder } from './amount.ts';
import { MARKET_PARAMETERS, type MarketParameter } from './command.ts';
import { TICK_LIMIT } from './ladder.ts';
import type { State } from './state.ts';
import { pausedByStatus } from './status.ts';
import { MARKET, VENUE } from './tables.ts';

const { STATUS, PAUSED, TICK_UNITS, MARK, PRICE_BAND, EXTERNAL_FAIR, KNOWN } = MARKET;
const VENUE_STATUS = VENUE.STATUS;
const VENUE_PAUSED = VENUE.PAUSED;

/** Bits of a market's `KNOWN`: which derived values are there. */
export const MARKET_KNOWN = {
  SPOT: 1,
  MARK: 2,
  EXTERNAL_BASIS: 4,
  BID_BASIS: 8,
  ASK_BASIS: 16,
  TRADE_BASIS: 32,
  MID_BASIS: 64,
  SLOW_BASIS: 128,
  FUNDING_RATE: 256,
  TICK: 512,
  LAST_TRADE: 1024,
  /** Funding accrues since the last tick (its opposite is a pause). */
  ACCRUING: 2048,
} as const;

/** The status in force: the severer of the venue's and the market's own. */
export function statusOf(state: State, market: number): number {
  const own = state.market.i32[market * 256 + STATUS] as number;
  const venue = state.venue.i32[state.venue.rowWords + VENUE_STATUS] as number;
  return own > venue ? own : venue;
}

/** True when an operation (a bit of `OPERATION`) is paused in a market, by status or one by one. */
export function isPaused(state: State, market: number, operation: number): boolean {
  const own = state.market.i32[market * 256 + PAUSED] as number;
  const venue = state.venue.i32[state.venue.rowWords + VENUE_PAUSED] as number;
  return ((own | venue | pausedByStatus(statusOf(state, market))) & operation) !== 0;
}

/** True when an operation is paused for the venue as a whole. */
export function isVenuePaused(state: State, operation: number): boolean {
  const at = state.venue.rowWords;
  const paused = state.venue.i32[at + VENUE_PAUSED] as number;
  return ((paused | pausedByStatus(state.venue.i32[at + VENUE_STATUS] as number)) & operation) !== 0;
}

export function isKnown(state: State, market: number, bit: number): boolean {
  return ((state.market.i32[market * 256 + KNOWN] as number) & bit) !== 0;
}

/** True when all of several bits are set. */
export function areKnown(state: State, market: number, bits: number): boolean {
  return ((state.market.i32[market * 256 + KNOWN] as number) & bits) === bits;
}

/** The highest price at which a buy may be aggressive: mark × (1 + band), rounded down to a tick. */
function computeBandTop(state: State, market: number): number {
  const { f64 } = state.market;
  const at = market * 128;
  const mark = f64[at + MARK] as number;
  const top = mark + multiplyDivideFloor(mark, f64[at + PRICE_BAND] as number, PPM);
  return Math.min(TICK_LIMIT - 1, divideFloor(top, f64[at + TICK_UNITS] as number));
}

/** The lowest price at which a sell may be aggressive: mark × (1 − band), rounded up to a tick, within the ticks there are. */
function computeBandBottom(state: State, market: number): number {
  const { f64 } = state.market;
  const at = market * 128;
  const mark = f64[at + MARK] as number;
  const bottom = mark - multiplyDivideFloor(mark, f64[at + PRICE_BAND] as number, PPM);
  return Math.max(1, Math.min(TICK_LIMIT - 1, divideCeil(bottom, f64[at + TICK_UNITS] as number)));
}

/** The highest price at which a buy may be aggressive, ticks. */
export function bandTop(state: State, market: number): number {
  return state.index.bands[market * 2 + 1] as number;
}

/** The lowest price at which a sell may be aggressive, ticks. */
export function bandBottom(state: State, market: number): number {
  return state.index.bands[market * 2] as number;
}

/** Computes the band anew: after the mark or the width changed. */
export function refreshBand(state: State, market: number): void {
  state.index.bands[market * 2] = computeBandBottom(state, market);
  state.index.bands[market * 2 + 1] = computeBandTop(state, market);
}

/** The highest buy or the lowest sell of restricted modes, in price units: external fair ± fair × ppm, rounded down. */
export function restrictedEdge(state: State, market: number, sell: number, ppm: number): number {
  const fair = state.market.f64[market * 128 + EXTERNAL_FAIR] as number;
  const width = multiplyDivideFloor(fair, ppm, PPM);
  return sell === 0 ? fair + width : fair - width;
}

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

const FRACTION: Range = { minimum: 0, maximum: PPM };
const RATE: Range = { minimum: 0, maximum: 1e12 };

/** What a parameter may be; all are integers. */
const PARAMETER_RANGES: { readonly [parameter in MarketParameter]: Range } = {
  TICK_SIZE: { minimum: 1, maximum: 1e15 },
  SIZE_STEP: { minimum: 1, maximum: 1e18 },
  MINIMUM_NOTIONAL: { minimum: 0, maximum: 2 ** 50 },
  MAXIMUM_ORDER: { minimum: 1, maximum: 2 ** 31 - 1 },
  POSITION_LIMIT: { minimum: 1, maximum: 2 ** 40 },
  PRICE_BAND: { minimum: 1, maximum: PPM - 1 },
  INITIAL_MARGIN: { minimum: 1_000, maximum: PPM },
  MAINTENANCE_FACTOR: { minimum: 1, maximum: PPM },
  INTEREST_RATE: { minimum: -1e12, maximum: 1e12 },
  CLAMP_RATE: RATE,
  MAXIMUM_FUNDING_RATE: RATE,
  FUNDING_MULTIPLIER: FRACTION,
  IMPACT_NOTIONAL: { minimum: 1, maximum: 2 ** 50 },
  BASIS_WEIGHT: { minimum: 1, maximum: PPM },
  MAXIMUM_SPREAD: { minimum: 1, maximum: PPM },
  MAXIMUM_OPEN_ORDERS: { minimum: 1, maximum: 1_000_000 },
};

/** Parameters fixed for the life of a market: positions and books are counted in them. */
const FIXED: ReadonlySet<MarketParameter> = new Set(['TICK_SIZE', 'SIZE_STEP']);

export function isParameterValid(parameter: MarketParameter, value: number): boolean {
  const range = PARAMETER_RANGES[parameter];
  return Number.isInteger(value) && value >= range.minimum && value <= range.maximum;
}

export function isParameterFixed(parameter: MarketParameter): boolean {
  return FIXED.has(parameter);
}

/**
 * Price units in one tick: tick size × size step / 1e-8. Undefined when that is no positive integer: one tick of one lot
 * must be a whole number of 1e-8 USDC, so that money never needs rounding.
 */
export function tickUnits(tickSize: number, sizeStep: number): number | undefined {
  if (tickSize * sizeStep >= 1e8 * 2 ** 52) return undefined;
  const scaled = multiplyDivideFloor(tickSize, sizeStep, 1e8);
  if (remainder !== 0 || scaled === 0 || scaled % 1e8 !== 0) return undefined;
  return scaled / 1e8;
}

/** The value of a parameter of a market. */
export function marketParameter(state: State, market: number, parameter: MarketParameter): number {
  if (parameter === 'MAXIMUM_OPEN_ORDERS') return state.market.i32[market * 256 + MARKET[parameter]] as number;
  return state.market.f64[market * 128 + MARKET[parameter]] as number;
}

/** Stores a parameter, which must be valid. */
export function storeParameter(state: State, market: number, parameter: MarketParameter, value: number): void {
  if (parameter === 'MAXIMUM_OPEN_ORDERS') state.market.i32[market * 256 + MARKET[parameter]] = value;
  else state.market.f64[market * 128 + MARKET[parameter]] = value;
  state.market.touch(market);
}

/** The parameter that command `setMarketParameter` numbers so, if there is one. */
export function parameterOf(number: number): MarketParameter | undefined {
  return MARKET_PARAMETERS[number];
}
