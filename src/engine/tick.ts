/** The tick of the clock: prices and funding of every market, then what has become due: triggers, cancels, settlements, health. */
import { divideCeil, divideFloor } from './amount.ts';
import { EVENT } from './event.ts';
import { advanceIndex, updateRate } from './funding.ts';
import { checkHealth } from './health.ts';
import { isKnown, isPaused, MARKET_KNOWN, refreshBand } from './market.ts';
import { orderId } from './order-id.ts';
import { premiumRate } from './premium.ts';
import { freshSpot, isCollateralFresh, updatePrices } from './price.ts';
import { proposeBandCancels } from './restricted-band.ts';
import { RULE } from './rules.ts';
import { proposeSettlements } from './settlement.ts';
import { marketCount, type State } from './state.ts';
import { OPERATION } from './status.ts';
import { MARKET, ORDER, VENUE } from './tables.ts';
import type { TriggerBook } from './trigger-book.ts';

/** Why nothing accrues; 0 is "it does". */
export const FUNDING_PAUSE = {
  NONE: 0,
  NO_SPOT: 1,
  PAUSED: 2,
  GAP: 3,
  NO_COLLATERAL: 4,
  NO_PREMIUM: 5,
  /** The index has come to the end of its range. */
  RANGE: 6,
} as const;

/** Applies a tick at `timeMs`: never earlier than anything before it. */
export function tick(state: State, timeMs: number): void {
  const collateral = isCollateralFresh(state, timeMs);
  let moved = 0;
  for (let market = 1; market <= marketCount(state); market++) {
    moved = Math.max(moved, tickMarket(state, market, timeMs, collateral));
  }
  state.index.bounds.move(moved);
  for (let market = 1; market <= marketCount(state); market++) {
    if (!isPaused(state, market, OPERATION.TRIGGERS)) proposeTriggers(state, market);
    proposeBandCancels(state, market);
  }
  const { f64 } = state.venue;
  const interval = state.rule.f64[64 + RULE.health_interval] as number;
  if (timeMs - (f64[64 + VENUE.HEALTH_MS] as number) >= interval) {
    f64[64 + VENUE.HEALTH_MS] = timeMs;
    proposeSettlements(state);
    checkHealth(state);
  }
}

/** Returns the largest relative move that the tick brought to the value of a position in this market. */
function tickMarket(state: State, market: number, timeMs: number, collateral: boolean): number {
  const { f64 } = state.market;
  const at = market * 128;
  const first = !isKnown(state, market, MARKET_KNOWN.TICK);
  const elapsedMs = first ? 0 : timeMs - (f64[at + MARKET.TICK_MS] as number);
  const spot = collateral ? freshSpot(state, market, timeMs) : 0;
  const premium = spot > 0 ? premiumRate(state, market, spot, timeMs) : undefined;
  const pause = pauseCause(state, market, collateral, spot, premium, elapsedMs);
  const step = pause === FUNDING_PAUSE.NONE && !first ? advanceIndex(state, market, elapsedMs) : 0;
  const cause = step === undefined ? FUNDING_PAUSE.RANGE : pause;
  let moved = spot > 0 ? updatePrices(state, market, spot, elapsedMs, timeMs) : 0;
  if (spot > 0) refreshBand(state, market);
  if (premium !== undefined) updateRate(state, market, premium, spot, elapsedMs);
  f64[at + MARKET.TICK_MS] = timeMs;
  state.market.i32[market * 256 + MARKET.KNOWN] =
    (state.market.i32[market * 256 + MARKET.KNOWN] as number) | MARKET_KNOWN.TICK;
  state.market.touch(market);
  tellPause(state, market, cause, timeMs);
  if (spot > 0) tellMarked(state, market);
  if (step !== undefined && step !== 0) moved += Math.abs(step) / 1e6 / (f64[at + MARKET.MARK] as number);
  return moved;
}

function pauseCause(
  state: State,
  market: number,
  collateral: boolean,
  spot: number,
  premium: number | undefined,
  elapsedMs: number,
): number {
  if (isPaused(state, market, OPERATION.FUNDING)) return FUNDING_PAUSE.PAUSED;
  if (!collateral) return FUNDING_PAUSE.NO_COLLATERAL;
  if (spot === 0) return FUNDING_PAUSE.NO_SPOT;
  if (premium === undefined) return FUNDING_PAUSE.NO_PREMIUM;
  if (elapsedMs > (state.rule.f64[64 + RULE.funding_gap] as number)) return FUNDING_PAUSE.GAP;
  return FUNDING_PAUSE.NONE;
}

/** Tells when a pause starts and when it ends. */
function tellPause(state: State, market: number, cause: number, timeMs: number): void {
  const { i32, f64 } = state.market;
  const word = market * 256 + MARKET.KNOWN;
  const known = i32[word] as number;
  const accrued = (known & MARKET_KNOWN.ACCRUING) !== 0;
  const accrues = cause === FUNDING_PAUSE.NONE;
  if (accrued === accrues) return;
  i32[word] = accrues ? known | MARKET_KNOWN.ACCRUING : known & ~MARKET_KNOWN.ACCRUING;
  state.events.emit(EVENT.fundingPaused, market, cause, f64[market * 128 + MARKET.FUNDING_MS] as number);
  f64[market * 128 + MARKET.FUNDING_MS] = timeMs;
}

function tellMarked(state: State, market: number): void {
  const { f64 } = state.market;
  const at = market * 128;
  state.events.emit(
    EVENT.marked,
    market,
    f64[at + MARKET.SPOT] as number,
    f64[at + MARKET.MARK] as number,
    f64[at + MARKET.FAIR_BASIS] as number,
    f64[at + MARKET.EXTERNAL_FAIR] as number,
    f64[at + MARKET.PREMIUM_RATE] as number,
    f64[at + MARKET.FUNDING_RATE] as number,
    f64[at + MARKET.FUNDING_INDEX] as number,
  );
}

function proposeTriggers(state: State, market: number): void {
  if (!isKnown(state, market, MARKET_KNOWN.MARK)) return;
  const { f64 } = state.market;
  const mark = f64[market * 128 + MARKET.MARK] as number;
  const units = f64[market * 128 + MARKET.TICK_UNITS] as number;
  const triggers = state.index.triggers[market] as TriggerBook;
  triggers.forEachDue(state.order, divideFloor(mark, units), divideCeil(mark, units), (row) => {
    const account = state.order.i32[row * 16 + ORDER.ACCOUNT] as number;
    state.events.emit(EVENT.triggerDue, orderId(state, row), account, market, mark);
  });
}
