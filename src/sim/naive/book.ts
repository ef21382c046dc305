/** The order book as two sorted arrays, and orders that come to it, trade in it and leave it. */
import { CLOSE, type CloseReason } from '../../engine/refusal.ts';
import { SELF_TRADE } from '../../engine/flags.ts';
import { INSTRUCTION_IOC, isMarketKind } from './check.ts';
import { feeOn, makerFee, settleFunding, takerFee, trade } from './money.ts';
import { leaveOrderNumber } from './order-number.ts';
import { lower } from './rounding.ts';
import { tell } from './tell.ts';
import { FEES, type Account, type Market, type Order, type Position, type World } from './world.ts';

/** Orders of one side that would trade with a taker of this side and limit, in the order in which they would. */
export function opposite(market: Market, sell: boolean, price: bigint): Order[] {
  const orders = sell ? market.buys : market.sells;
  return orders.filter((order) => (sell ? order.price >= price : order.price <= price));
}

/** Puts an order last at its price. */
function rest(market: Market, order: Order): void {
  const orders = order.sell ? market.sells : market.buys;
  const isWorse = (other: Order): boolean => (order.sell ? other.price > order.price : other.price < order.price);
  const place = orders.findIndex(isWorse);
  orders.splice(place < 0 ? orders.length : place, 0, order);
}

/** Takes an order out of the book or the waiting orders. */
export function takeOut(order: Order): void {
  const { market } = order.position;
  const without = (orders: Order[]): Order[] => orders.filter((other) => other !== order);
  market.buys = without(market.buys);
  market.sells = without(market.sells);
  market.waiting = without(market.waiting);
}

/** Makes an order the newest of its position. */
export function own(order: Order): void {
  order.position.orders = [order, ...order.position.orders];
}

export function disown(order: Order): void {
  order.position.orders = order.position.orders.filter((other) => other !== order);
}

/** Ends an order wherever it is: told, and gone. */
export function close(world: World, order: Order, reason: CloseReason): void {
  takeOut(order);
  disown(order);
  tell(world, 'orderClosed', {
    order: order.id,
    account: order.position.account.number,
    market: order.position.market.number,
    reason: CLOSE[reason],
    remaining: order.remaining,
  });
  leaveOrderNumber(world, order.row);
}

/** One trade at the maker's price: first the taker's side, then the maker's. */
function fill(world: World, taker: Order, maker: Order, lots: bigint): void {
  const { market } = taker.position;
  const notional = lots * maker.price * market.units;
  const side = (position: Position, sell: boolean, feePpm: bigint): { profit: bigint; fee: bigint } => {
    settleFunding(world, position);
    const profit = trade(position, sell, lots, notional);
    const fee = feeOn(notional, feePpm);
    position.account.balance -= fee;
    return { profit, fee };
  };
  const took = side(taker.position, taker.sell, takerFee(world, taker.position.account));
  const made = side(maker.position, maker.sell, makerFee(world, maker.position.account));
  (world.accounts[FEES] as Account).balance += took.fee + made.fee;
  maker.remaining -= lots;
  taker.remaining -= lots;
  market.lastTrade = maker.price;
  market.trades++;
  market.volume += notional;
  world.trades++;
  tell(world, 'filled', {
    market: market.number,
    makerOrder: maker.id,
    takerOrder: taker.id,
    makerAccount: maker.position.account.number,
    takerAccount: taker.position.account.number,
    price: maker.price,
    size: lots,
    takerSide: taker.sell ? 1 : 0,
    makerFee: made.fee,
    takerFee: took.fee,
    makerProfit: made.profit,
    takerProfit: took.profit,
    trade: world.trades,
  });
  if (maker.remaining === 0n) close(world, maker, 'FILLED');
}

/** Trades an order against the book. True when it met an order of its own account and ends by that. */
function matchOrder(world: World, taker: Order): boolean {
  const changed: Position[] = [];
  let expired = false;
  for (const maker of opposite(taker.position.market, taker.sell, taker.price)) {
    if (taker.remaining === 0n || expired) break;
    if (maker.position.account === taker.position.account) {
      expired = taker.selfTrade !== SELF_TRADE.EXPIRE_MAKER;
      if (taker.selfTrade !== SELF_TRADE.EXPIRE_TAKER) close(world, maker, 'SELF_TRADE');
    } else {
      fill(world, taker, maker, lower(taker.remaining, maker.remaining));
      changed.push(maker.position);
    }
  }
  for (const position of changed) enforceReduceOnly(world, position);
  return expired;
}

/** An order that is in no book trades what it can at once; the rest of it rests or ends. */
export function execute(world: World, order: Order): void {
  const expired = matchOrder(world, order);
  if (order.remaining > 0n && !expired && order.instruction !== INSTRUCTION_IOC && !isMarketKind(order.kind)) {
    rest(order.position.market, order);
    own(order);
  } else {
    close(world, order, order.remaining === 0n ? 'FILLED' : expired ? 'SELF_TRADE' : 'REMAINING_IOC_CANCEL');
  }
  enforceReduceOnly(world, order.position);
}

/** The open orders of a position on one side, most aggressive first, older before newer. */
export function openOrdersOf(position: Position, sell: boolean): Order[] {
  const orders = position.orders.filter((order) => order.sell === sell && !order.waits).toReversed();
  return orders.toSorted((a, b) => Number(sell ? a.price - b.price : b.price - a.price));
}

/** Ends each reduce-only order that, with all its side that fills before it, could close more than the position. */
export function enforceReduceOnly(world: World, position: Position): void {
  for (const sell of [false, true]) {
    const closable = sell ? position.size : -position.size;
    let sum = 0n;
    for (const order of openOrdersOf(position, sell)) {
      if (order.reduceOnly && sum + order.remaining > closable) close(world, order, 'REDUCE_ONLY_WILL_INCREASE');
      else sum += order.remaining;
    }
  }
}
