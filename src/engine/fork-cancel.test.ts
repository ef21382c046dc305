import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditState } from './audit.ts';
import { ORDER_KIND } from './flags.ts';
import { CLOSE_REASONS } from './refusal.ts';
import { OPERATION, STATUS } from './status.ts';
import { all, only, type OrderTerms, VenueForTest } from './venue.fixture.ts';

const { STOP_LIMIT, STOP_MARKET, TAKE_PROFIT_LIMIT, TAKE_PROFIT_MARKET, STOP_LOSS_LIMIT, STOP_LOSS_MARKET } =
  ORDER_KIND;

test('a fork ends every order but those that can only ever close', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const [long, short] = [venue.trader(100_000), venue.trader(100_000)] as const;
  venue.price(market, 100);
  venue.trade(long, short, market, 1_000, 100);
  const place = (account: number, terms: OrderTerms): number => venue.order(account, market, terms);
  const ends = [
    place(long, { price: 90, size: 5 }),
    place(long, { sell: true, price: 110, size: 5 }),
    place(short, { sell: true, kind: STOP_MARKET, size: 5, trigger: 90 }),
    place(short, { sell: true, kind: STOP_LIMIT, price: 80, size: 5, trigger: 90 }),
  ];
  const stays = [
    place(long, { sell: true, price: 120, size: 5, reduceOnly: true }),
    place(long, { sell: true, kind: TAKE_PROFIT_LIMIT, price: 110, size: 5, trigger: 110 }),
    place(long, { sell: true, kind: TAKE_PROFIT_MARKET, size: 5, trigger: 110 }),
    place(long, { sell: true, kind: STOP_LOSS_LIMIT, price: 80, size: 5, trigger: 80 }),
    place(short, { kind: STOP_LOSS_MARKET, size: 5, trigger: 130 }),
    place(short, { kind: STOP_MARKET, size: 5, trigger: 130, reduceOnly: true }),
  ];
  // Whatever is paused, what a rollback ends is ended.
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, 0, STATUS.MAINTENANCE, OPERATION.CANCELS));
  const told = venue.apply((buffer, timeMs) => buffer.cancelForFork(timeMs));
  const closed = all(told, 'orderClosed');
  assert.deepEqual(
    closed.map(({ order }) => order).toSorted((a, b) => a - b),
    ends.toSorted((a, b) => a - b),
  );
  assert.ok(closed.every(({ reason }) => CLOSE_REASONS[reason] === 'FORK'));
  assert.equal(told.length, closed.length);
  assert.equal(venue.state.order.live, stays.length);
  assert.deepEqual(auditState(venue.state), []);
  assert.deepEqual(
    venue.apply((buffer, timeMs) => buffer.cancelForFork(timeMs)),
    [],
  );
});

test('a take-profit that fired and rests still only closes: it stays', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const [long, short] = [venue.trader(100_000), venue.trader(100_000)] as const;
  venue.price(market, 100);
  venue.trade(long, short, market, 1_000, 100);
  const order = venue.order(long, market, { sell: true, kind: TAKE_PROFIT_LIMIT, price: 103, size: 5, trigger: 101 });
  const { mark } = only(venue.price(market, 102), 'triggerDue');
  venue.apply((buffer, timeMs) => buffer.fireTrigger(timeMs, order, mark));
  const closed = all(
    venue.apply((buffer, timeMs) => buffer.cancelForFork(timeMs)),
    'orderClosed',
  );
  assert.deepEqual(closed, []);
  assert.equal(venue.state.order.live, 1);
});
