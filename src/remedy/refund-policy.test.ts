import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute } from './attribution.ts';
import { canonicalJson } from './canonical-json.ts';
import { POLICIES, type PolicyCase, type PolicyName, refundOf } from './refund-policy.ts';
import { shareFund } from './short-fund.ts';

// The example of one loss: long 10 ETH, entry 3,200, collateral 2,000; forced sale 3,050, penalty 224; true price at the event
// 3,195, before 3,198, at restoration 3,240, a day later 3,100, best 3,260.
const LOSS: PolicyCase = {
  closes: [
    {
      size: 10n,
      price: 3_050n,
      penalty: 224n,
      eventPrice: 3_195n,
      laterPrice: 3_100n,
      restorationPrice: 3_240n,
      bestPrice: 3_260n,
    },
  ],
  // With the position at 3,240: 2,000 + 10 × 40 = 2,400; without it 2,000 − 1,500 − 224 = 276.
  difference: 2_400n - 276n,
  equityBefore: 1_980n,
  equityAfter: 276n,
};

test('each policy pays what the published example says', () => {
  const expected: Record<PolicyName, bigint> = {
    A: 224n,
    B: 1_674n,
    C: 724n,
    D: 2_124n,
    E: 1_704n,
    F: 2_324n,
    G: 2_124n,
    DE: 2_124n,
  };
  for (const name of Object.keys(POLICIES) as PolicyName[]) assert.equal(refundOf(name, LOSS), expected[name], name);
});

test('a short that was closed loses by a price below the close: signs follow the size', () => {
  const close = { ...(LOSS.closes[0] as PolicyCase['closes'][number]), size: -10n, eventPrice: 3_000n };
  assert.equal(refundOf('B', { ...LOSS, closes: [close] }), 10n * 50n + 224n);
});

test('nobody is charged, and the default takes the better of both', () => {
  const saved = { closes: [], difference: -3_990n, equityBefore: 10n, equityAfter: 10n };
  assert.equal(refundOf('D', saved), 0n);
  assert.equal(refundOf('DE', { ...saved, equityBefore: 15n }), 5n);
});

test('the parts of two causes are the mean over both orders and sum to the difference', () => {
  // Nothing undone 276, price 1,650, funding 600, both 2,400: (1,374, 750) and (1,800, 324).
  const worlds = [276n, 1_650n, 600n, 2_400n];
  assert.deepEqual(
    attribute(2, (set) => worlds[set] as bigint),
    [1_587n, 537n],
  );
});

test('parts that do not divide sum exactly too', () => {
  const worlds = [0n, 1n, 2n, 4n, -3n, 8n, 11n, 100n];
  const parts = attribute(3, (set) => worlds[set] as bigint);
  assert.equal(
    parts.reduce((sum, part) => sum + part, 0n),
    100n,
  );
  assert.throws(() => attribute(5, () => 0n), /at most 4/);
});

test('a fund too small: small claims first, the rest in proportion, to the last unit', () => {
  const claims = [4_000n, 9_000n, 60_000n, 127_000n, 1_000_000n];
  const USDC = 100_000_000n;
  const inUsdc = claims.map((claim) => claim * USDC);
  const small = shareFund(inUsdc, 900_000n * USDC, 10_000n * USDC);
  // As published, to the nearest dollar.
  assert.deepEqual(
    small.paid.map((paid) => (paid + USDC / 2n) / USDC),
    [4_000n, 9_000n, 47_035n, 96_663n, 743_302n],
  );
  const paid = small.paid.reduce((sum, each) => sum + each, 0n);
  assert.equal(paid + small.dust, 900_000n * USDC);
  assert.ok(small.dust < 5n);
  const even = shareFund(claims, 900_000n, 0n);
  assert.deepEqual(even.paid, [3_000n, 6_750n, 45_000n, 95_250n, 750_000n]);
  assert.deepEqual(shareFund(claims, 2_000_000n, 10_000n).paid, claims);
  assert.equal(shareFund(claims, 2_000_000n, 10_000n).dust, 0n);
  const least = shareFund(claims, 21_500n, 10_000n);
  assert.deepEqual(least.paid, [2_000n, 4_500n, 5_000n, 5_000n, 5_000n]);
});

test('canonical JSON sorts keys and knows whole numbers alone', () => {
  assert.equal(
    canonicalJson({ b: [1, 'x', null], a: { d: true, c: '−' } }),
    '{"a":{"c":"−","d":true},"b":[1,"x",null]}',
  );
  for (const bad of [0.5, Number.NaN, 2 ** 53, -0]) assert.throws(() => canonicalJson({ a: [bad] }), /\.a\[0\]/);
  assert.throws(() => canonicalJson('\ud800'), /lone surrogate/);
});
