import assert from 'node:assert/strict';
import test from 'node:test';
import { dayOf, dayStartMs, epochMs, epochSecondsToMs, isoText, isoUtcMs, isoWithoutZoneMs } from './timestamp.ts';

const at = { file: 'a.csv', line: 3 };

test('milliseconds, microseconds and seconds since 1970', () => {
  assert.equal(epochMs('1769904000000', at), 1769904000000);
  assert.equal(epochMs('1769904059999999', at), 1769904059999);
  assert.equal(epochSecondsToMs('1767384000', at), 1767384000000);
  for (const text of ['', '1769904000', '17699040000000', '-769904000000', '1769904000000.0', '1.769904e12']) {
    assert.throws(() => epochMs(text, at), { code: 'bad_timestamp', line: 3 }, text);
  }
  assert.throws(() => epochSecondsToMs('1769904000000', at), { code: 'bad_timestamp' });
});

test('ISO stamps of every recorded form', () => {
  const expected = Date.UTC(2025, 2, 8, 16, 0, 0, 1);
  assert.equal(isoUtcMs('2025-03-08T16:00:00.001Z', at), expected);
  assert.equal(isoUtcMs('2025-03-08 16:00:00.001000+00:00', at), expected);
  assert.equal(isoUtcMs('2025-03-08 16:00:00.0019-0000', at), expected);
  assert.equal(isoUtcMs('2025-03-08 16:00:00+00:00', at), expected - 1);
  assert.equal(isoWithoutZoneMs('2025-03-08 16:00:00.001', at), expected);
});

test('another time zone, no time zone and times that do not exist are refused', () => {
  assert.throws(() => isoUtcMs('2025-03-08 16:00:00+03:00', at), { code: 'not_utc', line: 3 });
  assert.throws(() => isoWithoutZoneMs('2025-03-08 16:00:00+03:00', at), { code: 'not_utc' });
  assert.throws(() => isoUtcMs('2025-03-08 16:00:00', at), { code: 'not_utc' });
  for (const text of ['2025-02-30T00:00:00Z', '2025-01-01T24:00:00Z', '2025-01-01', '2025-13-01T00:00:00Z', 'now']) {
    assert.throws(() => isoUtcMs(text, at), { code: 'bad_timestamp' }, text);
  }
});

test('days', () => {
  assert.equal(dayStartMs('2020-03-12'), Date.UTC(2020, 2, 12));
  assert.equal(dayOf(Date.UTC(2020, 2, 12, 23, 59)), '2020-03-12');
  assert.equal(isoText(Date.UTC(2020, 2, 12)), '2020-03-12T00:00:00Z');
  for (const text of ['2020-02-30', '2020-3-12', '12.03.2020', '']) assert.equal(dayStartMs(text), undefined, text);
});
