import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keptAfter, keptByWeight, median, smooth, UNIT } from './smoothing.ts';

test('what is kept halves with each half-life', () => {
  assert.equal(keptAfter(0, 1800), UNIT);
  assert.equal(keptAfter(1_800_000, 1800), UNIT / 2);
  assert.equal(keptAfter(5_400_000, 1800), UNIT / 8);
  assert.equal(keptAfter(86_400_000, 30), 0);
});

test('what is kept is 2^−x within a millionth of a millionth', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 4000 }), (elapsedMs, halfLifeS) => {
      const kept = keptAfter(elapsedMs, halfLifeS);
      assert.ok(Math.abs(kept - UNIT * 2 ** (-elapsedMs / 1000 / halfLifeS)) < 20, `${kept}`);
      assert.equal(keptAfter(elapsedMs, halfLifeS), kept);
    }),
  );
});

test('a weight a second is kept as its power', () => {
  assert.equal(keptByWeight(0, 200_000), UNIT);
  assert.equal(keptByWeight(1, 200_000), 0.8 * UNIT);
  assert.equal(keptByWeight(3, 200_000), 0.512 * UNIT);
  assert.equal(keptByWeight(5, 1_000_000), 0);
});

test('smoothing moves towards the sample by what is not kept, rounded to nearest', () => {
  assert.equal(smooth(1000, 2000, 0.8 * UNIT), 1200);
  assert.equal(smooth(-1000, 1000, UNIT), -1000);
  assert.equal(smooth(-1000, 1000, 0), 1000);
  assert.equal(smooth(0, 3, UNIT / 2), 2);
});

test('the median of an even number is the mean of the middle two, rounded down', () => {
  const of = (...values: number[]): number => median(Float64Array.from(values), values.length);
  assert.equal(of(5), 5);
  assert.equal(of(9, 1, 5), 5);
  assert.equal(of(4, 1), 2);
  assert.equal(of(-1, -4), -3);
  assert.equal(of(1, 2, 3, 100), 2);
});
