/** Orders: placed, amended, cancelled. */
import { FLAG, ORDER_KIND } from '../../engine/flags.ts';
import type { Refusal } from '../../engine/refusal.ts';
import { close, disown, execute, opposite, own, takeOut } from './book.ts';
import {
  canOnlyReduce,
  checkNumbers,
  checkOpen,
  checkPrice,
  checkRequest,
  INSTRUCTION_POST_ONLY,
  isBeyondLimit,
  isConditional,
  isLate,
  type Request,
  requestOf,
} from './check.ts';
import { asOpen, canBear, type OpenOrder } from './margin.ts';
import { takeOrderNumber } from './order-number.ts';
import { isStoppedIn } from './status.ts';
import { tell } from './tell.ts';
import { openPosition, positionIn, type Account, type Market, type Order, type Position, type World } from './world.ts';

/** True for take-profit and stop-loss kinds: they only ever close. */
export function onlyCloses(kind: number): boolean {
  return kind >= ORDER_KIND.TAKE_PROFIT_LIMIT;
}

/** A live order by its id. */
export function liveOrder(world: World, id: number): Order | undefined {
  for (const market of world.markets) {
    const all = market === undefined ? [] : [...market.buys, ...market.sells, ...market.waiting];
    const found = all.find((order) => order.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function ordersOf(account: Account): Order[] {
  return account.positions.flatMap(({ orders }) => orders);
}

/** Position limit, reduce-only, post-only, margin: what an order has to meet beside the account's other open orders. */
function judge(
  world: World,
  market: Market,
  request: Request,
  position: Position | undefined,
  others: readonly OpenOrder[],
): Refusal {
  const { sell, price, size } = request;
  if (isBeyondLimit(market, request, position, others)) return 'position_limit_exceeded';
  if (request.reduceOnly && !canOnlyReduce(position?.size ?? 0n, request, others)) return 'reduce_only_would_increase';
  const crosses = opposite(market, sell, price).length > 0;
  if (request.instruction === INSTRUCTION_POST_ONLY && crosses) return 'post_only_would_cross';
  const account = world.accounts[request.account] as Account;
  return canBear(world, account, market, others, { sell, price, lots: size }) ? 'none' : 'insufficient_margin';
}

/** Takes a new order, or says why not. */
export function placeOrder(world: World, request: Request, clientId: string | undefined, notAfterMs: number): Refusal {
  const refusal = checkRequest(world, request);
  if (refusal !== 'none') return refusal;
  if (isLate(world, notAfterMs)) return 'order_expired';
  const market = world.markets[request.market] as Market;
  const account = world.accounts[request.account] as Account;
  const position = positionIn(account, market);
  const waits = isConditional(request.kind);
  if (waits && market.mark === undefined) return 'mark_price_unavailable';
  const priced = waits ? 'none' : checkPrice(world, market, request, position?.size ?? 0n);
  if (priced !== 'none') return priced;
  const used = clientId !== undefined && ordersOf(account).some((order) => order.clientId === clientId);
  if (used) return 'client_id_in_use';
  const count = position?.orders.length ?? 0;
  if (BigInt(count) >= market.parameters.MAXIMUM_OPEN_ORDERS) return 'too_many_open_orders';
  if (!waits) {
    const others = (position?.orders ?? []).filter((order) => !order.waits).map(asOpen);
    const judged = judge(world, market, request, position, others);
    if (judged !== 'none') return judged;
  }
  const order = makeOrder(world, request, openPosition(world, account, market), clientId, waits);
  if (waits) {
    market.waiting.push(order);
    own(order);
  } else execute(world, order);
  return 'none';
}

function makeOrder(
  world: World,
  request: Request,
  position: Position,
  clientId: string | undefined,
  waits: boolean,
): Order {
  const { flags, sell, kind, instruction, selfTrade, price, size, trigger } = request;
  const above = waits && firesAbove(position.market, kind, sell, trigger);
  const reduceOnly = request.reduceOnly || onlyCloses(kind);
  const order: Order = {
    ...takeOrderNumber(world),
    position,
    sell,
    kind,
    instruction,
    selfTrade,
    reduceOnly,
    clientId,
    createdMs: world.timeMs,
    price,
    size,
    remaining: size,
    trigger,
    waits,
    above,
  };
  const marks = (waits ? FLAG.UNTRIGGERED : 0) | (above ? FLAG.TRIGGER_ABOVE : 0);
  tell(world, 'orderAccepted', {
    order: order.id,
    account: position.account.number,
    market: position.market.number,
    price,
    size,
    trigger,
    flags: flags | marks | (reduceOnly ? FLAG.REDUCE_ONLY : 0),
    untriggered: waits ? 1 : 0,
  });
  return order;
}

/**
 * A take-profit sell and a stop-loss buy fire above their trigger, their opposites below. A stop fires on the side on which
 * the mark is not now; at the trigger itself above, so at once.
 */
function firesAbove(market: Market, kind: number, sell: boolean, trigger: bigint): boolean {
  if (kind === ORDER_KIND.TAKE_PROFIT_LIMIT || kind === ORDER_KIND.TAKE_PROFIT_MARKET) return sell;
  if (kind === ORDER_KIND.STOP_LOSS_LIMIT || kind === ORDER_KIND.STOP_LOSS_MARKET) return !sell;
  return trigger * market.units >= (market.mark ?? 0n);
}

/** Amends an order of the account, or says why not. `size` is the new total, what was filled included. */
export function amendOrder(
  world: World,
  account: number,
  id: number,
  price: number,
  size: number,
  trigger: number,
): Refusal {
  const order = liveOrder(world, id);
  if (world.accounts[account] === undefined) return 'account_unknown';
  if (order === undefined || order.position.account.number !== account) return 'order_unknown';
  const { market } = order.position;
  const packed = (order.sell ? 1 : 0) | (order.kind << 1) | (order.instruction << 4) | (order.reduceOnly ? 64 : 0);
  const request = requestOf(account, market.number, price, size, trigger, packed | (order.selfTrade << 7));
  const open = checkOpen(world, market, order.instruction);
  if (open !== 'none') return open;
  const numbers = checkNumbers(market, request);
  if (numbers !== 'none') return numbers;
  const total = request.size;
  if (order.waits) {
    amendWaiting(world, order, request);
    return 'none';
  }
  request.size = total - (order.size - order.remaining);
  if (request.size <= 0n) return 'size_not_above_filled';
  return amendOpen(world, order, request, total);
}

/** A waiting order goes last among those at its new trigger; a stop decides anew on which side it fires. */
function amendWaiting(world: World, order: Order, request: Request): void {
  const { market } = order.position;
  order.price = request.price;
  order.size = request.size;
  order.remaining = request.size;
  order.trigger = request.trigger;
  order.above = firesAbove(market, order.kind, order.sell, order.trigger);
  takeOut(order);
  market.waiting.push(order);
  tellAmended(world, order);
}

/** The order as it would be is judged as if the order as it is were not there; then it comes anew to the book. */
function amendOpen(world: World, order: Order, request: Request, total: bigint): Refusal {
  const { position } = order;
  const priced = checkPrice(world, position.market, request, position.size);
  if (priced !== 'none') return priced;
  const others = position.orders.filter((other) => !other.waits && other !== order).map(asOpen);
  const judged = judge(world, position.market, request, position, others);
  if (judged !== 'none') return judged;
  takeOut(order);
  disown(order);
  order.price = request.price;
  order.size = total;
  order.remaining = request.size;
  tellAmended(world, order);
  execute(world, order);
  return 'none';
}

function tellAmended(world: World, order: Order): void {
  tell(world, 'orderAmended', {
    order: order.id,
    account: order.position.account.number,
    market: order.position.market.number,
    price: order.price,
    size: order.size,
    trigger: order.trigger,
  });
}

function cancel(world: World, order: Order): Refusal {
  if (isStoppedIn(world, order.position.market, 'cancels')) return 'operation_paused';
  close(world, order, 'USER_CANCELED');
  return 'none';
}

export function cancelOrder(world: World, account: number, id: number): Refusal {
  const order = liveOrder(world, id);
  if (world.accounts[account] === undefined) return 'account_unknown';
  return order?.position.account.number === account ? cancel(world, order) : 'order_unknown';
}

export function cancelByClientId(world: World, number: number, clientId: string): Refusal {
  const account = world.accounts[number];
  if (account === undefined) return 'account_unknown';
  const order = ordersOf(account).find((each) => each.clientId === clientId);
  return order !== undefined ? cancel(world, order) : 'order_unknown';
}

/** Cancels all orders of an account, positions and orders newest first; markets whose cancels are paused keep theirs. */
export function cancelAll(world: World, number: number, marketNumber: number): Refusal {
  const market = world.markets[marketNumber];
  if (marketNumber !== 0 && market === undefined) return 'market_unknown';
  const account = world.accounts[number];
  if (account === undefined) return 'account_unknown';
  if (market !== undefined && isStoppedIn(world, market, 'cancels')) return 'operation_paused';
  for (const position of account.positions.toReversed()) {
    const chosen = market === undefined || position.market === market;
    if (!chosen || isStoppedIn(world, position.market, 'cancels')) continue;
    for (const order of position.orders) close(world, order, 'USER_CANCELED');
  }
  return 'none';
}

/** A rollback leaves reduce-only orders, which take-profits and stop-losses always are. The rest ends. */
export function cancelForFork(world: World): void {
  for (const position of world.openings) {
    for (const order of position.orders.filter(({ reduceOnly }) => !reduceOnly)) close(world, order, 'FORK');
  }
}
