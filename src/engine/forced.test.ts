import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION, ORDER_KIND } from './flags.ts';
import { CLOSE, CLOSE_REASONS, type CloseReason } from './refusal.ts';
import { RULE } from './rules.ts';
import { INSURANCE_FUND } from './state.ts';
import { STATUS } from './status.ts';
import { ORDER } from './tables.ts';
import { all, only, type OrderTerms, USDC, VenueForTest } from './venue.fixture.ts';

function venueAt100(): { venue: VenueForTest; market: number; one: number; other: number } {
  const venue = new VenueForTest();
  const market = venue.market();
  const one = venue.trader(100_000);
  const other = venue.trader(100_000);
  venue.price(market, 100);
  return { venue, market, one, other };
}

/** Fires a conditional order of `one` at the mark; how it closed, or undefined while it rests. */
function fire(venue: VenueForTest, order: number, markTicks = 100): CloseReason | undefined {
  const events = venue.apply((buffer, timeMs) => buffer.fireTrigger(timeMs, order, markTicks * 1e6));
  assert.equal(only(events, 'orderTriggered').order, order);
  const closed = all(events, 'orderClosed').find((event) => event.order === order);
  return closed === undefined ? undefined : CLOSE_REASONS[closed.reason];
}

const STOP: OrderTerms = { kind: ORDER_KIND.STOP_LIMIT, size: 10, price: 100, trigger: 100 };

test('a fired stop-limit rests, trades or ends by what a limit order of its instruction does', () => {
  const { venue, market, one, other } = venueAt100();
  assert.equal(fire(venue, venue.order(one, market, { ...STOP, price: 99 })), undefined);
  venue.order(other, market, { sell: true, price: 100, size: 10 });
  assert.equal(fire(venue, venue.order(one, market, STOP)), 'FILLED');
  assert.equal(
    fire(venue, venue.order(one, market, { ...STOP, instruction: INSTRUCTION.IOC })),
    'REMAINING_IOC_CANCEL',
  );
});

test('a fired post-only stop-limit that would cross ends and trades nothing', () => {
  const { venue, market, one, other } = venueAt100();
  venue.order(other, market, { sell: true, price: 100, size: 10 });
  const terms = { ...STOP, instruction: INSTRUCTION.POST_ONLY };
  assert.equal(fire(venue, venue.order(one, market, terms)), 'POST_ONLY_WOULD_CROSS');
  assert.equal(venue.size(one, market), 0);
  assert.equal(fire(venue, venue.order(one, market, { ...terms, price: 99 })), undefined);
});

test('fired stops cannot pass the position limit', () => {
  const { venue, market, one } = venueAt100();
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'POSITION_LIMIT', 15));
  const stops = [0, 1].map(() => venue.order(one, market, { ...STOP, price: 99 }));
  assert.deepEqual(
    stops.map((order) => fire(venue, order)),
    [undefined, 'REJECTED_AT_TRIGGER'],
  );
});

test('a fired stop that the account cannot bear ends', () => {
  const { venue, market, one } = venueAt100();
  const order = venue.order(one, market, { ...STOP, size: 1_000_000, price: 100 });
  venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, one, 50_000 * USDC));
  assert.equal(fire(venue, order), 'NOT_ENOUGH_MARGIN');
});

test('take-profit and stop-loss orders close at most the position, and end where there is none', () => {
  const { venue, market, one, other } = venueAt100();
  venue.trade(one, other, market, 7, 100);
  venue.order(other, market, { price: 99, size: 100 });
  const terms = { kind: ORDER_KIND.STOP_LOSS_MARKET, sell: true, size: 10, trigger: 100 };
  const [first, second] = [0, 1].map(() => venue.order(one, market, terms)) as [number, number];
  assert.equal(fire(venue, first), 'FILLED');
  assert.equal(venue.size(one, market), 0);
  assert.equal(fire(venue, second), 'REDUCE_ONLY_WILL_INCREASE');
});

test('a trigger fires at the mark that is, on its side', () => {
  const { venue, market, one } = venueAt100();
  const stop = venue.order(one, market, { ...STOP, price: 110, trigger: 110 });
  const refusal = (mark: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.fireTrigger(timeMs, stop, mark * 1e6));
  assert.equal(refusal(110), 'margin_facts_differ');
  assert.equal(refusal(100), 'trigger_not_reached');
  assert.equal(only(venue.price(market, 110), 'triggerDue').order, stop);
  assert.equal(refusal(110), 'none');
  assert.equal(refusal(110), 'order_unknown');
});

test('deleveraging: the orders of the example, the most passive of the offsetting ones last', () => {
  const { venue, market, other } = venueAt100();
  venue.setRule(RULE.health_interval, 0);
  const one = venue.trader(110);
  venue.trade(one, other, market, 1_000, 100);
  const buy = venue.order(one, market, { price: 95, size: 1 });
  const at115 = venue.order(one, market, { sell: true, price: 115, size: 500 });
  const at110 = venue.order(one, market, { sell: true, price: 110, size: 300 });
  const at120 = venue.order(one, market, { sell: true, price: 120, size: 300 });
  const due = all(venue.price(market, 98), 'cancelDue');
  assert.deepEqual(
    due.map(({ order, reason }) => [order, reason]),
    [
      [buy, CLOSE.DELEVERAGE],
      [at120, CLOSE.DELEVERAGE],
    ],
  );
  const cancel = (order: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.forceCancel(timeMs, order, CLOSE.DELEVERAGE));
  assert.deepEqual([at110, at115, at120, buy].map(cancel), ['cancel_not_due', 'cancel_not_due', 'none', 'none']);
});

test('an order is cancelled by force only for a reason for which the engine proposes it', () => {
  const { venue, market, other } = venueAt100();
  venue.setRule(RULE.health_interval, 0);
  const one = venue.trader(120);
  venue.trade(one, other, market, 1_000, 100);
  const order = venue.order(one, market, { sell: true, price: 120, size: 1_500 });
  const cancel = (reason: CloseReason): string =>
    venue.refusalOf((buffer, timeMs) => buffer.forceCancel(timeMs, order, CLOSE[reason]));
  assert.deepEqual(
    ['DELEVERAGE', 'PRICE_OUTSIDE_BANDS', 'USER_CANCELED'].map((each) => cancel(each as CloseReason)),
    ['cancel_not_due', 'cancel_not_due', 'cancel_not_due'],
  );
  // To be liquidated: that ends the orders anyway, deleveraging does not come first.
  const events = venue.price(market, 90);
  assert.deepEqual([all(events, 'liquidationDue').length, all(events, 'cancelDue').length], [1, 0]);
  assert.equal(cancel('DELEVERAGE'), 'cancel_not_due');
  // The house is never deleveraged.
  venue.deposit(INSURANCE_FUND, 1);
  venue.trade(INSURANCE_FUND, other, market, 1_000, 90);
  const house = venue.order(INSURANCE_FUND, market, { price: 89, size: 1 });
  venue.price(market, 80);
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.forceCancel(timeMs, house, CLOSE.DELEVERAGE)),
    'cancel_not_due',
  );
});

test('a queue that leads back into itself breaks an invariant instead of being proposed without end', () => {
  const { venue, market, other } = venueAt100();
  venue.priceUnits(market, 10_000e6);
  const rows = [1, 2].map(() => venue.order(other, market, { sell: false, price: 10_006, size: 1 }) % 2 ** 24);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, 0, STATUS.POST_ONLY, 0));
  venue.state.order.i32[(rows[1] as number) * 16 + ORDER.NEXT] = rows[0] as number;
  assert.throws(() => venue.priceUnits(market, 10_000e6), { name: 'InvariantBroken', invariant: 'queue_ends' });
});

test('a queue that leads back into itself breaks an invariant instead of being matched without end', () => {
  const { venue, market, one, other } = venueAt100();
  const rows = [1, 2].map(() => venue.order(other, market, { sell: false, price: 100, size: 1 }) % 2 ** 24);
  venue.state.order.i32[(rows[1] as number) * 16 + ORDER.NEXT] = rows[0] as number;
  assert.throws(() => venue.order(one, market, { sell: true, price: 100, size: 3 }), {
    name: 'InvariantBroken',
    invariant: 'queue_ends',
  });
});

test('in a restricted mode orders beyond ±5 bps of the external fair price are to go, on the aggressive side only', () => {
  const { venue, market, one, other } = venueAt100();
  venue.priceUnits(market, 10_000e6);
  const rest = (sell: boolean, price: number): number =>
    venue.order(sell ? one : other, market, { sell, price, size: 1 });
  const high = rest(false, 10_006);
  const edge = rest(false, 10_005);
  const low = rest(false, 9_000);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, 0, STATUS.POST_ONLY, 0));
  const due = all(venue.priceUnits(market, 10_000e6), 'cancelDue');
  assert.deepEqual(due, [
    {
      kind: 'cancelDue',
      sequence: due[0]?.sequence,
      order: high,
      account: other,
      market,
      reason: CLOSE.PRICE_OUTSIDE_BANDS,
    },
  ]);
  const cancel = (order: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.forceCancel(timeMs, order, CLOSE.PRICE_OUTSIDE_BANDS));
  assert.deepEqual([edge, low, high].map(cancel), ['cancel_not_due', 'cancel_not_due', 'none']);
  const place = (sell: boolean, price: number): string =>
    venue.tryPlace(one, market, { sell, price, size: 1, instruction: INSTRUCTION.POST_ONLY });
  assert.deepEqual(
    [place(true, 9_995), place(true, 9_994), place(false, 10_006), place(false, 5_000)],
    ['post_only_would_cross', 'price_outside_restricted_band', 'price_outside_restricted_band', 'none'],
  );
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, 0, STATUS.OK, 0));
  assert.deepEqual(all(venue.priceUnits(market, 9_000e6), 'cancelDue'), []);
});

test('a liquidation: the fund takes a share of every position at the mark, and a penalty no larger than what is left', () => {
  const { venue, market, other } = venueAt100();
  venue.setRule(RULE.health_interval, 0);
  venue.setRule(RULE.taker_fee, 0);
  venue.setRule(RULE.maker_fee, 0);
  const second = venue.market();
  venue.price(second, 100);
  const one = venue.trader(150);
  venue.trade(one, other, market, 1_000, 100);
  venue.trade(other, one, second, 333, 100);
  const stop = venue.order(one, market, { kind: ORDER_KIND.STOP_LOSS_MARKET, sell: true, size: 5, trigger: 50 });
  const bid = venue.order(one, second, { price: 95, size: 5 });
  const before = venue.balance(one);
  const due = only(venue.price(market, 91), 'liquidationDue');
  const events = venue.apply((buffer, timeMs) =>
    buffer.liquidate(timeMs, one, due.share, due.equityHigh, due.equityLow, due.maintenanceHigh, due.maintenanceLow),
  );
  assert.deepEqual(
    all(events, 'orderClosed').map(({ order, reason }) => [order, CLOSE_REASONS[reason]]),
    [
      [bid, 'IN_LIQUIDATION'],
      [stop, 'IN_LIQUIDATION'],
    ],
  );
  const { penalty, share } = only(events, 'liquidated');
  const taken = all(events, 'positionTaken');
  // Rounded up to whole lots, newest position first.
  const lots = (size: number): number => Math.ceil((size * share) / 1e6);
  assert.deepEqual(
    taken.map(({ size, mark }) => [size, mark]),
    [
      [-lots(333), 100e6],
      [lots(1_000), 91e6],
    ],
  );
  assert.equal(venue.size(INSURANCE_FUND, market), lots(1_000));
  assert.equal(venue.size(INSURANCE_FUND, second), -lots(333));
  assert.equal(venue.balance(INSURANCE_FUND), penalty / USDC);
  const profit = taken.reduce((sum, each) => sum + each.profit, 0);
  const funding = all(events, 'fundingSettled').reduce(
    (sum, each) => (each.account === one ? sum + each.amount : sum),
    0,
  );
  assert.equal(Math.round((venue.balance(one) - before) * USDC), profit - penalty - funding);
});
