import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION, ORDER_KIND } from './flags.ts';
import { all, only, VenueForTest } from './venue.fixture.ts';

function venueAt100(): { venue: VenueForTest; market: number; one: number; other: number } {
  const venue = new VenueForTest();
  const market = venue.market();
  const one = venue.trader(50_000);
  const other = venue.trader(1_000_000);
  venue.price(market, 100);
  return { venue, market, one, other };
}

test('a stop that is amended to the other side of the mark waits there', () => {
  const { venue, market, one } = venueAt100();
  const stop = venue.order(one, market, { kind: ORDER_KIND.STOP_MARKET, size: 1, trigger: 105 });
  venue.apply((buffer, timeMs) => buffer.amendOrder(timeMs, one, stop, 0, 1, 95));
  assert.deepEqual(all(venue.price(market, 100), 'triggerDue'), []);
  assert.equal(only(venue.price(market, 95), 'triggerDue').order, stop);
});

test('a take-profit keeps its side when it is amended', () => {
  const { venue, market, one } = venueAt100();
  const sell = { kind: ORDER_KIND.TAKE_PROFIT_MARKET, sell: true, size: 1 };
  const order = venue.order(one, market, { ...sell, trigger: 105 });
  venue.apply((buffer, timeMs) => buffer.amendOrder(timeMs, one, order, 0, 1, 95));
  assert.equal(only(venue.price(market, 100), 'triggerDue').order, order);
});

test('an amended order keeps its id and goes last at its price', () => {
  const { venue, market, one, other } = venueAt100();
  const first = venue.order(one, market, { price: 99, size: 5 });
  const second = venue.order(other, market, { price: 99, size: 5 });
  assert.equal(
    only(
      venue.apply((buffer, timeMs) => buffer.amendOrder(timeMs, one, first, 99, 5)),
      'orderAmended',
    ).order,
    first,
  );
  const third = venue.trader(1_000_000);
  const fills = all(venue.place(third, market, { sell: true, price: 99, size: 6 }), 'filled');
  assert.deepEqual(
    fills.map(({ makerOrder, size }) => [makerOrder, size]),
    [
      [second, 5],
      [first, 1],
    ],
  );
});

test('an amended order that crosses trades', () => {
  const { venue, market, one, other } = venueAt100();
  const bid = venue.order(one, market, { price: 99, size: 5 });
  venue.order(other, market, { sell: true, price: 101, size: 5 });
  const events = venue.apply((buffer, timeMs) => buffer.amendOrder(timeMs, one, bid, 101, 7));
  assert.equal(only(events, 'filled').size, 5);
  assert.deepEqual(all(events, 'orderClosed').length, 1);
  assert.equal(venue.size(one, market), 5);
});

test('a refused amend leaves the order as it was and where it was', () => {
  const { venue, market, one, other } = venueAt100();
  const first = venue.order(one, market, { price: 99, size: 5, instruction: INSTRUCTION.POST_ONLY });
  venue.order(other, market, { price: 99, size: 5 });
  const ask = venue.order(other, market, { sell: true, price: 101, size: 5 });
  const amend = (price: number, size: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.amendOrder(timeMs, one, first, price, size));
  assert.equal(amend(101, 5), 'post_only_would_cross');
  assert.equal(amend(99, 1_000_000), 'insufficient_margin');
  assert.equal(amend(106, 5), 'price_outside_band');
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.amendOrder(timeMs, one, ask, 101, 6)),
    'order_unknown',
  );
  const third = venue.trader(1_000_000);
  const fill = only(venue.place(third, market, { sell: true, price: 99, size: 1 }), 'filled');
  assert.equal(fill.makerOrder, first);
});

test('a refused amend leaves every byte as it was', () => {
  const { venue, market, one, other } = venueAt100();
  for (const sell of [false, true]) {
    const near = venue.order(one, market, { sell, price: sell ? 101 : 99, size: 5 });
    const far = venue.order(one, market, { sell, price: sell ? 104 : 96, size: 5, instruction: INSTRUCTION.POST_ONLY });
    const against = venue.order(other, market, { sell: !sell, price: 100, size: 1 });
    // The edge of the open orders stays where the nearer one was.
    venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, one, near));
    const bytes = (): string[] => ['position', 'order', 'account'].map((name) => text(venue, name as 'order'));
    const before = bytes();
    const amend = (price: number, size: number): string =>
      venue.refusalOf((buffer, timeMs) => buffer.amendOrder(timeMs, one, far, price, size));
    assert.equal(amend(100, 5), 'post_only_would_cross');
    assert.equal(amend(sell ? 104 : 96, 1_000_000), 'insufficient_margin');
    assert.deepEqual(bytes(), before);
    venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, other, against));
  }
});

function text(venue: VenueForTest, name: 'order' | 'position' | 'account'): string {
  const table = venue.state[name];
  return table.bytes.subarray(0, table.rows * table.schema.rowBytes).join();
}

test('the total of an amend includes what was filled', () => {
  const { venue, market, one, other } = venueAt100();
  const bid = venue.order(one, market, { price: 99, size: 10 });
  venue.place(other, market, { sell: true, price: 99, size: 4 });
  const amend = (size: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.amendOrder(timeMs, one, bid, 98, size));
  assert.equal(amend(4), 'size_not_above_filled');
  assert.equal(amend(6), 'none');
  const third = venue.trader(1_000_000);
  const sold = venue.place(third, market, { sell: true, price: 98, size: 10 });
  assert.equal(only(sold, 'filled').size, 2);
});
