// Random sessions, killed at any point: from a snapshot or from the first command, all is the same, and stays so to the last byte.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { memoryOf } from '../../src/exchange/guard-memory.ts';
import { Machine, openServed, type Served, temporaryFolder } from './serve.fixture.ts';
import { liveAndStart, type Seen, segmentsOf, temporary } from './start.fixture.ts';

test('from a snapshot or from the first command of random sessions, across kills, acts and rollbacks', async (t) => {
  const root = temporary(t.after.bind(t));
  const seen: Seen = { starts: 0, spared: 0, rollbacks: 0, acts: 0, kinds: new Set() };
  for (let seed = 10; seed < 14; seed++) await liveAndStart(root, seed, 4, seen);
  assert.ok(seen.starts > 8 && seen.spared > 200 && seen.rollbacks > 3 && seen.acts > 15, JSON.stringify(seen));
  for (const kind of ['filled', 'marked', 'statusSet', 'fundingSettled']) assert.ok(seen.kinds.has(kind), kind);
});

test('from a snapshot or from the first command of an exchange whose traders are liquidated', async (t) => {
  const folder = temporaryFolder(t.after.bind(t));
  const first = await openServed(folder, { wild: 100 });
  for (let n = 0; n < 20 && !first.published.includes('liquidated'); n++) await first.ticks(50);
  assert.ok(first.published.includes('liquidated'));
  await first.ticks(45);
  const { machine } = first;
  const clock = Object.assign(new Machine(), machine);
  await first.crash();
  const copy = `${folder} copy`;
  cpSync(folder, copy, { recursive: true });
  const one = await openServed(folder, { wild: 100, machine, from: 'snapshot' });
  const other = await openServed(copy, { wild: 100, machine: clock, from: 'journal' });
  assert.deepEqual([one.live.start?.kind, other.live.start], ['snapshot', undefined]);
  const remembered = ({ live }: Served): unknown => memoryOf({ guard: live.guard, history: live.reopening.history });
  assert.deepEqual(remembered(one), remembered(other));
  await one.ticks(90);
  await other.ticks(90);
  assert.deepEqual(remembered(one), remembered(other));
  assert.deepEqual(one.published, other.published);
  assert.ok(one.published.includes('orderAccepted'), 'they trade again');
  await one.stop();
  await other.stop();
  assert.deepEqual(segmentsOf(join(folder, 'journal')), segmentsOf(join(copy, 'journal')));
});
