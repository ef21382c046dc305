/** From what a venue documents about a market, or from its price alone, to the definition that the engine takes. */
import type { MarketDefinition } from '../engine/command-buffer.ts';
import { tickUnits } from '../engine/market.ts';
import { parseDecimal } from '../exchange/feeds/decimal.ts';
import type { MarketParameters } from '../exchange/feeds/market-parameters-csv.ts';

/** Baseline rate 0.01 % and clamp 0.05 % a funding period (Paradex, "Funding mechanism"). */
const INTEREST_RATE = 1e8;
const CLAMP_RATE = 5e8;
/** Relative spread up to which a tick is liquid: 1 % (Paradex, "Mark price calculation"). */
const MAXIMUM_SPREAD = 10_000;
/** Notional of the impact price: 5,000 USD for BTC and ETH, 1,000 otherwise. */
const LARGE_IMPACT = 5000e8;
const SMALL_IMPACT = 1000e8;
const ORDER_LIMIT = 2 ** 31 - 1;
/** A tick may be at most this share of the price (1/1000): a listing from another price level does not fit any more. */
const COARSEST_TICK = 1000;
/** A size step of 1e-8: with a finer one a price unit would be more than 1 USD. */
const FINEST_STEP = 1e4;

function impactNotional(market: string): number {
  return market === 'BTC-USD-PERP' || market === 'ETH-USD-PERP' ? LARGE_IMPACT : SMALL_IMPACT;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? 0 : text.length - point - 1;
}

/** `amount` in steps of `step`, rounded down to whole ones. */
function inSteps(amount: string, step: string): number {
  const decimals = decimalsOf(step);
  return Math.floor(parseDecimal(amount, decimals, 'half_even') / parseDecimal(step, decimals, 'exact'));
}

/**
 * The definition of a market with documented parameters. Undefined when they are not complete, not such as the engine takes
 * (one tick of one lot must be whole units of 1e-8 USDC), or their tick is coarser than a thousandth of the price.
 */
export function documentedDefinition(
  parameters: MarketParameters,
  name: string,
  price: number,
  venues: number,
): MarketDefinition | undefined {
  const { tickSize, sizeStep, maximumOrderSize, positionLimit } = parameters;
  if (maximumOrderSize === undefined || positionLimit === undefined) return undefined;
  const tick = parseDecimal(tickSize, 12, 'exact');
  const step = parseDecimal(sizeStep, 12, 'exact');
  const isTooCoarse = (tick / 1e12) * COARSEST_TICK > price;
  const isTooFine = step % FINEST_STEP !== 0;
  if (isTooCoarse || isTooFine || tickUnits(tick, step) === undefined) return undefined;
  const ppm = (fraction: string): number => parseDecimal(fraction, 6, 'half_even');
  return {
    name,
    fundingPeriodS: parameters.fundingPeriodMs / 1000,
    venues,
    TICK_SIZE: tick,
    SIZE_STEP: step,
    MINIMUM_NOTIONAL: parseDecimal(parameters.minimumNotional, 8, 'exact'),
    MAXIMUM_ORDER: Math.min(ORDER_LIMIT, inSteps(maximumOrderSize, sizeStep)),
    POSITION_LIMIT: inSteps(positionLimit, sizeStep),
    PRICE_BAND: ppm(parameters.priceBandFraction),
    INITIAL_MARGIN: ppm(parameters.initialMarginFraction),
    MAINTENANCE_FACTOR: ppm(parameters.maintenanceMarginFactor),
    INTEREST_RATE,
    CLAMP_RATE,
    MAXIMUM_FUNDING_RATE: parseDecimal(parameters.maximumFundingRate, 12, 'half_even'),
    FUNDING_MULTIPLIER: ppm(parameters.fundingMultiplier),
    IMPACT_NOTIONAL: impactNotional(name),
    BASIS_WEIGHT: ppm(parameters.ewmaFactor),
    MAXIMUM_SPREAD,
    MAXIMUM_OPEN_ORDERS: parameters.maximumOpenOrders,
  };
}

/** How a market without documented parameters is margined: by its place among the most traded ones of the day. */
const TIERS = [
  { upTo: 40, initialMargin: 50_000, band: 100_000 },
  { upTo: 140, initialMargin: 100_000, band: 150_000 },
  { upTo: Number.POSITIVE_INFINITY, initialMargin: 200_000, band: 200_000 },
];
/** Largest order and position of a market without documented parameters, USD. */
const LARGEST_ORDER_USD = 300_000;
const LARGEST_POSITION_USD = 1_000_000;

/**
 * The definition of a market from its price level in USD alone, in the proportions that Paradex's listings have. Tick: the
 * power of ten between 1/100,000 and 1/10,000 of the price; step: the power of ten that is worth 0.1 to 1 USD. So one tick
 * of one lot is always 1e-5 USDC, 1,000 price units. Leverage and band follow `rank`, the place by turnover (0 first): 20×
 * and 10 % for the first 40, 10× and 15 % for the next 100, then 5× and 20 %. Undefined below 1e-7 or from 1e8 USD on.
 */
export function derivedDefinition(
  name: string,
  price: number,
  rank: number,
  venues: number,
): MarketDefinition | undefined {
  const exponent = Number(price.toExponential().split('e')[1]);
  if (!(exponent >= -7 && exponent <= 7)) return undefined;
  const tier = TIERS.find(({ upTo }) => rank < upTo) as (typeof TIERS)[number];
  const sizeStep = Number(`1e${12 - 1 - exponent}`);
  const lotUsd = (price * sizeStep) / 1e12;
  return {
    name,
    fundingPeriodS: 28_800,
    venues,
    TICK_SIZE: Number(`1e${12 - 4 + exponent}`),
    SIZE_STEP: sizeStep,
    MINIMUM_NOTIONAL: 10e8,
    MAXIMUM_ORDER: Math.floor(LARGEST_ORDER_USD / lotUsd),
    POSITION_LIMIT: Math.floor(LARGEST_POSITION_USD / lotUsd),
    PRICE_BAND: tier.band,
    INITIAL_MARGIN: tier.initialMargin,
    MAINTENANCE_FACTOR: 500_000,
    INTEREST_RATE,
    CLAMP_RATE,
    MAXIMUM_FUNDING_RATE: 5e10,
    FUNDING_MULTIPLIER: 1_000_000,
    IMPACT_NOTIONAL: impactNotional(name),
    BASIS_WEIGHT: 150_000,
    MAXIMUM_SPREAD,
    MAXIMUM_OPEN_ORDERS: 75,
  };
}

/**
 * How a price in USD becomes price units of a market: units = price × step × 1e8, so the decimals that count and the factor
 * that is left when the step is no power of ten.
 */
export interface PriceScale {
  readonly decimals: number;
  readonly factor: number;
}

/** The scale of a market with this size step (1e-12 of base), a multiple of 1e-8. */
export function priceScale(sizeStep: number): PriceScale {
  let digits = 12;
  let factor = sizeStep;
  while (factor % 10 === 0) {
    factor /= 10;
    digits--;
  }
  return { decimals: 8 - digits, factor };
}

/** A decimal price in price units, rounded to nearest, at least 1. */
export function inPriceUnits(price: string, { decimals, factor }: PriceScale): number {
  return Math.max(1, parseDecimal(price, decimals, 'half_even') * factor);
}
