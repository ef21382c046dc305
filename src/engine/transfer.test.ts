import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conservationResidual } from './audit.ts';
import { INSURANCE_FUND } from './state.ts';
import { ACCOUNT, VENUE } from './tables.ts';
import { only, USDC, VenueForTest } from './venue.fixture.ts';

const pendingOf = (venue: VenueForTest, account: number): number =>
  (venue.state.account.f64[account * 8 + ACCOUNT.PENDING_LOW] as number) / USDC;

const withdraw = (venue: VenueForTest, account: number, usdc: number): string =>
  venue.refusalOf((buffer, timeMs) => buffer.requestWithdrawal(timeMs, account, Math.round(usdc * USDC)));

/** An account with 1,000 USDC that is long 10 of base from 100, at a mark of `price`; the initial margin is a tenth. */
function positioned(price: number): { venue: VenueForTest; account: number } {
  const venue = new VenueForTest();
  venue.setRule(0, 0);
  venue.setRule(1, 0);
  const market = venue.market({ INTEREST_RATE: 0, PRICE_BAND: 900_000 });
  const account = venue.trader(1_000);
  const other = venue.trader(1_000_000);
  venue.price(market, 100);
  venue.trade(account, other, market, 1_000, 100);
  venue.price(market, price);
  return { venue, account };
}

test('free is equity less initial margin, at most the balance', () => {
  const even = positioned(100);
  assert.equal(withdraw(even.venue, even.account, 900.000_000_01), 'insufficient_free_collateral');
  assert.equal(withdraw(even.venue, even.account, 900), 'none');
  // A loss of 100: equity 900, initial margin 90.
  const lost = positioned(90);
  assert.equal(withdraw(lost.venue, lost.account, 810.000_000_01), 'insufficient_free_collateral');
  assert.equal(withdraw(lost.venue, lost.account, 810), 'none');
  // A gain of 1,000 is not realised: only the balance is free.
  const won = positioned(200);
  assert.equal(withdraw(won.venue, won.account, 1_000.000_000_01), 'insufficient_free_collateral');
  assert.equal(withdraw(won.venue, won.account, 1_000), 'none');
});

test('a withdrawal leaves the balance at once, waits, and is settled or comes back', () => {
  const venue = new VenueForTest();
  const account = venue.trader(100);
  const ask = (usdc: number): number =>
    only(
      venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, account, usdc * USDC)),
      'withdrawalRequested',
    ).withdrawal;
  const settle = (id: number, settled: boolean): string =>
    venue.refusalOf((buffer, timeMs) => buffer.settleWithdrawal(timeMs, id, settled));
  const [first, second] = [ask(30), ask(20)] as const;
  assert.deepEqual([venue.balance(account), pendingOf(venue, account)], [50, 50]);
  assert.equal(settle(second, false), 'none');
  assert.deepEqual([venue.balance(account), pendingOf(venue, account)], [70, 30]);
  assert.equal(settle(first, true), 'none');
  assert.deepEqual([venue.balance(account), pendingOf(venue, account)], [70, 0]);
  assert.deepEqual([settle(first, true), settle(second, true)], ['withdrawal_unknown', 'withdrawal_unknown']);
  assert.equal(venue.state.venue.f64[64 + VENUE.WITHDRAWN_LOW], 30 * USDC);
  assert.equal(conservationResidual(venue.state), '0');
  // The id of a later one is another, although it takes the same row.
  assert.equal(ask(1), second + 1);
});

test('the socialised loss is rounded up, goes to the fund and is not undone when the withdrawal fails', () => {
  const venue = new VenueForTest();
  venue.setRule(0, 0);
  venue.setRule(1, 0);
  const market = venue.market({ INTEREST_RATE: 0, PRICE_BAND: 900_000 });
  const [long, short, third] = [venue.trader(1_000), venue.trader(1_000), venue.trader(1_000)] as const;
  venue.price(market, 100);
  venue.trade(long, short, market, 5_000, 100);
  // The long owes 500; a third of 3,000 + 500 is a factor of 1/7.
  const { factor } = only(venue.price(market, 70, 5_000), 'lossFactorSet');
  assert.equal(factor, Math.ceil(1e12 / 7));
  const asked = venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, third, 100));
  const { withdrawal, amount, loss } = only(asked, 'withdrawalRequested');
  assert.deepEqual([amount, loss], [85, 15]);
  venue.apply((buffer, timeMs) => buffer.settleWithdrawal(timeMs, withdrawal, false));
  assert.equal(venue.balance(third), 1_000 - 15 / USDC);
  assert.equal(venue.balance(INSURANCE_FUND), 15 / USDC);
  assert.equal(conservationResidual(venue.state), '0');
});

test('a transfer moves free collateral, also to oneself', () => {
  const venue = new VenueForTest();
  const [one, two] = [venue.trader(100), venue.trader(0)] as const;
  const move = (from: number, to: number, usdc: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.transfer(timeMs, from, to, usdc * USDC));
  assert.deepEqual(
    [move(one, two, 101), move(one, two, 60), move(one, one, 40)],
    ['insufficient_free_collateral', 'none', 'none'],
  );
  assert.deepEqual([venue.balance(one), venue.balance(two)], [40, 60]);
  assert.equal(move(one, INSURANCE_FUND, 1), 'account_is_not_a_trader');
});

test('deposits reach the house too; a reference is credited once, and references rise', () => {
  const venue = new VenueForTest();
  const deposit = (account: number, reference: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.deposit(timeMs, account, 5, reference));
  assert.deepEqual(
    [deposit(1, 5), deposit(2, 5), deposit(2, 4), deposit(2, 6), deposit(1, Number.POSITIVE_INFINITY), deposit(1, 7)],
    ['none', 'deposit_already_credited', 'deposit_already_credited', 'none', 'value_out_of_range', 'none'],
  );
});
