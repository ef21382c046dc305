import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT, EVENT_FIELDS, EventBuffer } from './event.ts';

test('events are read as they were told, with the sequence of their command, beyond the first room', () => {
  const events = new EventBuffer();
  for (let n = 1; n <= 3_000; n++) {
    events.sequence = n;
    events.emit(EVENT.transferred, n, n + 1, n + 2);
  }
  assert.equal(events.count, 3_000);
  assert.deepEqual(events.read(2_999), { kind: 'transferred', sequence: 3_000, from: 3_000, to: 3_001, amount: 3_002 });
  events.clear();
  assert.deepEqual(events.all(), []);
});

test('a short event does not show what a longer one left in its place', () => {
  const events = new EventBuffer();
  events.emit(EVENT.orderAccepted, 1, 2, 3, 4, 5, 6, 7, 8);
  events.clear();
  events.emit(EVENT.marketDefined, 9);
  assert.deepEqual([...events.values.subarray(2, 16)], [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('every kind fits its record', () => {
  for (const [kind, fields] of Object.entries(EVENT_FIELDS)) assert.ok(fields.length <= 13, kind);
});
