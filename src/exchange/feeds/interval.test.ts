import assert from 'node:assert/strict';
import test from 'node:test';
import { durationText, intervalOf } from './interval.ts';

const minuteMs = 60_000;
const stamps = (...minutes: number[]) => [
  { stampsMs: minutes.map((minute) => minute * minuteMs), lines: minutes.map((_, index) => index + 2) },
];

test('the interval that is stated, named or shown', () => {
  assert.equal(intervalOf('a', stamps(0, 1, 2, 5), undefined, undefined), minuteMs);
  assert.equal(intervalOf('a', stamps(0, 60), undefined, undefined), 60 * minuteMs);
  assert.equal(intervalOf('a', stamps(0, 60), minuteMs, undefined), minuteMs);
  assert.equal(intervalOf('a', stamps(0), undefined, minuteMs), minuteMs);
});

test('claims that differ are errors, and so is no claim at all', () => {
  assert.throws(() => intervalOf('a', stamps(0), undefined, undefined), { code: 'unknown_interval', line: 2 });
  assert.throws(() => intervalOf('a', stamps(0, 1), minuteMs, 2 * minuteMs), { code: 'interval_mismatch' });
  assert.throws(() => intervalOf('a', stamps(0, 60, 120, 180), minuteMs, undefined), {
    code: 'interval_mismatch',
    message: 'a:2: the file name says 1m, the rows are 1h apart',
  });
});

test('durations in their largest unit', () => {
  assert.deepEqual([3_600_000, 900_000, 1000, 1500].map(durationText), ['1h', '15m', '1s', '1500ms']);
});
