import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditState } from './audit.ts';
import type { EventRecord } from './event.ts';
import { ORDER_KIND } from './flags.ts';
import { CLOSE_REASONS } from './refusal.ts';
import { RULE } from './rules.ts';
import { INSURANCE_FUND } from './state.ts';
import { OPERATION, STATUS } from './status.ts';
import { all, only, USDC, VenueForTest } from './venue.fixture.ts';

interface Scene {
  readonly venue: VenueForTest;
  readonly market: number;
  readonly long: number;
  readonly short: number;
}

/** A market at 100 without fees, and a long and a short of 10 base in it. */
function scene(): Scene {
  const venue = new VenueForTest();
  const market = venue.market({ INTEREST_RATE: 0 });
  for (const rule of [RULE.health_interval, RULE.taker_fee, RULE.maker_fee]) venue.setRule(rule, 0);
  venue.price(market, 100);
  const [long, short] = [venue.trader(10_000), venue.trader(10_000)] as const;
  venue.trade(long, short, market, 1_000, 100);
  return { venue, market, long, short };
}

function delist({ venue, market }: Scene, paused = 0): void {
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.SETTLEMENT, paused));
}

/** Takes every settlement that is proposed; returns all events of the settlements. */
function settleAll(venue: VenueForTest, due: readonly EventRecord<'settlementDue'>[]): EventRecord[] {
  return due.flatMap(({ account, market, size, mark }) =>
    venue.apply((buffer, timeMs) => buffer.settlePosition(timeMs, account, market, size, mark)),
  );
}

test('every position of a delisted market is closed at the mark, and the fund holds nothing there in the end', () => {
  const at = scene();
  const { venue, market, long, short } = at;
  const stop = venue.order(long, market, { kind: ORDER_KIND.STOP_LOSS_MARKET, sell: true, size: 5, trigger: 50 });
  delist(at);
  const due = all(venue.price(market, 103), 'settlementDue');
  assert.deepEqual(
    due.map(({ account, size, mark }) => [account, size, mark]),
    [
      [short, -1_000, 103e6],
      [long, 1_000, 103e6],
    ],
  );
  const [first, second] = due as [EventRecord<'settlementDue'>, EventRecord<'settlementDue'>];
  const told = settleAll(venue, [first]);
  assert.deepEqual([venue.size(short, market), venue.size(INSURANCE_FUND, market)], [0, -1_000]);
  assert.equal(only(told, 'positionTaken').profit, -30 * USDC);
  const rest = settleAll(venue, [second]);
  assert.deepEqual(
    all(rest, 'orderClosed').map(({ order, reason }) => [order, CLOSE_REASONS[reason]]),
    [[stop, 'IN_SETTLEMENT']],
  );
  assert.deepEqual(only(rest, 'positionSettled').size, 1_000);
  assert.deepEqual([venue.size(long, market), venue.size(INSURANCE_FUND, market)], [0, 0]);
  // 10 base, 3 USDC up; nobody pays a penalty, and the fund is as it was.
  assert.deepEqual(
    [long, short, INSURANCE_FUND].map((each) => venue.balance(each)),
    [10_030, 9_970, 0],
  );
  assert.deepEqual(all(venue.price(market, 104), 'settlementDue'), []);
  assert.deepEqual(auditState(venue.state), []);
});

test('orders without a position are settled too: they can never trade again', () => {
  const at = scene();
  const { venue, market } = at;
  const idle = venue.trader(1_000);
  const order = venue.order(idle, market, { price: 99, size: 1 });
  delist(at);
  const due = all(venue.price(market, 100), 'settlementDue').filter(({ account }) => account === idle);
  assert.deepEqual(
    due.map(({ size }) => size),
    [0],
  );
  const told = settleAll(venue, due);
  assert.equal(only(told, 'orderClosed').order, order);
  assert.deepEqual(all(told, 'positionTaken'), []);
});

test('a delisted market goes to maintenance and back, and nowhere else; the venue cannot be delisted', () => {
  const at = scene();
  const { venue, market } = at;
  const set = (of: number, status: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.setStatus(timeMs, of, status, 0));
  assert.equal(set(0, STATUS.SETTLEMENT), 'value_out_of_range');
  assert.equal(set(market, STATUS.CANCEL_ONLY), 'none');
  assert.equal(set(market, STATUS.OK), 'none');
  delist(at);
  for (const back of [STATUS.MAINTENANCE, STATUS.SETTLEMENT, STATUS.MAINTENANCE]) {
    assert.equal(set(market, back), 'none');
    for (const open of [STATUS.OK, STATUS.POST_ONLY, STATUS.CANCEL_ONLY]) {
      assert.equal(set(market, open), 'market_in_settlement');
    }
  }
  assert.deepEqual(auditState(venue.state), []);
});

test('no settlement in maintenance, while forced actions are paused, or at a mark that is not of the last tick', () => {
  const at = scene();
  const { venue, market, long } = at;
  const settle = (size = 1_000, mark = 100e6): string =>
    venue.refusalOf((buffer, timeMs) => buffer.settlePosition(timeMs, long, market, size, mark));
  const dueAt = (ticks: number): number => all(venue.price(market, ticks), 'settlementDue').length;
  const set = (of: number, status: number, paused = 0): void => {
    venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, of, status, paused));
  };
  assert.equal(settle(), 'settlement_not_due');
  delist(at);
  set(market, STATUS.MAINTENANCE);
  assert.deepEqual([dueAt(100), settle()], [0, 'settlement_not_due']);
  set(market, STATUS.SETTLEMENT, OPERATION.LIQUIDATIONS);
  assert.deepEqual([dueAt(100), settle()], [0, 'forced_action_paused']);
  set(market, STATUS.SETTLEMENT);
  for (const status of [STATUS.POST_ONLY, STATUS.CANCEL_ONLY, STATUS.MAINTENANCE]) {
    set(0, status);
    assert.deepEqual([dueAt(100), settle()], [0, 'forced_action_paused']);
  }
  set(0, STATUS.OK);
  assert.deepEqual([dueAt(100), settle(999), settle(1_000, 101e6)], [2, 'margin_facts_differ', 'margin_facts_differ']);
  // No sample for longer than one may be old: the mark is that of an earlier tick.
  venue.timeMs += 40_000;
  assert.deepEqual(
    all(
      venue.apply((buffer, timeMs) => buffer.tick(timeMs)),
      'settlementDue',
    ),
    [],
  );
  assert.equal(settle(), 'margin_facts_differ');
  assert.deepEqual([dueAt(100), settle()], [2, 'none']);
});

test('a settlement is no more often proposed than accounts are looked at', () => {
  const at = scene();
  const { venue, market } = at;
  venue.setRule(RULE.health_interval, 5_000);
  venue.price(market, 100, 5_000);
  delist(at);
  const counts = [1_000, 1_000, 1_000, 1_000, 1_000].map(
    (elapsedMs) => all(venue.price(market, 100, elapsedMs), 'settlementDue').length,
  );
  assert.deepEqual(counts, [0, 0, 0, 0, 2]);
});
