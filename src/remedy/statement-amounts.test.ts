// What the policy does not pay without a claim, and what was taken back of it already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_POLICY } from './default-policy.ts';
import type { CauseAmount } from './statement.ts';
import { excludedOf } from './statement-amounts.ts';

function excluded(parts: Partial<Record<CauseAmount['cause'], number>>): number {
  const causes = Object.entries(parts).map(([cause, amount]) => ({ cause, amount: String(amount) }) as CauseAmount);
  return Number(excludedOf(DEFAULT_POLICY, causes));
}

test('what left or came in one world alone is not paid without a claim', () => {
  assert.equal(excluded({ external: 70, funding: 5 }), 70);
  assert.equal(excluded({ external: -70, liquidation_price: 5 }), -70);
});

test('what was taken back of a wrong credit is no loss, what was taken beyond it is one', () => {
  assert.equal(excluded({ external: -70, remedy: 70 }), 0, 'of a difference of 0 nothing is paid');
  assert.equal(excluded({ external: -70, remedy: 50 }), -20, 'of a difference of −20 nothing is paid');
  assert.equal(excluded({ external: -70, remedy: 100 }), 0, 'of a difference of 30 all is paid');
});

test('what was taken back of nothing that came from outside is a loss like others, and a refund is none', () => {
  assert.equal(excluded({ remedy: 40 }), 0);
  assert.equal(excluded({ external: 70, remedy: 40 }), 70);
  assert.equal(excluded({ external: -70, remedy: -40 }), -70);
});
