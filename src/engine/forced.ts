/** Forced actions: liquidation, trigger, forced cancel. Each is refused unless its facts hold in the engine's own state. */
import { divideFloor, multiplyDivideCeil, Wide } from './amount.ts';
import type { Book } from './book.ts';
import { EVENT } from './event.ts';
import { FLAG, INSTRUCTION, instructionOf, isTakeProfitOrStopLoss, kindOf } from './flags.ts';
import {
  hasPosition,
  isLiquidationPaused,
  isUnhealthy,
  liquidationShare,
  ordersToDeleverage,
  penaltyOf,
} from './health.ts';
import { isPaused } from './market.ts';
import { computeMargin, Margin } from './margin.ts';
import { changeBalance, moveBalance } from './ledger.ts';
import { endOrdersOf } from './order-cancel.ts';
import { checkPrice, isBeyondLimit, OrderRequest } from './order-check.ts';
import { orderRow } from './order-id.ts';
import { closeOrder, unlinkOrder } from './order-list.ts';
import { execute } from './order-place.ts';
import { changePosition, checkNetSize, openPosition, settleFunding, unpaidProfit } from './position.ts';
import { enforceReduceOnly } from './reduce-only.ts';
import { CLOSE, REFUSAL } from './refusal.ts';
import { isOutsideBand } from './restricted-band.ts';
import { canBear } from './risk.ts';
import { RULE } from './rules.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from './state.ts';
import { OPERATION } from './status.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from './tables.ts';
import type { TriggerBook } from './trigger-book.ts';

const { SIZE, NEXT_OF_ACCOUNT } = POSITION;
const PPM = 1e6;
/** A position moves in parts of at most this notional, so that each is an exact float. */
const PART_LIMIT = 2 ** 50;

const margin = new Margin();
const claimed = new Wide();
const penalty = new Wide();
const profit = new Wide();
const realised = new Wide();

/**
 * Liquidates `share` ppm of every position of an account at the mark: the insurance fund takes it and the penalty. Refused
 * unless the account is unhealthy and share, equity and maintenance margin are exactly what the engine computes.
 */
export function liquidate(
  state: State,
  account: number,
  share: number,
  equityHigh: number,
  equityLow: number,
  maintenanceHigh: number,
  maintenanceLow: number,
): number {
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) return REFUSAL.account_is_not_a_trader;
  computeMargin(state, account, margin);
  if (!isUnhealthy(margin) || !hasPosition(state, account)) return REFUSAL.account_is_healthy;
  if (isLiquidationPaused(state, account)) return REFUSAL.forced_action_paused;
  if (share !== liquidationShare(state, margin)) return REFUSAL.liquidation_share_differs;
  const equity = margin.equity.compare(claimed.set(equityHigh, equityLow)) === 0;
  if (!equity || margin.maintenance.compare(claimed.set(maintenanceHigh, maintenanceLow)) !== 0) {
    return REFUSAL.margin_facts_differ;
  }
  takeOver(state, account, share);
  return 0;
}

function takeOver(state: State, account: number, share: number): void {
  const { i32 } = state.position;
  const first = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (let row = first; row !== 0; row = i32[row * 32 + NEXT_OF_ACCOUNT] as number) {
    endOrdersOf(state, row, CLOSE.IN_LIQUIDATION);
  }
  penaltyOf(margin.maintenance, share, state.rule.f64[64 + RULE.liquidation_fee] as number, penalty);
  // What is left cannot pay more than there is: the rest of the penalty is waived, not owed.
  if (penalty.compare(margin.equity) > 0) penalty.copy(margin.equity);
  if (penalty.isNegative()) penalty.clear();
  for (let row = first; row !== 0; row = state.position.i32[row * 32 + NEXT_OF_ACCOUNT] as number) {
    const size = state.position.f64[row * 16 + SIZE] as number;
    if (size !== 0) takePosition(state, row, Math.sign(size) * multiplyDivideCeil(Math.abs(size), share, PPM));
  }
  moveBalance(state, account, INSURANCE_FUND, penalty);
  state.index.bounds.void(account);
  state.index.bounds.void(INSURANCE_FUND);
  const { equity, maintenance } = margin;
  state.events.emit(
    EVENT.liquidated,
    account,
    share,
    penalty.toNumber(),
    equity.high,
    equity.low,
    maintenance.high,
    maintenance.low,
  );
}

/** Moves `lots` (signed) of a position to the insurance fund at the mark. */
export function takePosition(state: State, row: number, lots: number): void {
  const market = state.position.i32[row * 32 + POSITION.MARKET] as number;
  const account = state.position.i32[row * 32 + POSITION.ACCOUNT] as number;
  const mark = state.market.f64[market * 128 + MARKET.MARK] as number;
  const fundRow = openPosition(state, INSURANCE_FUND, market);
  settleFunding(state, row);
  settleFunding(state, fundRow);
  const most = Math.max(1, divideFloor(PART_LIMIT, mark));
  // It only closes, so what it has realised since it was opened grows by the profit of all parts.
  profit.load(state.position.f64, row * 16 + POSITION.REALISED_PROFIT_HIGH).negate();
  for (let left = Math.abs(lots); left > 0; ) {
    const part = Math.min(left, most);
    const signed = lots > 0 ? part : -part;
    changePosition(state, row, -signed, part * mark);
    changeBalance(state, account, unpaidProfit);
    changePosition(state, fundRow, signed, part * mark);
    changeBalance(state, INSURANCE_FUND, unpaidProfit);
    left -= part;
  }
  profit.addWide(realised.load(state.position.f64, row * 16 + POSITION.REALISED_PROFIT_HIGH));
  checkNetSize(state, market);
  enforceReduceOnly(state, fundRow);
  state.events.emit(EVENT.positionTaken, account, market, lots, mark, profit.toNumber());
}

const request = new OrderRequest();

/**
 * Fires a conditional order: from now on it is what it was to become. Refused unless the mark price is `mark` and has
 * reached the trigger. An order that may not trade then ends, with the reason.
 */
export function fireTrigger(state: State, order: number, mark: number): number {
  const row = orderRow(state, order);
  const { i32 } = state.order;
  const at = row * 16;
  const flags = i32[at + ORDER.FLAGS] as number;
  if (row === 0 || (flags & FLAG.UNTRIGGERED) === 0) return REFUSAL.order_unknown;
  const market = i32[at + ORDER.MARKET] as number;
  if (isPaused(state, market, OPERATION.TRIGGERS)) return REFUSAL.forced_action_paused;
  const { f64 } = state.market;
  if (f64[market * 128 + MARKET.MARK] !== mark) return REFUSAL.margin_facts_differ;
  const trigger = (i32[at + ORDER.TRIGGER] as number) * (f64[market * 128 + MARKET.TICK_UNITS] as number);
  const above = (flags & FLAG.TRIGGER_ABOVE) !== 0;
  if (above ? mark < trigger : mark > trigger) return REFUSAL.trigger_not_reached;
  const account = i32[at + ORDER.ACCOUNT] as number;
  const reason = prepare(state, row, flags);
  const price = reason === 0 ? request.price : 0;
  state.events.emit(EVENT.orderTriggered, order, account, market, mark, price, reason === 0 ? request.size : 0);
  if (reason !== 0) {
    closeOrder(state, row, reason);
    return 0;
  }
  (state.index.triggers[market] as TriggerBook).remove(state.order, row, above);
  unlinkOrder(state, row);
  i32[at + ORDER.FLAGS] = flags & ~(FLAG.UNTRIGGERED | FLAG.TRIGGER_ABOVE);
  i32[at + ORDER.PRICE] = request.price;
  i32[at + ORDER.SIZE] = request.size;
  i32[at + ORDER.REMAINING] = request.size;
  state.order.touch(row);
  execute(state, row, request.size);
  return 0;
}

/** Sets `request` to what a fired order becomes; returns the reason if it may not trade. */
function prepare(state: State, row: number, flags: number): number {
  const { i32 } = state.order;
  const at = row * 16;
  const position = i32[at + ORDER.POSITION] as number;
  request.account = i32[at + ORDER.ACCOUNT] as number;
  request.market = i32[at + ORDER.MARKET] as number;
  request.price = i32[at + ORDER.PRICE] as number;
  request.flags = flags;
  request.size = i32[at + ORDER.SIZE] as number;
  const sell = flags & FLAG.SELL;
  if ((flags & FLAG.REDUCE_ONLY) !== 0 || isTakeProfitOrStopLoss(kindOf(flags))) {
    const held = state.position.f64[position * 16 + SIZE] as number;
    const closable = sell === 0 ? -held : held;
    if (closable <= 0) return CLOSE.REDUCE_ONLY_WILL_INCREASE;
    request.size = Math.min(request.size, closable);
  }
  if (checkPrice(state, request, position) !== 0) return CLOSE.REJECTED_AT_TRIGGER;
  if (isBeyondLimit(state, request, position)) return CLOSE.REJECTED_AT_TRIGGER;
  const book = state.index.books[request.market] as Book;
  if (instructionOf(flags) === INSTRUCTION.POST_ONLY && book.crosses(sell, request.price)) {
    return CLOSE.POST_ONLY_WOULD_CROSS;
  }
  return canBear(state, position, sell, request.size, request.price) ? 0 : CLOSE.NOT_ENOUGH_MARGIN;
}

/** Cancels an order by force: for DELEVERAGE or PRICE_OUTSIDE_BANDS, and only while the engine itself would. */
export function forceCancel(state: State, order: number, reason: number): number {
  const row = orderRow(state, order);
  if (row === 0) return REFUSAL.order_unknown;
  if (reason === CLOSE.PRICE_OUTSIDE_BANDS) {
    if (!isOutsideBand(state, row)) return REFUSAL.cancel_not_due;
  } else if (reason === CLOSE.DELEVERAGE) {
    const account = state.order.i32[row * 16 + ORDER.ACCOUNT] as number;
    computeMargin(state, account, margin);
    if (!ordersToDeleverage(state, account, margin).includes(row)) return REFUSAL.cancel_not_due;
  } else return REFUSAL.cancel_not_due;
  closeOrder(state, row, reason);
  return 0;
}
