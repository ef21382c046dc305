/**
 * The funding rate and the funding index of a market. Source: Paradex, "Funding mechanism" (2026-06), steps 3 to 6 and the gap
 * rule. The index moves here and nowhere else, by time and the premium of the tick before; a fraction that a division leaves
 * is carried to the next tick, so none is ever lost.
 */
import { multiplyDivideFloor, multiplyDivideNearest, PPM, remainder } from './amount.ts';
import { InvariantBroken } from './invariant-broken.ts';
import { isKnown, MARKET_KNOWN, statusOf } from './market.ts';
import { RULE } from './rules.ts';
import { keptAfter, smooth, UNIT } from './smoothing.ts';
import type { State } from './state.ts';
import { STATUS } from './status.ts';
import { MARKET } from './tables.ts';

/** The end of the range of an index: 4.5 billion price units a lot, so that what a position owes is exact. */
const INDEX_LIMIT = 2 ** 52;

/** clip(multiplier × (premium + clip(interest − premium, ± clamp)), ± maximum), 1e-12; the product rounded to nearest. */
export function rawRate(premium: number, interest: number, clamp: number, multiplier: number, maximum: number): number {
  const delta = clip(interest - premium, clamp);
  return clip(multiplyDivideNearest(premium + delta, multiplier, PPM), maximum);
}

/** `value`, but at most `limit` away from zero; never −0. */
function clip(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value)) + 0;
}

/** Takes a premium rate into the market's smoothed funding rate and the premium that accrues from now on. */
export function updateRate(state: State, market: number, premiumRate: number, spot: number, elapsedMs: number): void {
  const { f64, i32 } = state.market;
  const at = market * 128;
  const maximum = f64[at + MARKET.MAXIMUM_FUNDING_RATE] as number;
  const raw = rawRate(
    premiumRate,
    f64[at + MARKET.INTEREST_RATE] as number,
    f64[at + MARKET.CLAMP_RATE] as number,
    f64[at + MARKET.FUNDING_MULTIPLIER] as number,
    maximum,
  );
  const restricted = statusOf(state, market) === STATUS.POST_ONLY;
  const halfLife = restricted ? RULE.restricted_funding_half_life : RULE.funding_half_life;
  const kept = keptAfter(elapsedMs, state.rule.f64[64 + halfLife] as number);
  const known = isKnown(state, market, MARKET_KNOWN.FUNDING_RATE);
  const rate = known ? clip(smooth(f64[at + MARKET.FUNDING_RATE] as number, raw, kept), maximum) : raw;
  f64[at + MARKET.PREMIUM_RATE] = premiumRate;
  f64[at + MARKET.RAW_RATE] = raw;
  f64[at + MARKET.FUNDING_RATE] = rate;
  // rate (1e-12) × spot (price units) in 1e-6 price units
  f64[at + MARKET.FUNDING_PREMIUM] = multiplyDivideNearest(rate, spot, UNIT / PPM);
  f64[at + MARKET.PREMIUM_LIMIT] = multiplyDivideFloor(maximum, spot, UNIT / PPM) + 1;
  i32[market * 256 + MARKET.KNOWN] = (i32[market * 256 + MARKET.KNOWN] as number) | MARKET_KNOWN.FUNDING_RATE;
}

/**
 * Moves the funding index by the premium in force over `elapsedMs`; returns the step. Its bound: no step exceeds maximum
 * rate × spot × time / period, whatever the market did. A step beyond it is corruption and throws. Undefined when the index
 * would leave its range: it stays, and funding pauses.
 */
export function advanceIndex(state: State, market: number, elapsedMs: number): number | undefined {
  const { f64, i32 } = state.market;
  const at = market * 128;
  const index = f64[at + MARKET.FUNDING_INDEX] as number;
  if (index !== state.index.fundingIndexes[market]) {
    throw new InvariantBroken('funding_index_moved_by_tick', `market ${market}: ${index} is not what the tick left`);
  }
  const periodMs = (i32[market * 256 + MARKET.FUNDING_PERIOD_S] as number) * 1000;
  // A division by less than nothing would have no end.
  if (!(periodMs > 0)) throw new InvariantBroken('funding_period', `market ${market}: a period of ${periodMs} ms`);
  const premium = f64[at + MARKET.FUNDING_PREMIUM] as number;
  let step = multiplyDivideFloor(premium, elapsedMs, periodMs);
  let rest = remainder + (f64[at + MARKET.FUNDING_REMAINDER] as number);
  if (rest >= periodMs) {
    rest -= periodMs;
    step++;
  }
  const limit = multiplyDivideFloor(f64[at + MARKET.PREMIUM_LIMIT] as number, elapsedMs, periodMs) + 1;
  const moved = index + step;
  if (Math.abs(step) > limit) {
    throw new InvariantBroken('funding_step_bounded', `market ${market}: a step of ${step}, at most ${limit}`);
  }
  if (Math.abs(moved) > INDEX_LIMIT) return undefined;
  f64[at + MARKET.FUNDING_INDEX] = moved;
  f64[at + MARKET.FUNDING_REMAINDER] = rest;
  state.index.fundingIndexes[market] = moved;
  return step;
}
