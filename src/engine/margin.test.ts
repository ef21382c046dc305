import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeMargin, Margin } from './margin.ts';
import { ORDER_KIND } from './flags.ts';
import { RULE } from './rules.ts';
import { USDC, VenueForTest } from './venue.fixture.ts';

interface Account {
  readonly venue: VenueForTest;
  readonly market: number;
  readonly one: number;
  readonly other: number;
}

function at100(fee = 0, changes: Parameters<VenueForTest['market']>[0] = {}): Account {
  const venue = new VenueForTest();
  const market = venue.market({ INTEREST_RATE: 0, ...changes });
  const [one, other] = [venue.trader(1_000), venue.trader(1_000_000)] as const;
  venue.price(market, 100);
  venue.setRule(RULE.maker_fee, 0);
  venue.setRule(RULE.taker_fee, fee);
  return { venue, market, one, other };
}

/** Equity, initial and maintenance margin, USDC. */
function marginOf({ venue, one }: Account): [number, number, number] {
  const { equity, initial, maintenance } = computeMargin(venue.state, one, new Margin());
  return [equity.toNumber() / USDC, initial.toNumber() / USDC, maintenance.toNumber() / USDC];
}

test('the initial margin is on the larger open side: buys + size or sells − size', () => {
  const account = at100();
  const { venue, market, one, other } = account;
  venue.trade(one, other, market, 100, 100);
  assert.deepEqual(marginOf(account), [1_000, 10, 5]);
  venue.order(one, market, { sell: true, price: 104, size: 150 });
  assert.deepEqual(marginOf(account), [1_000, 10, 5]);
  venue.order(one, market, { sell: true, price: 104, size: 150 });
  assert.deepEqual(marginOf(account), [1_000, 20, 5]);
  venue.order(one, market, { price: 96, size: 150 });
  assert.deepEqual(marginOf(account), [1_000, 25, 5]);
});

test('waiting orders count in no margin', () => {
  const account = at100();
  const { venue, market, one } = account;
  venue.order(one, market, { kind: ORDER_KIND.STOP_LIMIT, price: 104, trigger: 103, size: 1_000 });
  assert.deepEqual(marginOf(account), [1_000, 0, 0]);
});

test('open loss is what open orders would lose at once at the mark', () => {
  const account = at100();
  const { venue, market, one } = account;
  venue.order(one, market, { price: 104, size: 100 });
  venue.order(one, market, { price: 90, size: 100 });
  // 200 lots of 1 USDC at a tenth, and 4 on one of base.
  assert.deepEqual(marginOf(account), [1_000, 20 + 4, 0]);
  venue.price(market, 80);
  assert.deepEqual(marginOf(account), [1_000, 16 + 24 + 10, 0]);
});

test('the fee provision is the taker fee on the open size, in both margins', () => {
  const account = at100(450);
  const { venue, market, one, other } = account;
  venue.trade(other, one, market, 1_000, 100);
  const [equity, initial, maintenance] = marginOf(account);
  assert.deepEqual([equity, initial, maintenance], [1_000, 100.45, 50.45]);
});

test('the maintenance fraction is the market’s, whatever leverage the account chose', () => {
  const account = at100();
  const { venue, market, one, other } = account;
  venue.apply((buffer, timeMs) => buffer.setLeverage(timeMs, one, market, 4));
  venue.trade(one, other, market, 100, 100);
  assert.deepEqual(marginOf(account), [1_000, 25, 5]);
});

test('margins are rounded up to a unit, the funding owed too', () => {
  // 3.3333 % of 1 %: maintenance fraction 334 ppm, rounded up from 333.33.
  const account = at100(0, { INITIAL_MARGIN: 33_333, MAINTENANCE_FACTOR: 10_000 });
  const { venue, market, one, other } = account;
  venue.trade(one, other, market, 1, 100);
  venue.priceUnits(market, 100_000_001);
  const [equity, initial, maintenance] = marginOf(account).map((usdc) => Math.round(usdc * USDC));
  assert.equal(equity, 1_000 * USDC + 1);
  assert.equal(initial, Math.ceil((100_000_001 * 33_333) / 1e6));
  assert.equal(maintenance, Math.ceil((100_000_001 * 334) / 1e6));
});

test('an order is taken if it meets the margin with it, to the unit', () => {
  const account = at100();
  const { venue, market, one } = account;
  assert.equal(venue.tryPlace(one, market, { price: 100, size: 10_001 }), 'insufficient_margin');
  assert.equal(venue.tryPlace(one, market, { price: 100, size: 10_000 }), 'none');
  assert.equal(venue.tryPlace(one, market, { price: 100, size: 1 }), 'insufficient_margin');
  // Sells up to the same open size raise nothing.
  assert.equal(venue.tryPlace(one, market, { sell: true, price: 104, size: 10_000 }), 'none');
  assert.equal(venue.tryPlace(one, market, { sell: true, price: 104, size: 1 }), 'insufficient_margin');
});

test('an order beyond the free margin by its open loss alone is refused', () => {
  const account = at100();
  const { venue, market, one, other } = account;
  venue.order(other, market, { sell: true, price: 105, size: 10_000 });
  // A tenth of 7,000 USDC and 5 % of open loss are more than 1,000; of 6,000, 900.
  assert.equal(venue.tryPlace(one, market, { price: 105, size: 7_000 }), 'insufficient_margin');
  assert.equal(venue.tryPlace(one, market, { price: 105, size: 6_000 }), 'none');
});

test('a new position of a refused order is not opened', () => {
  const { venue, market, one } = at100();
  const rows = venue.state.position.rows;
  assert.equal(venue.tryPlace(one, market, { price: 100, size: 1_000_000 }), 'insufficient_margin');
  assert.equal(venue.state.position.rows, rows);
});
