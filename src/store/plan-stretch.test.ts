import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { History } from '../chain/branches.ts';
import { planStretch } from './plan-stretch.ts';

/** Blocks 0 … 9; 10 restores 5; 15 restores 12, which is on the branch of 10; 20 restores 3. The last is `height`. */
const historyOf = (height: number): History => ({
  height,
  restores: [
    { height: 10, restores: 5 },
    { height: 15, restores: 12 },
    { height: 20, restores: 3 },
  ],
  block: () => undefined,
});

test('the next block is projected from its parent, which of the first of a branch is the one that it restores', () => {
  const history = historyOf(25);
  assert.deepEqual(planStretch(history, 0), { start: -1, next: 0, from: 0, to: 9 });
  assert.deepEqual(planStretch(history, 4), { start: 3, next: 4, from: 0, to: 9 });
  assert.deepEqual(planStretch(history, 10), { start: 5, next: 10, from: 10, to: 14 });
  assert.deepEqual(planStretch(history, 15), { start: 12, next: 15, from: 15, to: 19 });
  assert.deepEqual(planStretch(history, 20), { start: 3, next: 20, from: 20, to: undefined });
  assert.deepEqual(planStretch(history, 26), { start: 25, next: 26, from: 20, to: undefined });
  // A rollback whose block is still to come.
  assert.deepEqual(planStretch(historyOf(19), 20), { start: 3, next: 20, from: 20, to: undefined });
});

test('from the block whose state is kept, where that is on the way', () => {
  const history = historyOf(25);
  const startOf = (next: number, kept: number): number => planStretch(history, next, kept).start;
  assert.equal(startOf(9, 4), 4);
  assert.equal(startOf(10, 4), 4);
  assert.equal(startOf(10, 7), 5, 'block 7 is on the branch that ended');
  assert.equal(startOf(14, 11), 11);
  assert.equal(startOf(14, 5), 5);
  assert.equal(startOf(14, 8), 13);
  assert.equal(startOf(17, 13), 16);
  assert.equal(startOf(22, 3), 3);
  assert.equal(startOf(22, 12), 21);
  assert.equal(startOf(22, 24), 21, 'it is ahead');
});
