import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLACE_ORDER } from './command.ts';
import { ORDER_KIND } from './flags.ts';
import { REFUSALS } from './refusal.ts';
import { all, type OrderTerms, VenueForTest, writeOrder } from './venue.fixture.ts';

function scene(): { venue: VenueForTest; market: number; one: number } {
  const venue = new VenueForTest();
  const market = venue.market();
  const one = venue.trader(100_000);
  venue.price(market, 100);
  // The quick way in needs a position row.
  venue.order(one, market, { price: 90, size: 1 });
  return { venue, market, one };
}

const ORDERS: readonly (readonly [string, OrderTerms])[] = [
  ['a plain order', { price: 95, size: 1 }],
  ['an order with a client id', { price: 95, size: 1, clientId: 'mine' }],
  ['a conditional order', { kind: ORDER_KIND.STOP_MARKET, size: 1, trigger: 105 }],
];

for (const [name, terms] of ORDERS) {
  test(`${name} is taken up to the millisecond that it names, and refused after it`, () => {
    const { venue, market, one } = scene();
    const at = venue.timeMs;
    assert.equal(venue.tryPlace(one, market, { ...terms, notAfterMs: at - 1 }), 'order_expired');
    assert.equal(venue.tryPlace(one, market, { ...terms, notAfterMs: -1 }), 'order_expired');
    assert.equal(venue.tryPlace(one, market, { ...terms, notAfterMs: at }), 'none');
  });
}

test('an order that names no time is never too late; one whose time is no number always is', () => {
  const { venue, market, one } = scene();
  venue.timeMs = 2 ** 48;
  assert.equal(venue.tryPlace(one, market, { price: 95, size: 1 }), 'none');
  const refusal = venue.refusalOf((buffer, timeMs) => {
    writeOrder(buffer, timeMs, one, market, { price: 95, size: 1 });
    buffer.f64[PLACE_ORDER.NOT_AFTER_MS] = Number.NaN;
  });
  assert.equal(refusal, 'order_expired');
});

test('of a batch, those that come too late are refused one by one, and the others taken', () => {
  const { venue, market, one } = scene();
  const events = venue.apply((buffer, timeMs) => {
    buffer.placeBatch(timeMs, one, 3);
    for (const [price, notAfterMs] of [
      [94, timeMs + 1],
      [95, timeMs - 1],
      [96, 0],
    ] as const) {
      writeOrder(buffer, timeMs, one, market, { price, size: 1, notAfterMs });
    }
    buffer.endBatch(0);
  });
  assert.deepEqual(
    all(events, 'orderAccepted').map(({ price }) => price),
    [94, 96],
  );
  assert.deepEqual(
    all(events, 'refused').map(({ refusal, item }) => [REFUSALS[refusal], item]),
    [['order_expired', 2]],
  );
});
