/** Audit of orders: the lists of positions, the queues of prices and triggers, what positions count of them. */
import type { Findings } from './audit-finding.ts';
import { FLAG } from './flags.ts';
import { TICK_LIMIT } from './ladder.ts';
import type { State } from './state.ts';
import { CLIENT_ID, ORDER, POSITION } from './tables.ts';

const { SELL, REDUCE_ONLY, UNTRIGGERED, TRIGGER_ABOVE } = FLAG;

/** Reads a word of an order row. */
function word(state: State, row: number, column: number): number {
  return state.order.i32[row * 16 + column] as number;
}

function isLive(state: State, row: number): boolean {
  return row > 0 && row < state.order.rows && word(state, row, ORDER.SIZE) !== 0;
}

/** Every live order: its numbers, its client id, its neighbours. */
export function auditOrders(state: State, findings: Findings): void {
  for (let row = 1; row < state.order.rows; row++) {
    if (!isLive(state, row)) continue;
    const at = (column: number): number => word(state, row, column);
    const add = (column: string, message: string): void => findings.add('order', 'order', row, column, message);
    const size = at(ORDER.SIZE);
    if (!(at(ORDER.REMAINING) > 0 && at(ORDER.REMAINING) <= size)) {
      add('REMAINING', `${at(ORDER.REMAINING)} of ${size}`);
    }
    const waits = (at(ORDER.FLAGS) & UNTRIGGERED) !== 0;
    const tick = waits ? at(ORDER.TRIGGER) : at(ORDER.PRICE);
    if (!(tick > 0 && tick < TICK_LIMIT)) add(waits ? 'TRIGGER' : 'PRICE', `${tick} is no tick`);
    const clientId = at(ORDER.CLIENT_ID);
    if (clientId !== 0 && state.clientId.i32[clientId * 32 + CLIENT_ID.ORDER] !== row) {
      add('CLIENT_ID', `client id ${clientId} is of another order`);
    }
    auditNeighbour(state, row, ORDER.NEXT, ORDER.PREVIOUS, 'NEXT', findings);
    auditNeighbour(state, row, ORDER.PREVIOUS, ORDER.NEXT, 'PREVIOUS', findings);
  }
}

/** The neighbour in the queue is live, in the same queue, and points back. */
function auditNeighbour(
  state: State,
  row: number,
  there: number,
  back: number,
  column: string,
  findings: Findings,
): void {
  const other = word(state, row, there);
  if (other === 0) return;
  if (!isLive(state, other)) {
    findings.add('queue', 'order', row, column, `neighbour ${other} is not live`);
  } else if (word(state, other, back) !== row) {
    findings.add('queue', 'order', row, column, `neighbour ${other} does not point back`);
  } else if (queueOf(state, other) !== queueOf(state, row)) {
    findings.add('queue', 'order', row, column, `neighbour ${other} is in another queue`);
  }
}

/** Names the queue in which an order stands. */
function queueOf(state: State, row: number): string {
  const flags = word(state, row, ORDER.FLAGS);
  const market = word(state, row, ORDER.MARKET);
  if ((flags & UNTRIGGERED) === 0) return `${market} ${flags & SELL} ${word(state, row, ORDER.PRICE)}`;
  return `${market} waits ${flags & TRIGGER_ABOVE} ${word(state, row, ORDER.TRIGGER)}`;
}

/** Every position: its list holds its orders and no others, and its counts and sums are theirs. */
export function auditOwnOrders(state: State, findings: Findings): void {
  let listed = 0;
  for (let position = 1; position < state.position.rows; position++) {
    listed += auditPosition(state, position, findings);
  }
  let live = 0;
  for (let row = 1; row < state.order.rows; row++) if (isLive(state, row)) live++;
  findings.expect('own_orders', 'position', 0, 'FIRST_ORDER', listed, live);
}

/** Returns how many orders the list of a position holds. */
function auditPosition(state: State, position: number, findings: Findings): number {
  const { i32, f64 } = state.position;
  const own = (column: number): number => i32[position * 32 + column] as number;
  const sums = { orders: 0, reduceOnly: 0, buys: 0, sells: 0, highest: 0, lowest: TICK_LIMIT };
  let before = 0;
  for (let row = own(POSITION.FIRST_ORDER); row !== 0; row = word(state, row, ORDER.NEXT_OWN)) {
    if (!isLive(state, row) || word(state, row, ORDER.POSITION) !== position || sums.orders > state.order.live) {
      findings.add('own_orders', 'position', position, 'FIRST_ORDER', `order ${row} does not belong in the list`);
      return sums.orders;
    }
    findings.expect('own_orders', 'order', row, 'PREVIOUS_OWN', word(state, row, ORDER.PREVIOUS_OWN), before);
    findings.expect('own_orders', 'order', row, 'ACCOUNT', word(state, row, ORDER.ACCOUNT), own(POSITION.ACCOUNT));
    findings.expect('own_orders', 'order', row, 'MARKET', word(state, row, ORDER.MARKET), own(POSITION.MARKET));
    count(state, row, sums);
    before = row;
  }
  const float = (column: number): number => f64[position * 16 + column] as number;
  const expect = (column: string, actual: number, expected: number): void =>
    findings.expect('own_orders', 'position', position, column, actual, expected);
  expect('ORDER_COUNT', own(POSITION.ORDER_COUNT), sums.orders);
  expect('REDUCE_ONLY_COUNT', own(POSITION.REDUCE_ONLY_COUNT), sums.reduceOnly);
  expect('BUY_SIZE', float(POSITION.BUY_SIZE), sums.buys);
  expect('SELL_SIZE', float(POSITION.SELL_SIZE), sums.sells);
  if (sums.highest > own(POSITION.HIGHEST_BUY) && sums.buys > 0) {
    expect('HIGHEST_BUY', own(POSITION.HIGHEST_BUY), sums.highest);
  }
  if (sums.lowest < own(POSITION.LOWEST_SELL) && sums.sells > 0) {
    expect('LOWEST_SELL', own(POSITION.LOWEST_SELL), sums.lowest);
  }
  return sums.orders;
}

interface Sums {
  orders: number;
  reduceOnly: number;
  buys: number;
  sells: number;
  highest: number;
  lowest: number;
}

function count(state: State, row: number, sums: Sums): void {
  const flags = word(state, row, ORDER.FLAGS);
  const price = word(state, row, ORDER.PRICE);
  sums.orders++;
  if ((flags & REDUCE_ONLY) !== 0) sums.reduceOnly++;
  if ((flags & UNTRIGGERED) !== 0) return;
  if ((flags & SELL) === 0) {
    sums.buys += word(state, row, ORDER.REMAINING);
    sums.highest = Math.max(sums.highest, price);
  } else {
    sums.sells += word(state, row, ORDER.REMAINING);
    sums.lowest = Math.min(sums.lowest, price);
  }
}
