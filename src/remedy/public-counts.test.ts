import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bucketsOf, causesOf, publicCount } from './public-counts.ts';
import type { Statement } from './statement.ts';

const USDC = 100_000_000n;

test('fewer than five are not counted in public, none are', () => {
  assert.deepEqual([0, 1, 4, 5].map(publicCount), [0, 'fewer than 5', 'fewer than 5', 5]);
});

test('every bucket has five accounts or there is none; together they are all refunds, the top one is open', () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 3_000_000n * USDC }), { maxLength: 60 });
  fc.assert(
    fc.property(amounts, (refunds) => {
      const buckets = bucketsOf(refunds);
      const paid = refunds.filter((amount) => amount > 0n);
      if (paid.length < 5) {
        assert.deepEqual(buckets, []);
        return;
      }
      assert.ok(buckets.every(({ accounts }) => accounts >= 5));
      const sum = (of: readonly bigint[]): bigint => of.reduce((total, amount) => total + amount, 0n);
      assert.equal(sum(buckets.map(({ total }) => BigInt(total))), sum(paid));
      assert.equal(buckets.at(-1)?.to, null);
      buckets.forEach(({ from }, place) =>
        assert.ok(place === 0 || BigInt(from) > BigInt(buckets[place - 1]?.from ?? 0)),
      );
    }),
  );
});

const statement = (account: number, causes: Record<string, string>): Statement =>
  ({ account, causes: Object.entries(causes).map(([cause, amount]) => ({ cause, amount })) }) as unknown as Statement;

test('causes of few accounts are told together, and never one of them alone', () => {
  const many = [1, 2, 3, 4, 5, 6].map((account) => statement(account, { funding: '10' }));
  assert.deepEqual(causesOf(many), [{ cause: 'funding', amount: '60', accounts: 6 }]);
  const mixed = [...many, statement(7, { trigger: '5' })];
  // One account has a trigger: with the funding of the others it is no longer its own.
  assert.deepEqual(causesOf(mixed), [{ cause: 'several', amount: '65', accounts: 7 }]);
  const two = [...mixed, ...[8, 9, 10, 11, 12].map((account) => statement(account, { rollback: '1' }))];
  assert.deepEqual(causesOf(two), [
    { cause: 'funding', amount: '60', accounts: 6 },
    { cause: 'several', amount: '10', accounts: 6 },
  ]);
});
