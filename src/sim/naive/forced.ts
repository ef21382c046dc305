/** Forced actions: each is refused unless its facts hold here too. */
import { CLOSE, type CloseReason, type Refusal } from '../../engine/refusal.ts';
import { close, disown, execute, opposite, takeOut } from './book.ts';
import { checkPrice, INSTRUCTION_POST_ONLY, isBeyondLimit, type Request, requestOf } from './check.ts';
import { isLiquidatable, isLiquidationStopped, liquidationShare, ordersToDeleverage, penaltyOf } from './health.ts';
import { canBear, equityOf, maintenanceOf, openOrders } from './margin.ts';
import { fromLimbs, higher, limbs, lower } from './rounding.ts';
import { isStoppedIn } from './status.ts';
import { takePosition } from './take-position.ts';
import { tell } from './tell.ts';
import { isOutsideBand } from './tick.ts';
import { liveOrder, onlyCloses } from './trading.ts';
import { FUND, traderOf, type Account, type Order, type World } from './world.ts';

/** Liquidates `share` ppm of every position of an account: the insurance fund takes it at the mark, and the penalty. */
export function liquidate(
  world: World,
  number: number,
  share: number,
  equityClaimed: { high: number; low: number },
  maintenanceClaimed: { high: number; low: number },
): Refusal {
  if (world.accounts[number] === undefined) return 'account_unknown';
  const account = traderOf(world, number);
  if (account === undefined) return 'account_is_not_a_trader';
  if (!isLiquidatable(world, account)) return 'account_is_healthy';
  if (isLiquidationStopped(world, account)) return 'forced_action_paused';
  if (BigInt(share) !== liquidationShare(world, account)) return 'liquidation_share_differs';
  const equity = equityOf(account);
  const maintenance = maintenanceOf(world, account);
  const isSame = (value: bigint, claimed: { high: number; low: number }): boolean =>
    fromLimbs(claimed.high, claimed.low) === value;
  if (!isSame(equity, equityClaimed) || !isSame(maintenance, maintenanceClaimed)) return 'margin_facts_differ';
  takeOver(world, account, BigInt(share), equity, maintenance);
  return 'none';
}

function takeOver(world: World, account: Account, share: bigint, equity: bigint, maintenance: bigint): void {
  const newestFirst = account.positions.toReversed();
  for (const { orders } of newestFirst) for (const order of orders) close(world, order, 'IN_LIQUIDATION');
  // What is left cannot pay more than there is: the rest of the penalty is waived.
  const penalty = higher(0n, lower(penaltyOf(world, maintenance, share), equity));
  for (const position of newestFirst) if (position.size !== 0n) takePosition(world, position, share);
  account.balance -= penalty;
  (world.accounts[FUND] as Account).balance += penalty;
  const before = limbs(equity);
  const margin = limbs(maintenance);
  tell(world, 'liquidated', {
    account: account.number,
    share,
    penalty,
    equityHigh: before.high,
    equityLow: before.low,
    maintenanceHigh: margin.high,
    maintenanceLow: margin.low,
  });
}

/** Fires a conditional order at the mark: from now on it is what it was to become, or it ends with the reason. */
export function fireTrigger(world: World, id: number, mark: number): Refusal {
  const order = liveOrder(world, id);
  if (order === undefined || !order.waits) return 'order_unknown';
  const { account, market } = order.position;
  if (isStoppedIn(world, market, 'triggers')) return 'forced_action_paused';
  if (Number(market.mark) !== mark) return 'margin_facts_differ';
  const trigger = Number(order.trigger * market.units);
  if (order.above ? mark < trigger : mark > trigger) return 'trigger_not_reached';
  const request = requestOfFired(order);
  const reason = judgeFired(world, order, request);
  const [price, size] = reason === undefined ? [Number(request.price), Number(request.size)] : [0, 0];
  tell(world, 'orderTriggered', { order: id, account: account.number, market: market.number, mark, price, size });
  if (reason !== undefined) {
    close(world, order, reason);
    return 'none';
  }
  takeOut(order);
  disown(order);
  order.waits = false;
  order.above = false;
  order.price = request.price;
  order.size = request.size;
  order.remaining = request.size;
  execute(world, order);
  return 'none';
}

/** What a fired order becomes: one that only closes is capped at the position. */
function requestOfFired(order: Order): Request {
  const { position, sell, kind, instruction, reduceOnly, selfTrade } = order;
  const packed = (sell ? 1 : 0) | (kind << 1) | (instruction << 4) | (reduceOnly ? 64 : 0) | (selfTrade << 7);
  const request = requestOf(position.account.number, position.market.number, 0, 0, 0, packed);
  request.price = order.price;
  request.size = order.size;
  if (reduceOnly || onlyCloses(kind)) request.size = lower(request.size, sell ? position.size : -position.size);
  return request;
}

/** Why a fired order may not trade. */
function judgeFired(world: World, order: Order, request: Request): CloseReason | undefined {
  const { position, sell } = order;
  const { account, market } = position;
  if (request.size <= 0n) return 'REDUCE_ONLY_WILL_INCREASE';
  if (checkPrice(world, market, request, position.size) !== 'none') return 'REJECTED_AT_TRIGGER';
  const others = openOrders(position);
  if (isBeyondLimit(market, request, position, others)) return 'REJECTED_AT_TRIGGER';
  const crosses = opposite(market, sell, request.price).length > 0;
  if (request.instruction === INSTRUCTION_POST_ONLY && crosses) return 'POST_ONLY_WOULD_CROSS';
  const asked = { sell, price: request.price, lots: request.size };
  return canBear(world, account, market, others, asked) ? undefined : 'NOT_ENOUGH_MARGIN';
}

/** Cancels an order by force, while it is due for this reason. */
export function forceCancel(world: World, id: number, reason: number): Refusal {
  const order = liveOrder(world, id);
  if (order === undefined) return 'order_unknown';
  const due =
    (reason === CLOSE.PRICE_OUTSIDE_BANDS && isOutsideBand(world, order)) ||
    (reason === CLOSE.DELEVERAGE && ordersToDeleverage(world, order.position.account).includes(order));
  if (!due) return 'cancel_not_due';
  close(world, order, reason === CLOSE.DELEVERAGE ? 'DELEVERAGE' : 'PRICE_OUTSIDE_BANDS');
  return 'none';
}
