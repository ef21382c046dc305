import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  clockText,
  countText,
  dayText,
  exactUsdcText,
  shareText,
  spanText,
  timeText,
  usdcText,
  wholeUsdcText,
} from './text.ts';

test('amounts are rounded to the cent, half away from zero, and never to nothing', () => {
  for (const [amount, text] of [
    ['0', '0.00'],
    ['212400000000', '2,124.00'],
    ['-399000000000', '−3,990.00'],
    ['100500000', '1.01'],
    ['-100500000', '−1.01'],
    ['100499999', '1.00'],
    ['1', '0.00000001'],
    ['-499999', '−0.00499999'],
    ['500000', '0.01'],
    ['123456789012345678', '1,234,567,890.12'],
  ] as const) {
    assert.equal(usdcText(amount), text);
  }
  assert.equal(exactUsdcText('-123456789012'), '−1,234.56789012');
  assert.equal(wholeUsdcText('1000000000000'), '10,000');
  assert.equal(wholeUsdcText('150000000'), '1.50');
});

test('counts, shares and spans', () => {
  assert.equal(countText(1_234_567), '1,234,567');
  assert.equal(countText('fewer than 5'), 'fewer than 5');
  for (const [ppm, text] of [
    [50_000, '5 %'],
    [157_871, '15.7871 %'],
    [12, '0.0012 %'],
    [0, '0 %'],
    [-12, '−0.0012 %'],
    [12_340_000, '1,234 %'],
  ] as const) {
    assert.equal(shareText(ppm), text);
  }
  for (const [ms, text] of [
    [0, '0 ms'],
    [999, '999 ms'],
    [60_000, '1 min'],
    [22_320_000, '6 h 12 min'],
    [183_600_000, '2 d 3 h'],
  ] as const) {
    assert.equal(spanText(ms), text);
  }
});

test('times are those of the Gregorian calendar in UTC, whatever the year', () => {
  const years = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2400, 0, 1) });
  fc.assert(
    fc.property(years, (timeMs) => {
      const date = new Date(timeMs);
      assert.equal(timeText(timeMs), `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`);
      assert.equal(clockText(timeMs, false), date.toISOString().slice(11, 16));
      const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
      assert.equal(dayText(timeMs), day);
    }),
    { numRuns: 500 },
  );
});
