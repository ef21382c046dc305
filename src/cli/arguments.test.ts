import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { utcDay, wholeNumber } from './arguments.ts';

test('a whole number is read within its bounds, both ends included', () => {
  const read = wholeNumber(1, 100);
  assert.deepEqual(['1', '100', '007'].map(read), [1, 100, 7]);
});

test('what is not exactly a whole number within the bounds is refused', () => {
  const read = wholeNumber(1, Number.MAX_SAFE_INTEGER);
  for (const text of ['', ' 7', '-1', '0', '1.5', '1e3', '0x10', '9007199254740992', '1'.repeat(17), '१']) {
    assert.throws(() => read(text), InvalidArgumentError, JSON.stringify(text));
  }
});

test('a day is read as its first millisecond, UTC', () => {
  assert.equal(utcDay('2020-03-12'), Date.UTC(2020, 2, 12));
  assert.equal(utcDay('2024-02-29'), Date.UTC(2024, 1, 29));
});

test('a day that does not exist, or is not written YYYY-MM-DD, is refused', () => {
  for (const text of ['2026-02-30', '2026-13-01', '2025-02-29', '12.03.2020', '2020-3-12', '2020-03-12T00:00Z', '']) {
    assert.throws(() => utcDay(text), InvalidArgumentError, JSON.stringify(text));
  }
});
