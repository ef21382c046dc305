// Random sessions, killed at any point: from a snapshot or from the first command, all is the same, and stays so to the last byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveAndStart, type Seen, temporary } from './start.fixture.ts';

test('from a snapshot or from the first command of random sessions, across kills, acts and rollbacks', async (t) => {
  const root = temporary(t.after.bind(t));
  const seen: Seen = { starts: 0, spared: 0, rollbacks: 0, acts: 0, kinds: new Set() };
  for (let seed = 10; seed < 16; seed++) await liveAndStart(root, seed, 6, seen);
  assert.ok(seen.starts > 20 && seen.spared > 500 && seen.rollbacks > 6 && seen.acts > 30, JSON.stringify(seen));
  for (const kind of ['filled', 'liquidated', 'marked', 'statusSet', 'fundingSettled'])
    assert.ok(seen.kinds.has(kind), kind);
});
