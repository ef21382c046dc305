import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { procedureClock } from './procedure-clock.ts';

const START = Date.UTC(2026, 0, 19);
const HOUR = 3_600_000;

test('a wall that is set back an hour or leaps ahead a day says nothing of the time that passed', () => {
  let [wall, count] = [START, 7.25];
  const clock = procedureClock({ wallMs: () => wall, countMs: () => count }, undefined);
  assert.equal(clock(), START);
  count += 1500;
  wall -= HOUR;
  assert.equal(clock(), START + 1500);
  wall += 25 * HOUR;
  assert.equal(clock(), START + 1500);
});

test('behind a document nothing is dated before it; what passed while nobody worked is known by the wall', () => {
  const counted = { countMs: () => 5 };
  assert.equal(procedureClock({ ...counted, wallMs: () => START - HOUR }, START)(), START);
  assert.equal(procedureClock({ ...counted, wallMs: () => START + HOUR }, START)(), START + HOUR);
});

test('whatever the wall does and however often it is begun anew, the time never runs back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer(), fc.nat(100_000), fc.boolean())), (turns) => {
      let [wall, count] = [START, 0];
      const clocks = { wallMs: () => wall, countMs: () => count };
      let clock = procedureClock(clocks, undefined);
      let last = clock();
      for (const [byMs, passedMs, isBegunAnew] of turns) {
        wall += byMs;
        count += passedMs;
        if (isBegunAnew) clock = procedureClock(clocks, last);
        const next = clock();
        assert.ok(next >= last + (isBegunAnew ? 0 : passedMs));
        last = next;
      }
    }),
  );
});
