import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compareDecimals, type DecimalRounding, decimalSign, parseDecimal, shiftDecimal } from './decimal.ts';

/** A decimal and its value as a fraction of whole numbers: value / 10^scale. */
interface Sample {
  readonly text: string;
  readonly value: bigint;
  readonly scale: number;
}

const samples: fc.Arbitrary<Sample> = fc
  .record({
    isNegative: fc.boolean(),
    whole: fc.stringMatching(/^\d{1,12}$/),
    fraction: fc.oneof(fc.constant(''), fc.stringMatching(/^\d{1,10}$/), fc.constantFrom('5', '50', '500', '25', '0')),
    exponent: fc.option(fc.integer({ min: -12, max: 8 }), { nil: undefined }),
  })
  .map(({ isNegative, whole, fraction, exponent }) => ({
    text: `${isNegative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}${exponent === undefined ? '' : `e${exponent}`}`,
    value: BigInt(whole + fraction) * (isNegative ? -1n : 1n),
    scale: fraction.length - (exponent ?? 0),
  }));

const power = (exponent: number): bigint => 10n ** BigInt(Math.max(exponent, 0));

/** The same conversion in whole numbers of any size: undefined when digits would be lost. */
function reference({ value, scale }: Sample, decimals: number, rounding: DecimalRounding): bigint | undefined {
  const numerator = value * power(decimals - scale);
  const denominator = power(scale - decimals);
  const floor = numerator / denominator - (numerator % denominator < 0n ? 1n : 0n);
  const twice = 2n * (numerator - floor * denominator);
  if (twice === 0n) return floor;
  if (rounding === 'exact') return undefined;
  return twice > denominator || (twice === denominator && floor % 2n !== 0n) ? floor + 1n : floor;
}

test('parseDecimal agrees with whole-number arithmetic for every decimal, scale and rounding', () => {
  const roundings = fc.constantFrom<DecimalRounding>('exact', 'half_even');
  fc.assert(
    fc.property(samples, fc.integer({ min: 0, max: 12 }), roundings, (sample, decimals, rounding) => {
      const expected = reference(sample, decimals, rounding);
      const isSafe = expected !== undefined && expected >= -(2n ** 53n) + 1n && expected <= 2n ** 53n - 1n;
      if (isSafe) {
        const actual = parseDecimal(sample.text, decimals, rounding);
        assert.equal(BigInt(actual), expected);
        assert.ok(!Object.is(actual, -0));
      } else {
        const code = expected === undefined ? 'does_not_fit' : 'out_of_range';
        assert.throws(() => parseDecimal(sample.text, decimals, rounding), { name: 'DecimalError', code });
      }
    }),
    { numRuns: 3000 },
  );
});

test('compareDecimals and decimalSign agree with whole-number arithmetic', () => {
  fc.assert(
    fc.property(samples, samples, (left, right) => {
      const difference =
        left.value * power(40) * power(-left.scale) * power(right.scale) -
        right.value * power(40) * power(-right.scale) * power(left.scale);
      assert.equal(compareDecimals(left.text, right.text), Number(difference > 0n) - Number(difference < 0n));
      assert.equal(decimalSign(left.text), Number(left.value > 0n) - Number(left.value < 0n));
    }),
    { numRuns: 3000 },
  );
});

test('shiftDecimal moves the point and keeps every digit', () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: -6, max: 6 }), ({ text, value, scale }, places) => {
      const shifted = shiftDecimal(text, places);
      assert.match(shifted, /^-?\d+(\.\d*[1-9])?$/);
      assert.equal(compareDecimals(shifted, `${value}e${places - scale}`), 0);
    }),
  );
  assert.equal(shiftDecimal('3.3333', -2), '0.033333');
  assert.equal(shiftDecimal('20.0', -2), '0.2');
  assert.equal(shiftDecimal('-0.0', 3), '0');
});

test('the edges of the safe range and of a tie', () => {
  assert.equal(parseDecimal('9007199254740991', 0, 'exact'), Number.MAX_SAFE_INTEGER);
  assert.equal(parseDecimal('-90071992.54740991', 8, 'exact'), Number.MIN_SAFE_INTEGER);
  assert.throws(() => parseDecimal('9007199254740992', 0, 'exact'), { code: 'out_of_range' });
  assert.throws(() => parseDecimal('9007199254740991.5', 0, 'half_even'), { code: 'out_of_range' });
  assert.throws(() => parseDecimal('1e9999', 0, 'half_even'), { code: 'out_of_range' });
  assert.equal(parseDecimal('0e9999', 0, 'exact'), 0);
  assert.equal(parseDecimal('1e-9999', 8, 'half_even'), 0);
  assert.throws(() => parseDecimal('0.5', 0, 'exact'), { code: 'does_not_fit' });
  assert.deepEqual(
    ['0.5', '1.5', '2.5', '2.51', '-0.5', '-1.5', '0.05'].map((text) => parseDecimal(text, 0, 'half_even')),
    [0, 2, 2, 3, 0, -2, 0],
  );
  assert.equal(parseDecimal('1.208e-05', 8, 'exact'), 1208);
});

test('what is no decimal is refused, and nothing is guessed', () => {
  for (const text of [
    '',
    ' 1',
    '1 ',
    '.5',
    '5.',
    '+1',
    '1,000',
    '0x10',
    'NaN',
    'Infinity',
    '1e',
    '--1',
    '1.2.3',
    '１',
  ]) {
    assert.equal(decimalSign(text), undefined, text);
    assert.throws(() => parseDecimal(text, 2, 'half_even'), { code: 'not_a_decimal' }, text);
    assert.throws(() => compareDecimals('1', text), { code: 'not_a_decimal' }, text);
  }
  assert.throws(() => parseDecimal('1', -1, 'exact'), RangeError);
  assert.throws(() => parseDecimal('1', 1.5, 'exact'), RangeError);
});
