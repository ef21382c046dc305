import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditState, conservationResidual } from './audit.ts';
import { wideToNumber } from './amount.ts';
import type { EventRecord } from './event.ts';
import { findRefund, REFUND_STATUS } from './refund.ts';
import type { Refusal } from './refusal.ts';
import { FEE_ACCOUNT, INSURANCE_FUND, type State } from './state.ts';
import { REFUND, VENUE } from './tables.ts';
import { only, USDC, VenueForTest } from './venue.fixture.ts';

const id = (number: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? number : 200 + at));

function reservedOf({ venue }: State): number {
  return wideToNumber(venue.f64, 64 + VENUE.RESERVED_HIGH) / USDC;
}

/** A fund of 1,000 USDC and a trader of 5. */
function scene(): { venue: VenueForTest; trader: number } {
  const venue = new VenueForTest();
  const trader = venue.trader(5);
  venue.deposit(INSURANCE_FUND, 1_000);
  return { venue, trader };
}

const reserve = (venue: VenueForTest, account: number, usdc: number, number: number): Refusal =>
  venue.refusalOf((buffer, timeMs) => buffer.reserveRefund(timeMs, account, usdc * USDC, id(number)));
const post = (venue: VenueForTest, number: number): Refusal =>
  venue.refusalOf((buffer, timeMs) => buffer.postRefund(timeMs, id(number)));
const cancel = (venue: VenueForTest, number: number): Refusal =>
  venue.refusalOf((buffer, timeMs) => buffer.voidRefund(timeMs, id(number)));

function statusOf({ state }: VenueForTest, number: number): number {
  const words = new Int32Array(id(number).buffer);
  return state.refund.i32[findRefund(state, words, 0) * 8 + REFUND.STATUS] as number;
}

test('a refund is set aside from the fund, then credited, and money is conserved at each step', () => {
  const { venue, trader } = scene();
  const told = venue.apply((buffer, timeMs) => buffer.reserveRefund(timeMs, trader, 30 * USDC, id(1)));
  const { account, amount, refund } = only(told, 'refundReserved');
  assert.deepEqual([account, amount, refund], [trader, 30 * USDC, 1]);
  assert.deepEqual([venue.balance(INSURANCE_FUND), reservedOf(venue.state), venue.balance(trader)], [970, 30, 5]);
  assert.equal(conservationResidual(venue.state), '0');
  const posted: EventRecord<'refundPosted'> = only(
    venue.apply((buffer, timeMs) => buffer.postRefund(timeMs, id(1))),
    'refundPosted',
  );
  assert.deepEqual(
    [posted.id0, posted.id1, posted.id2, posted.id3],
    [...new Int32Array(id(1).buffer)],
    'the event names the id by its words',
  );
  assert.deepEqual([venue.balance(INSURANCE_FUND), reservedOf(venue.state), venue.balance(trader)], [970, 0, 35]);
  assert.equal(statusOf(venue, 1), REFUND_STATUS.POSTED);
  assert.deepEqual(auditState(venue.state), []);
});

test('a refund that is voided goes back to the fund, and its id stays used', () => {
  const { venue, trader } = scene();
  reserve(venue, trader, 30, 1);
  assert.equal(cancel(venue, 1), 'none');
  assert.deepEqual([venue.balance(INSURANCE_FUND), reservedOf(venue.state), venue.balance(trader)], [1_000, 0, 5]);
  assert.equal(reserve(venue, trader, 30, 1), 'refund_exists');
  assert.equal(post(venue, 1), 'refund_not_pending');
  assert.deepEqual(auditState(venue.state), []);
});

test('whatever is repeated in whatever order, an id pays once', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('reserve', 'post', 'void'), fc.nat(3)), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const { venue, trader } = scene();
      for (const [step, number] of all) {
        if (step === 'reserve') reserve(venue, trader, number + 1, number);
        else if (step === 'post') post(venue, number);
        else cancel(venue, number);
      }
      const paid = [0, 1, 2, 3].filter((number) => statusOf(venue, number) === REFUND_STATUS.POSTED);
      const pending = [0, 1, 2, 3].filter((number) => statusOf(venue, number) === REFUND_STATUS.PENDING);
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number + 1, 0);
      assert.equal(venue.balance(trader), 5 + sum(paid));
      assert.equal(venue.balance(INSURANCE_FUND), 1_000 - sum(paid) - sum(pending));
      assert.equal(conservationResidual(venue.state), '0');
    }),
  );
});

test('no more is set aside than the fund has free: what its own positions need stays', () => {
  const { venue, trader } = scene();
  assert.equal(reserve(venue, trader, 1_000.5, 1), 'fund_insufficient');
  assert.equal(reserve(venue, trader, 600, 1), 'none');
  assert.equal(reserve(venue, trader, 600, 2), 'fund_insufficient');
  assert.equal(reserve(venue, trader, 400, 3), 'none');
  const other = scene();
  const market = other.venue.market();
  const [rich] = [other.venue.trader(100_000)];
  other.venue.price(market, 100);
  other.venue.trade(INSURANCE_FUND, rich, market, 5_000, 100);
  assert.equal(reserve(other.venue, other.trader, 1_000, 1), 'fund_insufficient');
  assert.equal(reserve(other.venue, other.trader, 400, 1), 'none');
});

test('a refund is for a trader that is there, and of some amount', () => {
  const { venue, trader } = scene();
  assert.equal(reserve(venue, 99, 1, 1), 'account_unknown');
  assert.equal(reserve(venue, 0, 1, 1), 'account_unknown');
  assert.equal(reserve(venue, FEE_ACCOUNT, 1, 1), 'account_is_not_a_trader');
  assert.equal(reserve(venue, trader, 0, 1), 'amount_not_positive');
  assert.equal(reserve(venue, trader, 0.5 / USDC, 1), 'amount_not_positive');
  assert.equal(reserve(venue, trader, (2 ** 51 + 1) / USDC, 1), 'amount_too_large');
  assert.equal(post(venue, 1), 'refund_unknown');
  assert.equal(cancel(venue, 1), 'refund_unknown');
  assert.equal(venue.state.refund.rows, 1);
});

test('an id is found by all its words, also when the index was built anew and after many', () => {
  const { venue, trader } = scene();
  for (let number = 0; number < 256; number++) assert.equal(reserve(venue, trader, 1, number), 'none');
  venue.state.index.restore(venue.state);
  assert.equal(reserve(venue, trader, 1, 77), 'refund_exists');
  assert.equal(post(venue, 77), 'none');
  const near = id(77);
  near[15] = 1;
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.postRefund(timeMs, near)),
    'refund_unknown',
  );
});

test('the audit finds what is not a refund, or not reserved', () => {
  const faults: readonly [string, (state: State) => void][] = [
    ['reserved', (state) => state.refund.f64.fill(7, 4 + REFUND.AMOUNT, 4 + REFUND.AMOUNT + 1)],
    ['reserved', (state) => state.refund.i32.fill(REFUND_STATUS.VOIDED, 8 + REFUND.STATUS, 8 + REFUND.STATUS + 1)],
    ['refund', (state) => state.refund.i32.fill(9, 8 + REFUND.STATUS, 8 + REFUND.STATUS + 1)],
    ['refund', (state) => state.refund.i32.fill(1, 8 + REFUND.ACCOUNT, 8 + REFUND.ACCOUNT + 1)],
    ['unique', (state) => state.refund.i32.copyWithin(16 + REFUND.ID, 8 + REFUND.ID, 8 + REFUND.ID + 4)],
  ];
  for (const [invariant, fault] of faults) {
    const { venue, trader } = scene();
    reserve(venue, trader, 30, 1);
    reserve(venue, trader, 40, 2);
    assert.deepEqual(auditState(venue.state), []);
    fault(venue.state);
    const found = auditState(venue.state).map((finding) => finding.invariant);
    assert.ok(found.includes(invariant), `${invariant} is not among ${found.join()}`);
  }
});
