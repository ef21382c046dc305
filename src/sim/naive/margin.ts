/** Cross margin by its formulas, over all positions and all orders, every time. Paradex, "Cross margin requirement". */
import { fundingCharge, takerFee } from './money.ts';
import { absolute, ceilDivide, higher } from './rounding.ts';
import { FUND, type Account, type Market, type Order, type Position, type World } from './world.ts';

const PPM = 1_000_000n;

/** An order as far as margin sees it. */
export interface OpenOrder {
  readonly sell: boolean;
  readonly price: bigint;
  readonly lots: bigint;
}

/** The open orders of a position; waiting ones count in no margin. */
export function openOrders(position: Position): OpenOrder[] {
  return position.orders.filter((order) => !order.waits).map(asOpen);
}

export function asOpen(order: Order): OpenOrder {
  return { sell: order.sell, price: order.price, lots: order.remaining };
}

export function lotsOf(orders: readonly OpenOrder[], sell: boolean): bigint {
  return orders.reduce((sum, order) => (order.sell === sell ? sum + order.lots : sum), 0n);
}

function markOf(market: Market): bigint {
  return market.mark ?? 0n;
}

/** balance + Σ (size × mark − cost − funding owed) */
export function equityOf(account: Account): bigint {
  let equity = account.balance;
  for (const { market, size, cost, index } of account.positions) {
    equity += size * markOf(market) - cost - fundingCharge(size, market.fundingIndex - index);
  }
  return equity;
}

/** The initial margin fraction: the account's own in this market, at least the market's. */
function initialFraction(market: Market, ownFraction: bigint): bigint {
  return higher(ownFraction, market.parameters.INITIAL_MARGIN);
}

/** What the orders would lose at once at the mark: buys above it, sells below it. */
function openLoss(market: Market, orders: readonly OpenOrder[]): bigint {
  return orders.reduce((sum, { sell, price, lots }) => {
    const above = price * market.units - markOf(market);
    return sum + higher(sell ? -above : above, 0n) * lots;
  }, 0n);
}

/** Initial margin of a size with orders in one market: open size × mark × (IMF + fee), rounded up, + open loss. */
function initialIn(
  world: World,
  account: Account,
  market: Market,
  size: bigint,
  ownFraction: bigint,
  orders: readonly OpenOrder[],
): bigint {
  const open = higher(higher(lotsOf(orders, false) + size, lotsOf(orders, true) - size), 0n);
  const fraction = initialFraction(market, ownFraction) + takerFee(world, account);
  return ceilDivide(open * markOf(market) * fraction, PPM) + openLoss(market, orders);
}

export function initialOf(world: World, account: Account): bigint {
  return account.positions.reduce(
    (sum, position) =>
      sum + initialIn(world, account, position.market, position.size, position.ownFraction, openOrders(position)),
    0n,
  );
}

/** Σ |size| × mark × (IMF × factor, rounded up, + fee), rounded up */
export function maintenanceOf(world: World, account: Account): bigint {
  return account.positions.reduce((sum, { market, size }) => {
    const { INITIAL_MARGIN, MAINTENANCE_FACTOR } = market.parameters;
    const fraction = ceilDivide(INITIAL_MARGIN * MAINTENANCE_FACTOR, PPM) + takerFee(world, account);
    return sum + ceilDivide(absolute(size) * markOf(market) * fraction, PPM);
  }, 0n);
}

/**
 * True when the account may have one more order beside `others`, its open orders in this market: equity ≥ initial margin
 * with the order, or the order does not raise it. Paradex, "Risk checks". The insurance fund may have any.
 */
export function canBear(
  world: World,
  account: Account,
  market: Market,
  others: readonly OpenOrder[],
  order: OpenOrder,
): boolean {
  if (account.number === FUND) return true;
  const position = account.positions.find((each) => each.market === market);
  const size = position?.size ?? 0n;
  const own = position?.ownFraction ?? 0n;
  const before = initialIn(world, account, market, size, own, others);
  const after = initialIn(world, account, market, size, own, [...others, order]);
  if (after <= before) return true;
  const elsewhere = account.positions
    .filter((each) => each !== position)
    .reduce(
      (sum, each) => sum + initialIn(world, account, each.market, each.size, each.ownFraction, openOrders(each)),
      0n,
    );
  return equityOf(account) >= elsewhere + after;
}
