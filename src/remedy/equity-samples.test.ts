import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { EquitySamples } from './equity-samples.ts';

const USDC = 100_000_000;

/** A state of accounts with these balances, whole USDC, and nothing else. */
function stateOf(balances: readonly number[]): State {
  const f64 = new Float64Array((balances.length + 1) * 8);
  balances.forEach((balance, place) => {
    f64[(place + 1) * 8 + ACCOUNT.BALANCE_LOW] = balance * USDC;
  });
  const empty = { rows: 0, f64: new Float64Array(), i32: new Int32Array() };
  return { account: { rows: balances.length + 1, f64 }, position: empty, market: empty } as unknown as State;
}

const accounts = [1, 2, 3, 4, 5, 6];
const before = stateOf([100, 100, 100, 100, 100, 100]);

/** What is told of a window in which the balances of the actual world were these, batch by batch. */
function told(actual: readonly (readonly number[])[]) {
  const samples = new EquitySamples(before, 0);
  actual.forEach((balances, place) => {
    samples.take('actual', stateOf(balances), place + 1);
    samples.take('other', before, place + 1);
  });
  const end = { timeMs: actual.length, actual: stateOf(actual.at(-1) ?? []), other: before };
  return samples.sums(accounts, end);
}

test('a moment at which fewer than five accounts differ is not told, its neighbours are', () => {
  const points = told([
    [100, 100, 100, 100, 100, 100],
    [40, 100, 100, 100, 100, 100],
    [40, 40, 40, 40, 100, 100],
    [40, 40, 40, 40, 40, 100],
    [40, 40, 40, 40, 40, 40],
  ]);
  assert.deepEqual(
    points.map(({ timeMs, actual }) => [timeMs, Number(actual) / USDC]),
    [
      [0, 600],
      [1, 600],
      [4, 300],
      [5, 240],
    ],
  );
});

test('sums are rounded to a round amount, so that no step is what one account lost', () => {
  const lost = [1_234_567, 987_654, 345_678, 222_222, 111_111, 99_999];
  const rich = stateOf(lost.map((each) => each + 5));
  const samples = new EquitySamples(rich, 0);
  const [point] = samples.sums(accounts, { timeMs: 1, actual: stateOf([5, 5, 5, 5, 5, 5]), other: rich }).slice(1);
  // 3,001,231 are lacking: told in steps of 10,000.
  assert.deepEqual([point?.actual, point?.other], ['0', String(3_000_000 * USDC)]);
});

test('a window of any length keeps few samples, from its beginning to its end', () => {
  const points = told(Array.from({ length: 20_000 }, () => [100, 100, 100, 100, 100, 100]));
  assert.ok(points.length > 100 && points.length <= 241, `${points.length}`);
  assert.equal(points[0]?.timeMs, 0);
  assert.equal(points.at(-1)?.timeMs, 20_000);
  const gaps = points.slice(1, -1).map(({ timeMs }, place) => timeMs - (points[place]?.timeMs ?? 0));
  assert.ok(Math.max(...gaps) <= 256, `${Math.max(...gaps)} batches without a sample`);
});
