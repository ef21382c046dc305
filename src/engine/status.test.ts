import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION, ORDER_KIND } from './flags.ts';
import { RULE } from './rules.ts';
import { OPERATION, STATUS } from './status.ts';
import { MARKET } from './tables.ts';
import { all, USDC, VenueForTest } from './venue.fixture.ts';

type Outcome = Record<keyof typeof OPERATION | 'POST_ONLY_ORDERS', boolean>;

/** What is possible after `restrict`, each tried for real. */
function possible(restrict: (venue: VenueForTest, market: number) => void): Outcome {
  const venue = new VenueForTest();
  const market = venue.market();
  venue.setRule(RULE.health_interval, 0);
  const [one, two] = [venue.trader(100_000), venue.trader(100_000)] as const;
  const weak = venue.trader(110);
  venue.price(market, 100);
  venue.trade(weak, one, market, 1_000, 100);
  const order = venue.order(one, market, { price: 90, size: 1 });
  venue.order(one, market, { kind: ORDER_KIND.STOP_MARKET, size: 1, trigger: 95 });
  restrict(venue, market);
  const index = (): number => venue.state.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
  const before = index();
  const events = venue.price(market, 92);
  const place = (instruction: number): boolean =>
    venue.tryPlace(two, market, { price: 91, size: 1, instruction }) === 'none';
  return {
    LIQUIDATIONS: all(events, 'liquidationDue').length > 0,
    TRIGGERS: all(events, 'triggerDue').length > 0,
    FUNDING: index() !== before,
    POST_ONLY_ORDERS: place(INSTRUCTION.POST_ONLY),
    ORDERS: place(INSTRUCTION.GTC),
    CANCELS: venue.refusalOf((buffer, timeMs) => buffer.cancelOrder(timeMs, one, order)) === 'none',
    WITHDRAWALS: venue.refusalOf((buffer, timeMs) => buffer.requestWithdrawal(timeMs, two, USDC)) === 'none',
    TRANSFERS: venue.refusalOf((buffer, timeMs) => buffer.transfer(timeMs, two, one, USDC)) === 'none',
  };
}

const setStatus =
  (onVenue: boolean, status: number, paused = 0) =>
  (venue: VenueForTest, market: number): void => {
    venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, onVenue ? 0 : market, status, paused));
  };

const OPEN: Outcome = {
  ORDERS: true,
  POST_ONLY_ORDERS: true,
  CANCELS: true,
  LIQUIDATIONS: true,
  TRIGGERS: true,
  FUNDING: true,
  WITHDRAWALS: true,
  TRANSFERS: true,
};

const NO_FORCED = { LIQUIDATIONS: false, TRIGGERS: false };
const NO_ORDERS = { ORDERS: false, POST_ONLY_ORDERS: false };

/** Paradex, "Maintenance mode": the table of modes. */
const BY_STATUS: Record<keyof typeof STATUS, Outcome> = {
  OK: OPEN,
  POST_ONLY: { ...OPEN, ...NO_FORCED, ORDERS: false },
  CANCEL_ONLY: { ...OPEN, ...NO_FORCED, ...NO_ORDERS },
  SETTLEMENT: { ...OPEN, ...NO_FORCED, ...NO_ORDERS, FUNDING: false },
  MAINTENANCE: {
    ...NO_FORCED,
    ...NO_ORDERS,
    CANCELS: false,
    FUNDING: false,
    WITHDRAWALS: false,
    TRANSFERS: false,
  },
};

for (const [name, outcome] of Object.entries(BY_STATUS)) {
  const status = STATUS[name as keyof typeof STATUS];
  test(`what the venue does in ${name}`, () => {
    // Only a market can be delisted: the venue stays what it is.
    assert.deepEqual(possible(setStatus(true, status)), name === 'SETTLEMENT' ? OPEN : outcome);
  });

  test(`what a market does in ${name}; money moves on in the venue`, () => {
    assert.deepEqual(possible(setStatus(false, status)), { ...outcome, WITHDRAWALS: true, TRANSFERS: true });
  });

  test(`the severer status of venue and market is in force: ${name}`, () => {
    const both = (venue: VenueForTest, market: number): void => {
      setStatus(true, STATUS.POST_ONLY)(venue, market);
      setStatus(false, status)(venue, market);
    };
    const expected = {
      ...(status > STATUS.POST_ONLY ? outcome : BY_STATUS.POST_ONLY),
      WITHDRAWALS: true,
      TRANSFERS: true,
    };
    assert.deepEqual(possible(both), expected);
  });
}

for (const [name, bit] of Object.entries(OPERATION)) {
  const expected: Outcome = { ...OPEN, [name]: false, ...(name === 'ORDERS' ? NO_ORDERS : {}) };

  test(`one operation paused in the venue: ${name}`, () => {
    assert.deepEqual(possible(setStatus(true, STATUS.OK, bit)), expected);
  });

  test(`one operation paused in a market: ${name}`, () => {
    const money = { WITHDRAWALS: true, TRANSFERS: true };
    assert.deepEqual(possible(setStatus(false, STATUS.OK, bit)), { ...expected, ...money });
  });
}

test('liquidations stay paused while any market of the account pauses them', () => {
  const venue = new VenueForTest();
  const [first, second] = [venue.market(), venue.market()] as const;
  venue.setRule(RULE.health_interval, 0);
  const other = venue.trader(100_000);
  const weak = venue.trader(110);
  venue.price(first, 100);
  venue.price(second, 100);
  venue.trade(weak, other, first, 900, 100);
  venue.trade(weak, other, second, 10, 100);
  const due = (): number => all(venue.price(first, 90), 'liquidationDue').length;
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, second, STATUS.POST_ONLY, 0));
  assert.equal(due(), 0);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, second, STATUS.OK, 0));
  assert.equal(due(), 1);
});
