import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TickClock } from './clock.ts';

test('a clock ticks at equal distances and stops before its end', () => {
  const clock = new TickClock(1000, 4000, 1000);
  assert.equal(clock.ticks, 3);
  assert.deepEqual(
    [0, 1, 2].map((tick) => clock.timeOf(tick)),
    [1000, 2000, 3000],
  );
  assert.equal(new TickClock(1000, 4001, 1000).ticks, 4);
});

test('the tick after a time is the one that has not been', () => {
  const clock = new TickClock(1000, 10_000, 1000);
  assert.equal(clock.tickAfter(0), 0);
  assert.equal(clock.tickAfter(1000), 1);
  assert.equal(clock.tickAfter(1999), 1);
  assert.equal(clock.tickAfter(2000), 2);
});

test('a clock that cannot run is refused', () => {
  assert.throws(() => new TickClock(0, 1000, 0.5), RangeError);
  assert.throws(() => new TickClock(1000, 1000, 1), RangeError);
});
