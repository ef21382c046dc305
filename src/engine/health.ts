/**
 * The health check of all accounts: who may be liquidated, whose orders must go, what the venue could not pay. It proposes;
 * forced actions are commands. Source: Paradex, "Liquidations", "Deleveraging", "Socialized losses".
 */
import { shareCeil, Wide } from './amount.ts';
import { EVENT } from './event.ts';
import { FLAG } from './flags.ts';
import { InvariantBroken } from './invariant-broken.ts';
import { isPaused, isVenuePaused } from './market.ts';
import { computeMargin, Margin } from './margin.ts';
import { orderId } from './order-id.ts';
import { openOrdersOf } from './reduce-only.ts';
import { CLOSE } from './refusal.ts';
import { RULE } from './rules.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from './state.ts';
import { OPERATION } from './status.ts';
import { ACCOUNT, ORDER, POSITION, VENUE } from './tables.ts';

const { KIND, FIRST_POSITION, BALANCE_HIGH } = ACCOUNT;
const { SIZE, NEXT_OF_ACCOUNT, MARKET, FIRST_ORDER } = POSITION;
const PPM = 1e6;
const LOSS_FACTOR_LIMIT = 1e12;

const margin = new Margin();
const bankruptcy = new Wide();

/** Walks all accounts; most are dismissed by their bound. */
export function checkHealth(state: State): void {
  bankruptcy.clear();
  const { i32, rows } = state.account;
  for (let account = 1; account < rows; account++) {
    if (i32[account * 16 + KIND] !== ACCOUNT_KIND.TRADER) continue;
    if (state.index.bounds.slack(account) >= 0) continue;
    checkAccount(state, account);
  }
  updateLossFactor(state);
}

function checkAccount(state: State, account: number): void {
  computeMargin(state, account, margin);
  const { equity, maintenance } = margin;
  if (equity.isNegative()) bankruptcy.subtractWide(equity);
  if (isUnhealthy(margin) && hasPosition(state, account)) {
    if (isLiquidationPaused(state, account)) return;
    const share = liquidationShare(state, margin);
    state.events.emit(EVENT.liquidationDue, account, share, equity.high, equity.low, maintenance.high, maintenance.low);
    return;
  }
  for (const row of ordersToDeleverage(state, account, margin)) {
    const market = state.order.i32[row * 16 + ORDER.MARKET] as number;
    state.events.emit(EVENT.cancelDue, orderId(state, row), account, market, CLOSE.DELEVERAGE);
  }
}

/** Margin ratio above 100 %, or nothing left: maintenance margin > equity, or equity ≤ 0. */
export function isUnhealthy(of: Margin): boolean {
  return of.maintenance.compare(of.equity) > 0 || of.equity.isNegative() || of.equity.isZero();
}

/** True when the account holds any position. */
export function hasPosition(state: State, account: number): boolean {
  const { i32, f64 } = state.position;
  let row = state.account.i32[account * 16 + FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + NEXT_OF_ACCOUNT] as number) if (f64[row * 16 + SIZE] !== 0) return true;
  return false;
}

/** True when liquidations are paused in the venue or in any market where the account holds a position. */
export function isLiquidationPaused(state: State, account: number): boolean {
  if (isVenuePaused(state, OPERATION.LIQUIDATIONS)) return true;
  const { i32, f64 } = state.position;
  let row = state.account.i32[account * 16 + FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + NEXT_OF_ACCOUNT] as number) {
    if (f64[row * 16 + SIZE] === 0) continue;
    if (isPaused(state, i32[row * 32 + MARKET] as number, OPERATION.LIQUIDATIONS)) return true;
  }
  return false;
}

const penalty = new Wide();
const left = new Wide();
const required = new Wide();

/**
 * The smallest share (a multiple of the step, ppm) after which the margin ratio is predicted below the target; all when none
 * is. Predicted maintenance margin: (1 − s) × MMR, rounded up; equity: less the penalty s × fee × MMR, rounded down.
 */
export function liquidationShare(state: State, of: Margin): number {
  const rules = state.rule.f64;
  const step = rules[64 + RULE.liquidation_step] as number;
  // Steps of nothing would have no end.
  if (!(step >= 1)) throw new InvariantBroken('liquidation_step', `a step of ${step} ppm`);
  const fee = rules[64 + RULE.liquidation_fee] as number;
  const target = rules[64 + RULE.liquidation_target] as number;
  for (let share = step; share < PPM; share += step) {
    required.copy(of.maintenance).scaleCeil(PPM - share, PPM);
    penaltyOf(of.maintenance, share, fee, penalty);
    left.copy(of.equity).subtractWide(penalty).scaleFloor(target, PPM);
    if (required.compare(left) < 0) return share;
  }
  return PPM;
}

/** share × fee × maintenance margin, rounded down once. */
export function penaltyOf(maintenance: Wide, share: number, fee: number, result: Wide): Wide {
  return fee === 0 ? result.clear() : result.copy(maintenance).scaleFloor(share * fee, PPM * PPM);
}

/**
 * The open orders of an account of this margin that deleveraging cancels now. None while equity meets the initial margin, none
 * of an account that is to be liquidated, none of the house; else all that do not offset a position, and of those that do the
 * most passive ones until the rest is no more than the position.
 */
export function ordersToDeleverage(state: State, account: number, of: Margin): number[] {
  if (state.account.i32[account * 16 + KIND] !== ACCOUNT_KIND.TRADER || of.equity.compare(of.initial) >= 0) return [];
  if (isUnhealthy(of) && hasPosition(state, account)) return [];
  const { i32, f64 } = state.position;
  const due: number[] = [];
  let row = state.account.i32[account * 16 + FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + NEXT_OF_ACCOUNT] as number) {
    if (i32[row * 32 + FIRST_ORDER] === 0) continue;
    const held = f64[row * 16 + SIZE] as number;
    for (const sell of [0, FLAG.SELL]) {
      const orders = openOrdersOf(state, row, sell);
      const offsets = held !== 0 && held > 0 === (sell !== 0);
      for (const order of offsets ? mostPassive(state, orders, Math.abs(held)) : orders) due.push(order);
    }
  }
  return due;
}

/** Of orders sorted most aggressive first: those to drop from the end until the rest is at most `lots`. */
function mostPassive(state: State, orders: number[], lots: number): number[] {
  const sizes = orders.map((row) => state.order.i32[row * 16 + ORDER.REMAINING] as number);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  let keep = orders.length;
  while (keep > 0 && total > lots) total -= sizes[--keep] as number;
  return orders.slice(keep);
}

const fund = new Wide();
const custody = new Wide();

/**
 * Loss factor = B / (total USDC + B), 1e-12, rounded up and at most 1; B = the users' bankruptcies less the insurance fund's
 * USDC, total USDC = what was deposited and not withdrawn. Source: Paradex, "Socialized losses" (its formula, not its example).
 */
function updateLossFactor(state: State): void {
  const { f64 } = state.venue;
  fund.load(state.account.f64, INSURANCE_FUND * 8 + BALANCE_HIGH);
  const uncovered = left.copy(bankruptcy);
  if (!fund.isNegative()) uncovered.subtractWide(fund);
  let factor = 0;
  if (!uncovered.isNegative() && !uncovered.isZero()) {
    custody.load(f64, 64 + VENUE.DEPOSITED_HIGH).subtractWide(required.load(f64, 64 + VENUE.WITHDRAWN_HIGH));
    custody.addWide(uncovered);
    // Where more was withdrawn than deposited, nothing covers anything.
    factor = custody.compare(uncovered) <= 0 ? LOSS_FACTOR_LIMIT : shareCeil(uncovered, custody);
  }
  if (factor === f64[64 + VENUE.LOSS_FACTOR]) return;
  f64[64 + VENUE.LOSS_FACTOR] = factor;
  state.events.emit(EVENT.lossFactorSet, factor, bankruptcy.high, bankruptcy.low);
}
