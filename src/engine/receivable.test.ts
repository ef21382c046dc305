import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wideToNumber } from './amount.ts';
import { auditState, conservationResidual } from './audit.ts';
import { RULE } from './rules.ts';
import { FEE_ACCOUNT, INSURANCE_FUND } from './state.ts';
import { OPERATION, STATUS } from './status.ts';
import { ACCOUNT, VENUE } from './tables.ts';
import { all, only, USDC, VenueForTest } from './venue.fixture.ts';

function owed({ state }: VenueForTest, account: number): number {
  return (state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] as number) / USDC;
}

function withdrawn({ state }: VenueForTest): number {
  return wideToNumber(state.venue.f64, 64 + VENUE.WITHDRAWN_HIGH) / USDC;
}

const id = (number: number): Uint8Array => new Uint8Array(16).fill(number);

/** A long of 10 base at 100, its initial margin 10 % of 1,000 USDC and the taker fee on it, with `usdc` of its own. */
function scene(usdc: number): { venue: VenueForTest; long: number; market: number } {
  const venue = new VenueForTest();
  const market = venue.market({ INTEREST_RATE: 0 });
  for (const rule of [RULE.health_interval, RULE.taker_fee, RULE.maker_fee]) venue.setRule(rule, 0);
  venue.price(market, 100);
  const [long, short] = [venue.trader(usdc), venue.trader(10_000)] as const;
  venue.trade(long, short, market, 1_000, 100);
  return { venue, long, market };
}

test('a withdrawal of a dead branch takes what is free and leaves what margin needs; the rest is owed', () => {
  const { venue, long } = scene(150);
  const told = venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, long, 80 * USDC, 1));
  const { amount, taken, withdrawal } = only(told, 'withdrawalCarried');
  assert.deepEqual([amount, taken, withdrawal], [80 * USDC, 50 * USDC, 1]);
  assert.deepEqual([venue.balance(long), owed(venue, long), withdrawn(venue)], [100, 30, 80]);
  assert.equal(conservationResidual(venue.state), '0');
  assert.deepEqual(auditState(venue.state), []);
});

test('nothing is taken from who has nothing free, and nobody is liquidated for what is owed', () => {
  const { venue, long, market } = scene(101);
  venue.price(market, 95);
  venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, long, 1_000 * USDC, 1));
  assert.deepEqual([venue.balance(long), owed(venue, long)], [101, 1_000]);
  assert.deepEqual(all(venue.price(market, 95), 'liquidationDue'), []);
  assert.equal(all(venue.price(market, 92), 'liquidationDue').length, 1);
});

test('what was free in full is taken in full', () => {
  const { venue, long } = scene(150);
  venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, long, 50 * USDC, 1));
  assert.deepEqual([venue.balance(long), owed(venue, long)], [100, 0]);
});

test('withdrawals are carried once, by rising ids, and no later withdrawal has one of them', () => {
  const venue = new VenueForTest();
  const trader = venue.trader(100);
  const carry = (number: number, account = trader) =>
    venue.refusalOf((buffer, timeMs) => buffer.carryWithdrawal(timeMs, account, USDC, number));
  assert.equal(carry(3), 'none');
  assert.equal(carry(3), 'withdrawal_already_carried');
  assert.equal(carry(2), 'withdrawal_already_carried');
  assert.equal(carry(0), 'withdrawal_already_carried');
  assert.equal(carry(Number.NaN), 'withdrawal_already_carried');
  assert.equal(carry(4.5), 'value_out_of_range');
  assert.equal(carry(2 ** 53), 'value_out_of_range');
  assert.equal(carry(4, FEE_ACCOUNT), 'account_is_not_a_trader');
  assert.equal(carry(7), 'none');
  const told = venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, trader, USDC));
  assert.equal(only(told, 'withdrawalRequested').withdrawal, 8);
  assert.equal(venue.balance(trader), 97);
});

test('neither maintenance nor paused withdrawals hold up what has left already', () => {
  const venue = new VenueForTest();
  const trader = venue.trader(100);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, 0, STATUS.MAINTENANCE, OPERATION.WITHDRAWALS));
  venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, trader, 40 * USDC, 1));
  assert.deepEqual([venue.balance(trader), withdrawn(venue)], [60, 40]);
});

test('who owes takes no money out, by withdrawal or transfer, and may receive; once it is repaid, it is as before', () => {
  const venue = new VenueForTest();
  const [debtor, other] = [venue.trader(10), venue.trader(100)] as const;
  venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, debtor, 30 * USDC, 1));
  assert.deepEqual([venue.balance(debtor), owed(venue, debtor)], [0, 20]);
  venue.deposit(debtor, 50);
  const withdraw = () => venue.refusalOf((buffer, timeMs) => buffer.requestWithdrawal(timeMs, debtor, USDC));
  const send = () => venue.refusalOf((buffer, timeMs) => buffer.transfer(timeMs, debtor, other, USDC));
  const repay = (usdc: number) =>
    venue.refusalOf((buffer, timeMs) => buffer.repayReceivable(timeMs, debtor, usdc * USDC));
  assert.deepEqual([withdraw(), send()], ['receivable_outstanding', 'receivable_outstanding']);
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.transfer(timeMs, other, debtor, USDC)),
    'none',
  );
  assert.equal(repay(20.5), 'receivable_exceeded');
  assert.equal(repay(15), 'none');
  assert.deepEqual([venue.balance(debtor), owed(venue, debtor), withdraw()], [36, 5, 'receivable_outstanding']);
  assert.equal(repay(5), 'none');
  assert.deepEqual([withdraw(), send()], ['none', 'none']);
  assert.deepEqual(auditState(venue.state), []);
});

test('what is owed is paid from free collateral alone', () => {
  const { venue, long } = scene(150);
  venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, long, 80 * USDC, 1));
  const repay = () => venue.refusalOf((buffer, timeMs) => buffer.repayReceivable(timeMs, long, 10 * USDC));
  assert.equal(repay(), 'insufficient_free_collateral');
  venue.deposit(long, 10);
  assert.equal(repay(), 'none');
  assert.deepEqual([venue.balance(long), owed(venue, long)], [100, 20]);
});

test('a credit by mistake goes back to the fund in full, once', () => {
  const { venue, long } = scene(150);
  const reverse = (usdc: number, number: number) =>
    venue.apply((buffer, timeMs) => buffer.reverseCredit(timeMs, long, usdc * USDC, id(number)));
  const { amount, taken, refund } = only(reverse(70, 1), 'creditReversed');
  assert.deepEqual([amount, taken, refund], [70 * USDC, 50 * USDC, 1]);
  assert.deepEqual([venue.balance(INSURANCE_FUND), venue.balance(long), owed(venue, long)], [70, 100, 20]);
  assert.equal(conservationResidual(venue.state), '0');
  assert.equal(only(reverse(70, 1), 'refused').account, 0);
  assert.equal(venue.balance(INSURANCE_FUND), 70);
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.postRefund(timeMs, id(1))),
    'refund_not_pending',
  );
  assert.deepEqual(auditState(venue.state), []);
});

test('the audit finds a debt below nothing, and one of the house', () => {
  for (const [account, amount] of [
    [3, -5],
    [INSURANCE_FUND, 5],
  ] as const) {
    const venue = new VenueForTest();
    venue.trader(100);
    venue.state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] = amount;
    const found = auditState(venue.state).map(({ invariant }) => invariant);
    assert.deepEqual(found, ['receivable', 'money_conserved']);
  }
});
