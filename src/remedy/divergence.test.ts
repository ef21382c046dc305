import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DivergenceCount } from './divergence.ts';

function counted(minutes: readonly (readonly [market: number, minute: number, orders: number, different: number])[]) {
  const count = new DivergenceCount();
  for (const [market, minute, orders, different] of minutes) {
    for (let n = 0; n < orders; n++) {
      count.count(minute * 60_000 + n, { market, isSame: n >= different, lots: 2, otherLots: 1 });
    }
  }
  return count;
}

test('minutes are counted by market, in the order of time', () => {
  const { minutes } = counted([
    [2, 1, 3, 1],
    [1, 1, 1, 0],
    [1, 0, 2, 2],
    [0, 0, 5, 5],
  ]);
  assert.deepEqual(minutes, [
    { market: 1, minuteMs: 0, orders: 2, different: 2, lots: 4, otherLots: 2 },
    { market: 1, minuteMs: 60_000, orders: 1, different: 0, lots: 2, otherLots: 1 },
    { market: 2, minuteMs: 60_000, orders: 3, different: 1, lots: 6, otherLots: 3 },
  ]);
});

test('a market is beyond the horizon by a stretch of enough orders, never by a few', () => {
  assert.deepEqual([...counted([[1, 0, 100, 5]]).horizons(50_000)], []);
  assert.deepEqual([...counted([[1, 0, 100, 6]]).horizons(50_000)], [[1, 0]]);
  assert.deepEqual([...counted([[1, 0, 3, 3]]).horizons(50_000)], []);
  const small = counted([
    [1, 0, 100, 0],
    [1, 1, 10, 1],
    [1, 2, 10, 1],
    [2, 2, 40, 40],
  ]);
  assert.deepEqual(
    [...small.horizons(50_000)],
    [
      [1, 60_000],
      [2, 120_000],
    ],
  );
  assert.deepEqual([...small.horizons(100_000)], [[2, 120_000]]);
});
