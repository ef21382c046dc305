import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addToWide,
  divideCeil,
  divideFloor,
  multiplyDivideCeil,
  multiplyDivideFloor,
  multiplyDivideNearest,
  remainder,
  Wide,
} from './amount.ts';

const LIMB = 2n ** 50n;
const safe = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 50, -(2 ** 50), 2 ** 52),
);
const divisor = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.maxSafeNat().map((x) => 1 + Math.floor(x / 8)),
  fc.constant(2 ** 50),
);
const runs = { numRuns: 3000 };

function floorDivide(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b < 0n ? q - 1n : q;
}
const value = (w: Wide): bigint => BigInt(w.high) * LIMB + BigInt(w.low);
function normal(w: Wide): void {
  assert.ok(w.low >= 0 && w.low < 2 ** 50 && Number.isInteger(w.high));
  assert.ok(!Object.is(w.low, -0) && !Object.is(w.high, -0));
}

test('division rounds as named and leaves its remainder', () => {
  fc.assert(
    fc.property(safe, divisor, (wide, d) => {
      const a = Math.trunc(wide / 2);
      assert.equal(BigInt(divideFloor(a, d)), floorDivide(BigInt(a), BigInt(d)));
      assert.equal(BigInt(remainder), BigInt(a) - floorDivide(BigInt(a), BigInt(d)) * BigInt(d));
      assert.equal(BigInt(divideCeil(a, d)), -floorDivide(-BigInt(a), BigInt(d)));
    }),
    runs,
  );
});

test('multiply and divide is exact beyond 2^53', () => {
  fc.assert(
    fc.property(safe, safe, divisor, (a, b, d) => {
      const exact = floorDivide(BigInt(a) * BigInt(b), BigInt(d));
      if (exact > 2n ** 52n || exact < -(2n ** 52n)) return;
      assert.equal(BigInt(multiplyDivideFloor(a, b, d)), exact);
      assert.equal(BigInt(remainder), BigInt(a) * BigInt(b) - exact * BigInt(d));
      assert.equal(BigInt(multiplyDivideCeil(a, b, d)), -floorDivide(-BigInt(a) * BigInt(b), BigInt(d)));
      const nearest = floorDivide(2n * BigInt(a) * BigInt(b) + BigInt(d), 2n * BigInt(d));
      assert.equal(BigInt(multiplyDivideNearest(a, b, d)), nearest);
    }),
    runs,
  );
});

test('a quotient beyond 2^53 is a bug and says so', () => {
  assert.throws(() => multiplyDivideFloor(2 ** 52, 2 ** 52, 3), RangeError);
});

test('wide values add, multiply, scale and compare as integers do', () => {
  fc.assert(
    fc.property(safe, safe, safe, fc.maxSafeInteger(), (a, b, c, d) => {
      const wide = new Wide();
      const bound = 2n ** 99n;
      const product = BigInt(a) * BigInt(b);
      if (product > bound || product < -bound) return;
      wide.addProduct(a, b).add(c);
      normal(wide);
      assert.equal(value(wide), product + BigInt(c));
      const other = new Wide().add(d);
      assert.equal(wide.compare(other), value(wide) < BigInt(d) ? -1 : value(wide) > BigInt(d) ? 1 : 0);
      const difference = new Wide().copy(wide).subtractWide(other);
      normal(difference);
      assert.equal(value(difference), value(wide) - BigInt(d));
      const negated = new Wide().copy(wide).negate();
      normal(negated);
      assert.equal(value(negated), -value(wide));
      assert.equal(wide.isNegative(), value(wide) < 0n);
    }),
    runs,
  );
});

test('scaling a wide value rounds as named', () => {
  const small = fc.integer({ min: 1, max: 2 ** 22 });
  fc.assert(
    fc.property(safe, fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), small, small, (a, b, factor, d) => {
      const f = Math.min(factor, 4 * d);
      const wide = new Wide().addProduct(a, b);
      const exact = value(wide) * BigInt(f);
      const up = new Wide().copy(wide).scaleCeil(f, d);
      normal(up);
      assert.equal(value(up), -floorDivide(-exact, BigInt(d)));
      const down = new Wide().copy(wide).scaleFloor(f, d);
      normal(down);
      assert.equal(value(down), floorDivide(exact, BigInt(d)));
    }),
    runs,
  );
});

test('adding to a stored wide value equals adding to a computed one', () => {
  const money = fc.integer({ min: -(2 ** 31), max: 2 ** 31 }).map((x) => x * 2 ** 20);
  fc.assert(
    fc.property(fc.array(money, { maxLength: 40 }), (amounts) => {
      const stored = new Float64Array(2);
      const wide = new Wide();
      for (const amount of amounts) {
        addToWide(stored, 0, amount);
        wide.add(amount);
      }
      assert.deepEqual([stored[0], stored[1]], [wide.high, wide.low]);
    }),
    runs,
  );
});
