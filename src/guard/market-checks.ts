/** Is a market what its block, its commands and its ticks made of it, and is its mark backed by samples of now? */
import { MARKET_PARAMETERS, QUOTE_KNOWN } from '../engine/command.ts';
import { MARKET_KNOWN } from '../engine/market.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import { ceilOf, floorOf, largest, middleOf, nearestOf, sizeOf, Unreadable, whole } from './exact.ts';
import { basisRange } from './derived-image.ts';
import { DERIVED } from './derived-columns.ts';
import type { Known } from './known.ts';
import type { Checks } from './verdict.ts';

const RATE_UNIT = 1_000_000_000_000n;
const INDEX_UNIT = 1_000_000n;
const MAXIMUM_FUNDING_RATE = MARKET_PARAMETERS.indexOf('MAXIMUM_FUNDING_RATE');
/** A mark further than this from the external fair price is told, ppm. */
const FAR_PPM = 50_000n;

/** Notes the checks of one market at the tick of `sequence` and `timeMs`. Returns the bound of its funding index's move. */
export function checkMarket(
  known: Known,
  state: State,
  market: number,
  sequence: number,
  timeMs: number,
  checks: Checks,
): bigint {
  const about = `market ${market}`;
  checkParameters(known, state, market, about, checks);
  const live = (column: number): bigint => whole(state.market.f64[market * 128 + column]);
  for (const name of ['FUNDING_INDEX', 'SPOT', 'MARK', 'EXTERNAL_FAIR'] as const) {
    const check = name === 'FUNDING_INDEX' ? 'funding_index_continuity' : 'mark_continuity';
    checks.same('I', check, `${about} ${name}`, live(DERIVED[name][0]), known.derived(market, name));
  }
  const moved = sizeOf(known.derived(market, 'FUNDING_INDEX') - known.sealed(market, 'FUNDING_INDEX'));
  const bound = indexBound(known, market, timeMs);
  checks.within('I', 'funding_step_bound', about, moved, bound);
  const isCondemned = known.condemned.has(market);
  if (isCondemned) checks.note('I', 'funding_step_bound', about, false, 'beyond it in an earlier block', bound);
  checkBacking(known, market, sequence, timeMs, about, checks);
  checkDistance(known, market, about, checks);
  checkFundingVoices(known, market, timeMs, about, checks);
  return bound;
}

/** Funding that the own book alone decides is told: whoever moves the book moves the rate. */
function checkFundingVoices(known: Known, market: number, timeMs: number, about: string, checks: Checks): void {
  const { quote, market: markets } = known.inputs;
  const venues = markets.i32[market * 256 + MARKET.VENUES] as number;
  const age = Number(known.rule(RULE.quote_age));
  let fresh = 0;
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const isThere = ((quote.i32[row * 16 + QUOTE.KNOWN] as number) & QUOTE_KNOWN.INDEX) !== 0;
    if ((venues & (1 << venue)) === 0 || !isThere) continue;
    if (timeMs - (quote.f64[row * 8 + QUOTE.TIME_MS] as number) <= age) fresh++;
  }
  checks.note('III', 'funding_quorum', about, fresh > 0, `${fresh} venues`, 'at least 1');
}

function checkParameters(known: Known, state: State, market: number, about: string, checks: Checks): void {
  const { i32, f64 } = state.market;
  MARKET_PARAMETERS.forEach((name, number) => {
    const found = name === 'MAXIMUM_OPEN_ORDERS' ? i32[market * 256 + MARKET[name]] : f64[market * 128 + MARKET[name]];
    const expected = known.parameter(market, number);
    // What holds for every market and every judgement is noted once, by what does not.
    if (whole(found) !== expected) checks.same('I', 'market_parameters', `${about} ${name}`, whole(found), expected);
  });
  const { image } = known;
  const units = whole(image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  const period = whole(image.market.i32[market * 256 + MARKET.FUNDING_PERIOD_S]);
  checks.same('I', 'market_parameters', `${about} TICK_UNITS`, whole(f64[market * 128 + MARKET.TICK_UNITS]), units);
  const livePeriod = whole(i32[market * 256 + MARKET.FUNDING_PERIOD_S]);
  checks.same('I', 'market_parameters', `${about} FUNDING_PERIOD_S`, livePeriod, period);
}

/**
 * The furthest that an index can have moved since the block: maximum rate × the largest spot × time / period, and one for the
 * rounding of each tick. The engine holds each of its steps to the same; this holds the row to where the block had it.
 */
function indexBound(known: Known, market: number, timeMs: number): bigint {
  const { image, log } = known;
  const rate = known.largestParameter(market, MAXIMUM_FUNDING_RATE);
  const marks = log.marksOf(market);
  let spot = known.sealed(market, 'SPOT');
  for (const place of marks) spot = largest(spot, whole(log.field(place, 1)));
  // A premium may be older than the block: its limit is part of the block.
  const sealedLimit = whole(image.market.f64[market * 128 + MARKET.PREMIUM_LIMIT]);
  const limit = largest(sealedLimit, floorOf(rate * spot * INDEX_UNIT, RATE_UNIT) + 1n);
  const elapsedMs = whole(timeMs) - whole(image.market.f64[market * 128 + MARKET.TICK_MS]);
  const periodMs = whole(image.market.i32[market * 256 + MARKET.FUNDING_PERIOD_S]) * 1000n;
  return ceilOf(limit * elapsedMs, periodMs) + BigInt(marks.length) + 1n;
}

/** True when the index of a market stands within its bound of where the block had it. */
export function isIndexBounded(known: Known, market: number, timeMs: number): boolean {
  const { image, log } = known;
  const place = log.markBefore(market, log.count);
  if (place < 0) return true;
  const at = market * 128;
  const { f64, i32 } = image.market;
  const moved = Math.abs(log.field(place, 7) - (f64[at + MARKET.FUNDING_INDEX] as number));
  // Most markets are dismissed by the premium limit that the block has, without exact numbers.
  const periodMs = (i32[market * 256 + MARKET.FUNDING_PERIOD_S] as number) * 1000;
  const elapsedMs = timeMs - (f64[at + MARKET.TICK_MS] as number);
  if (moved * periodMs < (f64[at + MARKET.PREMIUM_LIMIT] as number) * elapsedMs) return true;
  try {
    return whole(moved) <= indexBound(known, market, timeMs);
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

/**
 * A forced action needs a mark of this very tick, made of samples within the age that the rules allow. The spot is derived anew
 * from the samples, the mark from the spot and the fair basis. (A voluntary order may use the last mark there is.)
 */
function checkBacking(
  known: Known,
  market: number,
  sequence: number,
  timeMs: number,
  about: string,
  checks: Checks,
): void {
  const place = known.log.markBefore(market, known.log.count);
  checks.same('II', 'mark_age', `${about} tick`, place < 0 ? 0 : known.log.sequence(place), sequence);
  const { f64, i32 } = known.inputs.oracle;
  const age = known.rule(RULE.oracle_age);
  const prices: bigint[] = [];
  let newest: bigint | undefined;
  for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
    if (i32[row * 8 + ORACLE.KNOWN] === 0) continue;
    const old = whole(timeMs) - whole(f64[row * 4 + ORACLE.TIME_MS]);
    newest = newest === undefined || old < newest ? old : newest;
    if (old <= age) prices.push(whole(f64[row * 4 + ORACLE.PRICE]));
  }
  const isFresh = newest !== undefined && newest <= age;
  checks.note('II', 'mark_age', `${about} sample`, isFresh, newest === undefined ? 'none' : newest, age);
  const middle = middleOf(prices);
  if (middle === undefined) return;
  const usdc = whole(known.inputs.venue.f64[64 + VENUE.COLLATERAL_PRICE]);
  const spot = usdc === 0n ? 0n : floorOf(middle * 100_000_000n, usdc);
  checks.same('II', 'mark_backed', `${about} spot`, known.derived(market, 'SPOT'), spot);
  const mark = spot + nearestOf(spot * known.derived(market, 'FAIR_BASIS'), RATE_UNIT);
  checks.same('II', 'mark_backed', `${about} mark`, known.derived(market, 'MARK'), largest(mark, 1n));
  checkBasis(known, market, about, checks);
}

/** A fair basis is a mean of medians of smoothed bases, so it is between the least and the largest of them. */
function checkBasis(known: Known, market: number, about: string, checks: Checks): void {
  const range = basisRange(known.inputs, market);
  const basis = known.derived(market, 'FAIR_BASIS');
  const [least, most] = [whole(range?.least ?? 0), whole(range?.most ?? 0)];
  const holds = basis >= least && basis <= most;
  if (!holds) checks.note('II', 'fair_basis_bounded', about, false, basis, `${least} to ${most}`);
}

function checkDistance(known: Known, market: number, about: string, checks: Checks): void {
  if (((known.inputs.market.i32[market * 256 + MARKET.KNOWN] as number) & MARKET_KNOWN.EXTERNAL_BASIS) === 0) return;
  const fair = known.derived(market, 'EXTERNAL_FAIR');
  const far = sizeOf(known.derived(market, 'MARK') - fair);
  checks.within('III', 'mark_near_external_fair', about, far * INDEX_UNIT, sizeOf(fair) * FAR_PPM);
}
