import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Grace } from './grace.ts';
import type { ForcedAction } from './verdict.ts';

const LIQUIDATE: ForcedAction = { kind: 'liquidate', share: 200_000 };

/** Judges a liquidation that is in doubt at these times, each a tick with a health check. */
function ticks(grace: Grace, times: readonly number[]): boolean[] {
  return times.map((timeMs) => {
    grace.begin(timeMs, timeMs);
    return grace.isOver(7, LIQUIDATE, timeMs, 5_000);
  });
}

test('an action in doubt waits for the grace and not longer', () => {
  assert.deepEqual(ticks(new Grace(), [1_000, 3_000, 5_999, 6_000, 7_000]), [false, false, false, true, true]);
});

test('one that is no longer proposed is forgotten: the next time it waits again', () => {
  const grace = new Grace();
  assert.deepEqual(ticks(grace, [1_000]), [false]);
  grace.begin(5_000, 5_000);
  assert.deepEqual(ticks(grace, [8_000, 13_000]), [false, true]);
});

test('a tick without a health check proposes no liquidation and forgets none, but forgets a trigger', () => {
  const grace = new Grace();
  const trigger: ForcedAction = { kind: 'fireTrigger', order: 1, market: 1, mark: 1 };
  grace.begin(1_000, 1_000);
  assert.equal(grace.isOver(7, LIQUIDATE, 1_000, 5_000), false);
  assert.equal(grace.isOver(7, trigger, 1_000, 5_000), false);
  for (let timeMs = 2_000; timeMs < 6_000; timeMs += 1_000) grace.begin(timeMs, 1_000);
  grace.begin(6_000, 6_000);
  assert.equal(grace.isOver(7, LIQUIDATE, 6_000, 5_000), true);
  assert.equal(grace.isOver(7, trigger, 6_000, 5_000), false);
});

test('each action of an account waits for itself; a liquidation whose share changes is the same one', () => {
  const grace = new Grace();
  grace.begin(0, 0);
  grace.isOver(7, LIQUIDATE, 0, 5_000);
  grace.begin(5_000, 5_000);
  assert.equal(grace.isOver(7, { kind: 'fireTrigger', order: 1, market: 1, mark: 1 }, 5_000, 5_000), false);
  assert.equal(grace.isOver(8, LIQUIDATE, 5_000, 5_000), false);
  assert.equal(grace.isOver(7, { kind: 'liquidate', share: 400_000 }, 5_000, 5_000), true);
});

test('while it is proposed at every tick no action waits longer than the grace and one tick', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 5, maxLength: 40 }), (steps) => {
      let timeMs = 0;
      const times = steps.map((step) => (timeMs += step));
      const over = ticks(new Grace(), times);
      times.forEach((time, n) => assert.equal(over[n], time - (times[0] as number) >= 5_000));
    }),
  );
});
