import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyState } from '../chain/copy-state.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION, VENUE } from '../engine/tables.ts';
import { VenueForTest } from '../engine/venue.fixture.ts';
import { differenceOfWorlds } from './same-world.ts';

/** Two traders with a trade between them, a queue of three bids, and orders of which one has ended before the others when `isOther`. */
function venue(isOther: boolean): State {
  const made = new VenueForTest();
  const market = made.market();
  const [one, two] = [made.trader(1e6), made.trader(1e6)] as const;
  made.price(market, 100);
  if (isOther) {
    // A row is used and given back: every later order stands in another one.
    const order = made.order(one, market, { price: 90, size: 1 });
    made.order(one, market, { price: 91, size: 1, clientId: 'kept' });
    made.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, one, order));
  } else made.order(one, market, { price: 91, size: 1, clientId: 'kept' });
  for (const account of [one, two, one]) made.order(account, market, { price: 99, size: 5 });
  made.trade(one, two, market, 3, 100);
  const { state } = made;
  // What the other one's two commands more have counted.
  state.venue.f64[state.venue.rowFloats + VENUE.SEQUENCE] = 0;
  state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] = 0;
  for (let row = 1; row < state.order.rows; row++) state.order.f64[row * 8 + ORDER.CREATED_MS] = 0;
  return state;
}

test('worlds in which orders stand in other rows are the same', () => {
  const [one, other] = [venue(false), venue(true)];
  assert.notDeepEqual(one.order.i32.subarray(0, 160), other.order.i32.subarray(0, 160));
  assert.equal(differenceOfWorlds(one, other), undefined);
  assert.equal(differenceOfWorlds(other, one), undefined);
});

test('what differs is named: money, a position, an order, its place in the queue, its client id, a market', () => {
  const one = venue(false);
  const found = (change: (state: State) => void): string | undefined => {
    const other = copyState(one);
    change(other);
    return differenceOfWorlds(one, other);
  };
  const live = [...Array(one.order.rows).keys()].filter((row) => row > 0 && one.order.i32[row * 16 + ORDER.SIZE] !== 0);
  const queued = live.filter((row) => one.order.i32[row * 16 + ORDER.PRICE] === 99);
  assert.ok(queued.length === 3);
  assert.equal(
    found(() => undefined),
    undefined,
  );
  const bump = (values: { [at: number]: number }, at: number): void => {
    values[at] = (values[at] as number) + 1;
  };
  assert.match(found((state) => bump(state.account.f64, 3 * 8 + ACCOUNT.BALANCE_LOW)) ?? '', /^account 3: word/);
  assert.match(found((state) => bump(state.position.f64, 16 + POSITION.SIZE)) ?? '', /position in market 1: word/);
  assert.match(
    found((state) => bump(state.order.i32, (live[0] as number) * 16 + ORDER.REMAINING)) ?? '',
    /order .* word 1$/,
  );
  assert.match(found((state) => bump(state.clientId.i32, 32 + 16)) ?? '', /client id of order/);
  assert.match(found((state) => bump(state.market.f64, 128 + MARKET.MARK)) ?? '', /^market 1, word/);
  assert.match(found((state) => swapLinks(state, queued)) ?? '', /^account .*queue|^queue of order/);
});

/** The first and the last of a queue change places, in the links alone. */
function swapLinks({ order }: State, rows: readonly number[]): void {
  const first = rows.find((row) => order.i32[row * 16 + ORDER.PREVIOUS] === 0) as number;
  const last = rows.find((row) => order.i32[row * 16 + ORDER.NEXT] === 0) as number;
  for (const column of [ORDER.PREVIOUS, ORDER.NEXT]) {
    const kept = order.i32[first * 16 + column] as number;
    order.i32[first * 16 + column] = order.i32[last * 16 + column] as number;
    order.i32[last * 16 + column] = kept;
  }
}
