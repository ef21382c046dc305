import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delaysOf, quantile } from './delays.ts';
import { ForcedLog } from './forced-log.ts';

function logOf(times: Record<string, number[]>): ForcedLog {
  const log = new ForcedLog();
  for (const [name, each] of Object.entries(times)) log.times.set(name, each);
  return log;
}

test('an action that came later was delayed for as long as it was held', () => {
  const open = logOf({ a: [10_000, 60_000], b: [10_000] });
  const guarded = logOf({ a: [15_000, 60_000], b: [10_000] });
  const held = new Map([['a', [10_000, 12_000]]]);
  const { addedMs, missed, lapsed, notDue, onlyGuarded } = delaysOf(open, guarded, held, 600_000);
  assert.deepEqual([...addedMs], [0, 0, 5_000]);
  assert.deepEqual([missed, lapsed, notDue, onlyGuarded], [0, 0, 0, 0]);
});

test('what was due later in the guarded world was not delayed by the guard', () => {
  const { addedMs } = delaysOf(logOf({ a: [10_000] }), logOf({ a: [400_000] }), new Map([['a', [10_000]]]), 600_000);
  assert.deepEqual([...addedMs], [5_000]);
});

test('what was due no more and is due anew waits anew: the longest hold counts', () => {
  const held = new Map([['a', [10_000, 40_000, 45_000]]]);
  const { addedMs } = delaysOf(logOf({ a: [10_000] }), logOf({ a: [50_000] }), held, 600_000);
  assert.deepEqual([...addedMs], [10_000]);
});

test('held to the end is missed, held until it was due no more has lapsed, never held was not due', () => {
  const open = logOf({ a: [10_000], b: [10_000], c: [10_000] });
  const every = (fromMs: number, toMs: number): number[] =>
    Array.from({ length: (toMs - fromMs) / 5_000 }, (_, n) => fromMs + n * 5_000);
  const held = new Map([
    ['a', every(10_000, 100_000)],
    ['b', every(10_000, 30_000)],
  ]);
  const { addedMs, missed, lapsed, notDue, onlyGuarded } = delaysOf(open, logOf({ d: [20_000] }), held, 100_000);
  assert.deepEqual([...addedMs], [20_000, 90_000]);
  assert.deepEqual([missed, lapsed, notDue, onlyGuarded], [1, 1, 1, 1]);
});

test('quantiles are by nearest rank', () => {
  const sorted = Array.from({ length: 100 }, (_, n) => n + 1);
  assert.deepEqual([quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)], [50, 99, 100]);
  assert.equal(quantile([], 0.99), 0);
});
