// Cases C72 to C75 of the corruption matrix at the payout itself: another unit, twice, a class that is left out, effects beside the money.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyState } from '../chain/copy-state.ts';
import { diffStates } from '../chain/state-difference.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import {
  approvalBy,
  assertPaidOnce,
  balanceOf,
  claimsOfAll,
  filled,
  findingOf,
  FUND,
  payTo,
  prepared,
  TRADERS,
} from './payout.fixture.ts';
import { USDC } from '../engine/venue.fixture.ts';

test('C72: what is counted in another unit is beyond the bounds, whoever signed it, and nothing is paid', () => {
  const venue = filled();
  const slipped = claimsOfAll().map((claim) => {
    const paid = String(BigInt(claim.statement.paid) * 92_500n);
    return { ...claim, statement: { ...claim.statement, paid } };
  });
  const case_ = prepared(slipped);
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_))), /^(total_above_fund|single_above_cap) /);
  assert.equal(balanceOf(venue.exchange.state, INSURANCE_FUND), BigInt(FUND * USDC));
});

test('C73: a thousand retries pay once', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll().slice(0, 12));
  const approval = approvalBy(case_);
  for (let retry = 0; retry < 1000; retry++) assert.equal(findingOf(payTo(venue, case_, approval)), 'paid');
  assertPaidOnce(venue, case_);
});

test('C74: where a class of accounts is left out, the sum is not that of the trees, and nothing is paid', () => {
  const venue = filled();
  const whole = prepared(claimsOfAll());
  const some = prepared(
    claimsOfAll().filter(({ account }) => account % 2 === 0),
    1,
    { treeTotal: whole.content.treeTotal, leaves: TRADERS },
  );
  assert.match(findingOf(payTo(venue, some, approvalBy(some))), /^tree_differs /);
  assert.equal(balanceOf(venue.exchange.state, INSURANCE_FUND), BigInt(FUND * USDC));
});

test('C75: a refund moves a balance and the ledger of refunds, and is no deposit, fee, volume or profit of anything', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  const before = copyState(venue.exchange.state);
  assert.equal(findingOf(payTo(venue, case_, approvalBy(case_))), 'paid');
  const columns = new Set(
    diffStates(before, venue.exchange.state, 100_000).map(({ table, column }) => `${table}/${column}`),
  );
  const moved = [...columns].filter((name) => !name.startsWith('refund/')).sort();
  assert.deepEqual(moved, ['account/balanceLow', 'venue/sequence', 'venue/timeMs']);
});
