// More of everything than there is room for at the start: what grows keeps what it held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditState } from './audit.ts';
import { bandTop } from './market.ts';
import { findPosition, marketName, positionsOf } from './state.ts';
import { all, only, VenueForTest } from './venue.fixture.ts';

test('hundreds of markets, accounts, positions, client ids and fills of one order', () => {
  const venue = new VenueForTest();
  const markets = Array.from({ length: 300 }, (_, at) => venue.market({ name: `MARKET-${at}-é` }));
  // Keys of one repeated byte: 250 of them.
  const accounts = Array.from({ length: 250 }, () => venue.trader(100_000));
  const [first, last] = [markets[0] as number, markets.at(-1) as number];
  for (const market of [first, last]) venue.price(market, 100);
  assert.deepEqual([marketName(venue.state, first), marketName(venue.state, last)], ['MARKET-0-é', 'MARKET-299-é']);
  assert.deepEqual([bandTop(venue.state, first), bandTop(venue.state, last)], [105, 105]);
  const makers = accounts.slice(0, 200);
  const orders = makers.flatMap((account, at) =>
    [0, 1, 2].map((n) =>
      venue.order(account, last, { price: 95 + (at % 5), size: 1 + n, clientId: `order ${n} of ${account}` }),
    ),
  );
  for (const market of markets.slice(1, -1)) {
    venue.apply((buffer, timeMs) => buffer.setLeverage(timeMs, makers[market % 7] as number, market, 5));
  }
  const taker = accounts.at(-1) as number;
  const events = venue.place(taker, last, { sell: true, price: 95, size: 2_000 });
  const fills = all(events, 'filled');
  assert.equal(fills.length, 600);
  assert.deepEqual(new Set(fills.map(({ makerOrder }) => makerOrder)), new Set(orders));
  assert.deepEqual(
    fills.map(({ price }) => price),
    fills.map(({ price }) => price).sort((a, b) => b - a),
  );
  assert.equal(venue.size(taker, last), -1_200);
  for (const [at, account] of makers.entries()) assert.equal(venue.size(account, last), 6, String(at));
  assert.equal(positionsOf(venue.state, makers[1] as number)[0], findPosition(venue.state, makers[1] as number, 295));
  assert.deepEqual(auditState(venue.state), []);
  // Keys are still found, and so are names.
  const again = new Uint8Array(32).fill(77);
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.defineAccount(timeMs, again, 1, 0)),
    'account_already_exists',
  );
  assert.throws(() => venue.market({ name: 'MARKET-299-é' }), /marketDefined/);
  assert.equal(
    only(venue.place(makers[5] as number, last, { price: 95, size: 1, clientId: 'again' }), 'filled').size,
    1,
  );
});
