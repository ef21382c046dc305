/**
 * The schedule of funding: each tick's step of a market's index is what the premium of the tick before makes over the time between
 * them, to the unit, or none while a pause is told. It is computed here a second time, in whole numbers of any size. So an
 * index that stands still, steps twice, backwards or by another period is found at the tick at which it does.
 */
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { MARKET_KNOWN } from '../engine/market.ts';
import type { State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';
import { floorOf, nearestOf, Unreadable, whole } from './exact.ts';
import type { Component } from './finding.ts';
import type { InputImage } from './input-image.ts';
import type { Check, CheckClass } from './verdict.ts';

/** What the next step of an index follows from. */
interface Standing {
  readonly index: number;
  readonly premium: number;
  readonly remainder: number;
  readonly tickMs: number;
  readonly isAccruing: boolean;
}

/** Products up to this are exact in floats. */
const EXACT = 2 ** 52;
const RATE_UNIT = 1_000_000n;

type Found = (component: Component, check: Check) => void;

export class FundingSchedule {
  private readonly standings: (Standing | undefined)[] = [];
  private tickMs = -1;

  /** Judges what a tick did to every index, once; `from` is the first event since it began. Tells of each market that is off. */
  observe(inputs: InputImage, state: State, from: number, found: Found): void {
    const { f64, rows } = inputs.market;
    const tickMs = rows > 1 ? (f64[128 + MARKET.TICK_MS] as number) : -1;
    if (tickMs === this.tickMs) return;
    this.tickMs = tickMs;
    for (let market = 1; market < rows; market++) {
      const now = standingOf(inputs, market);
      const before = this.standings[market];
      this.standings[market] = now;
      if (now === undefined || before === undefined) continue;
      const check = checkOf(inputs, state, from, market, before, now);
      if (check !== undefined) found({ kind: 'market', market }, check);
    }
  }
}

/** How a market stands after a tick; undefined before its first one. */
function standingOf({ market: { f64, i32 } }: InputImage, market: number): Standing | undefined {
  const known = i32[market * 256 + MARKET.KNOWN] as number;
  if ((known & MARKET_KNOWN.TICK) === 0) return undefined;
  const at = market * 128;
  return {
    index: f64[at + MARKET.FUNDING_INDEX] as number,
    premium: f64[at + MARKET.FUNDING_PREMIUM] as number,
    remainder: f64[at + MARKET.FUNDING_REMAINDER] as number,
    tickMs: f64[at + MARKET.TICK_MS] as number,
    isAccruing: (known & MARKET_KNOWN.ACCRUING) !== 0,
  };
}

function checkOf(
  inputs: InputImage,
  state: State,
  from: number,
  market: number,
  before: Standing,
  now: Standing,
): Check | undefined {
  const about = `market ${market}`;
  const fails = (of: CheckClass, name: string, found: unknown, expected: unknown): Check => {
    return { class: of, name, about, holds: false, found: String(found), expected: String(expected) };
  };
  if (before.isAccruing !== now.isAccruing && !isPauseTold(state, from, market)) {
    return fails('II', 'funding_pause_told', 'no event', now.isAccruing ? 'the end of a pause' : 'a pause');
  }
  const step = now.index - before.index;
  if (!now.isAccruing) return step === 0 ? undefined : fails('I', 'funding_schedule', step, 'none in a pause');
  const expected = stepOf(inputs, market, before, now.tickMs - before.tickMs);
  if (step !== expected) return fails('I', 'funding_schedule', step, expected);
  return rateCheck(inputs, market, fails);
}

/** True when a pause of the market's funding began or ended among the events from number `from` on. */
function isPauseTold({ events: { values, count } }: State, from: number, market: number): boolean {
  for (let event = from; event < count; event++) {
    const at = event * EVENT_FLOATS;
    if (values[at] === EVENT.fundingPaused && values[at + 2] === market) return true;
  }
  return false;
}

/** The step that a standing makes over a time: premium × time / period with what was left over, rounded down. */
function stepOf({ market: { i32 } }: InputImage, market: number, before: Standing, elapsedMs: number): number {
  const periodMs = (i32[market * 256 + MARKET.FUNDING_PERIOD_S] as number) * 1000;
  const product = before.premium * elapsedMs + before.remainder;
  // Exact: both are whole and below 2^52, and a quotient that is not whole is further from a whole number than floats round.
  if (Math.abs(product) < EXACT) return (product - (((product % periodMs) + periodMs) % periodMs)) / periodMs;
  if (!Number.isInteger(before.premium) || !Number.isInteger(before.remainder)) return Number.NaN;
  const exact = BigInt(before.premium) * BigInt(elapsedMs) + BigInt(before.remainder);
  return Number(floorOf(exact, BigInt(periodMs)));
}

/** A rate that accrues is within its maximum, and the premium is what it makes of the spot, rounded to nearest. */
function rateCheck(
  { market: { f64 } }: InputImage,
  market: number,
  fails: (of: CheckClass, name: string, found: unknown, expected: unknown) => Check,
): Check | undefined {
  const column = (name: 'FUNDING_RATE' | 'MAXIMUM_FUNDING_RATE' | 'SPOT' | 'FUNDING_PREMIUM'): number =>
    f64[market * 128 + MARKET[name]] as number;
  const [rate, maximum] = [column('FUNDING_RATE'), column('MAXIMUM_FUNDING_RATE')];
  if (!(Math.abs(rate) <= maximum)) return fails('I', 'funding_rate_bound', rate, `at most ${maximum}`);
  const premium = column('FUNDING_PREMIUM');
  // Far from a half floats decide; near one, and where products are not exact, whole numbers do.
  if (Math.abs((rate * column('SPOT')) / 1e6 - premium) < 0.25) return undefined;
  try {
    const exact = nearestOf(whole(rate) * whole(column('SPOT')), RATE_UNIT);
    if (exact === whole(premium)) return undefined;
    return fails('I', 'funding_premium', premium, exact);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return fails('I', 'funding_premium', error.message, 'whole numbers');
  }
}
