// A start from a snapshot is the same as one from the first command; what is not as it was kept is refused by name, and passed over.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Serializer } from 'node:v8';
import { type Block, blockHash } from '../../src/chain/block.ts';
import { ACCOUNT } from '../../src/engine/tables.ts';
import { rollBack } from '../../src/incident/roll-back.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { snapshotHeights } from '../../src/journal/snapshot-folder.ts';
import { CannotRecover } from '../../src/server/recover-folder.ts';
import { blockOf, liveAndStart, open, type Opened, type Seen, Story, temporary } from './start.fixture.ts';

/** Runs a story, and keeps the end of so many blocks. */
function keep(story: Story, life: Opened, times: number): number[] {
  const heights: number[] = [];
  for (let n = 0; n < times; n++) {
    story.run(60, life);
    life.exchange.finish();
    assert.ok(life.kept.keepWhole(life.exchange.state, blockOf(life)));
    heights.push(life.journal.height);
  }
  return heights;
}

test('killed, with acts and with a rollback: all is the same as from the first command, and stays so to the last byte', async (t) => {
  const root = temporary(t.after.bind(t));
  const seen: Seen = { starts: 0, spared: 0, rollbacks: 0, acts: 0, kinds: new Set() };
  await liveAndStart(root, 2, 1, seen);
  await liveAndStart(root, 3, 2, seen);
  assert.ok(seen.starts > 1 && seen.spared > 10 && seen.rollbacks > 0 && seen.acts > 0, JSON.stringify(seen));
  assert.ok(seen.kinds.has('filled') && seen.kinds.has('statusSet'));
});

test('what is not as it was kept is passed over by name, to the one before and in the end to the journal', async (t) => {
  const folder = temporary(t.after.bind(t));
  const story = new Story(7);
  const life = open(folder, 'snapshot');
  const heights = keep(story, life, 6);
  const blocks = heights.map((height) => life.journal.block(height) ?? assert.fail());
  story.run(30, life);
  await life.kill();
  const file = (height: number, kind: 'snapshot' | 'guard'): string =>
    join(folder, 'snapshots', `${String(height).padStart(12, '0')}.${kind}`);
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
  };
  const ofAnotherRelease = (block: Block): Buffer => {
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue({ guard: { '@class': 'Guard', known: { '@class': 'Knowledge' } }, history: {} });
    const body = serializer.releaseBuffer();
    return Buffer.concat([Buffer.from('MWG1'), blockHash(block, sha256), sha256(body), body]);
  };
  const [first] = heights as [number];
  const harms: readonly [string, (block: Block) => void][] = [
    ['state_root', ({ height }) => flip(file(height, 'snapshot'))],
    ['guard_checksum', ({ height }) => flip(file(height, 'guard'))],
    ['guard_absent', ({ height }) => rmSync(file(height, 'guard'))],
    ['guard_block', ({ height }) => copyFileSync(file(first, 'guard'), file(height, 'guard'))],
    ['guard_release', (block) => writeFileSync(file(block.height, 'guard'), ofAnotherRelease(block))],
    ['truncated', ({ height }) => truncateSync(file(height, 'snapshot'), 5000)],
  ];
  const told: string[] = [];
  for (const [name, harm] of harms) {
    const block = blocks.pop() ?? assert.fail();
    harm(block);
    told.push(`block ${block.height}: ${name}`);
    const start = open(folder, 'snapshot');
    assert.equal(start.start?.block.height, blocks.at(-1)?.height, name);
    assert.ok(start.recovered.replay.equal);
    const refused = start.notices.filter((each) => each.name === 'snapshot_refused').map(({ message }) => message);
    assert.deepEqual(
      refused.map((message) => message.split(': ').slice(0, 2).join(': ')),
      told,
    );
    await start.kill();
  }
});

test('of a branch that a rollback ended nothing is taken, and a start from before it goes across', async (t) => {
  const folder = temporary(t.after.bind(t));
  const story = new Story(5);
  const life = open(folder, 'snapshot');
  const heights = keep(story, life, 3);
  const [before, , last] = heights as [number, number, number];
  story.run(30, life);
  life.exchange.finish();
  const result = rollBack(life.journal, { hash: sha256, restores: last - 1, reason: 'a test', settled: [] });
  assert.ok(result.accepted);
  await life.kill();
  // The newest two may both be of the branch that ended.
  const start = open(folder, 'snapshot');
  assert.ok((start.start?.block.height ?? -1) < last && (start.start?.block.height ?? -1) >= before);
  assert.equal(start.recovered.sealer.head.fork, 1);
  assert.ok(!start.notices.some(({ name }) => name === 'snapshot_refused'));
  await start.kill();
});

test('while something is in quarantine no memory is kept: the start replays from before it, and finds what memory did', async (t) => {
  const folder = temporary(t.after.bind(t));
  const story = new Story(9);
  const life = open(folder, 'snapshot');
  const [sound] = keep(story, life, 1);
  const { account } = life.exchange.state;
  account.f64[3 * account.rowFloats + ACCOUNT.BALANCE_LOW]! += 1;
  account.touch(3);
  for (let n = 0; n < 20 && life.guard.quarantine.isEmpty; n++) {
    story.run(20, life);
    life.exchange.finish();
  }
  assert.ok(!life.guard.quarantine.isEmpty);
  assert.equal(life.kept.keepWhole(life.exchange.state, blockOf(life)), false);
  const harmed = life.journal.height;
  await life.kill();
  assert.deepEqual(snapshotHeights(folder), [harmed, sound]);
  assert.throws(
    () => open(folder, 'snapshot'),
    (error) => error instanceof CannotRecover && error.code === 'journal_diverges',
  );
});
