import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATION_LIMIT, orderId, orderRow } from './order-id.ts';
import { ORDER } from './tables.ts';
import { VenueForTest } from './venue.fixture.ts';

test('an id names one order for ever', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const account = venue.trader(1_000);
  venue.price(market, 100);
  const first = venue.order(account, market, { price: 90, size: 1 });
  assert.equal(orderRow(venue.state, first), 1);
  venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, account, first));
  assert.equal(orderRow(venue.state, first), 0);
  const second = venue.order(account, market, { price: 90, size: 1 });
  assert.deepEqual([second, orderId(venue.state, 1)], [first + 2 ** 24, second]);
  for (const id of [Number.NaN, -1, 0.5, first, second + 2 ** 24, 0, 2 ** 24, Number.POSITIVE_INFINITY]) {
    assert.equal(orderRow(venue.state, id), 0, String(id));
  }
});

test('a row whose next id would be no safe integer is used no more', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const account = venue.trader(1_000);
  venue.price(market, 100);
  const first = venue.order(account, market, { price: 90, size: 1 });
  venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, account, first));
  // As if it had been used half a billion times.
  venue.state.order.i32[16 + ORDER.GENERATION] = GENERATION_LIMIT - 1;
  const last = venue.order(account, market, { price: 90, size: 1 });
  assert.ok(Number.isSafeInteger(last));
  assert.equal(last % 2 ** 24, 1);
  venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, account, last));
  const next = venue.order(account, market, { price: 90, size: 1 });
  assert.equal(next, 2);
  assert.equal(venue.state.order.live, 1);
});
