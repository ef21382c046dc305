import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MONEY, REFUSED, staysDecided } from './decision-slack.ts';
import { Postings } from './numbers.ts';

test('a decision stays while what is lost is less than what was left of its slack', () => {
  assert.ok(staysDecided(1_000, 400, 0, 0));
  assert.ok(staysDecided(1_000, 400, -500, 0));
  assert.ok(!staysDecided(1_000, 400, -601, 0));
  // Two units are for the rounding of floats: near is not decided here.
  assert.ok(!staysDecided(1_000, 400, -599, 0));
  assert.ok(staysDecided(1_000, 400, 1e12, 0));
});

test('what raises no margin is not decided by equity, and what was refused stays so while nothing is added', () => {
  assert.ok(staysDecided(-1e9, 0, -1e12, 0));
  assert.ok(staysDecided(REFUSED, 400, -1, 0) && staysDecided(REFUSED, 400, 0, 0));
  assert.ok(!staysDecided(REFUSED, 400, 1, 0));
});

test('money needs free collateral and a balance: the worse of both differences counts', () => {
  assert.ok(staysDecided(1_000, MONEY, -100, -100));
  assert.ok(!staysDecided(1_000, MONEY, 0, -1_001) && !staysDecided(1_000, MONEY, -1_001, 0));
  assert.ok(!staysDecided(REFUSED, MONEY, -1, 1) && staysDecided(REFUSED, MONEY, -1, 0));
});

test('postings are the places of each key in their order; a negative key has none', () => {
  const postings = new Postings(Int32Array.of(2, 0, -1, 2, 1, 0), 5, 4);
  assert.deepEqual(
    [0, 1, 2, 3].map((key) => [...postings.of(key)]),
    [[1], [4], [0, 3], []],
  );
});
