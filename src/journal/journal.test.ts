import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Block } from '../chain/block.ts';
import { type FileJournal, openFileJournal } from './file-journal.ts';
import { batchFrom, blockFrom, crashed, fill, linesOf, segmentsOf, withFolder } from './journal.fixture.ts';
import { BadBatch, type Batch, type Journal, JournalOutOfStep } from './journal.ts';
import { JournalLocked } from './lock-file.ts';
import { MemoryJournal } from './memory-journal.ts';

const SMALL = 16_384;

/** The same test for both kinds of journal. */
function testBoth(name: string, body: (journal: Journal) => void): void {
  test(`${name}, in memory`, () => body(new MemoryJournal()));
  test(`${name}, in files`, () =>
    withFolder((folder) => {
      const { journal } = openFileJournal(folder, { segmentBytes: SMALL });
      body(journal);
      journal.close();
    }));
}

testBoth('entries come back as they were appended, blocks among them', (journal) => {
  fill(journal, [3, 1, 0, 40, 2]);
  const entries = [...journal.entries()].map((entry) => entry.kind);
  assert.deepEqual(entries, ['commands', 'commands', 'block', 'commands', 'commands', 'block', 'commands']);
  const other = new MemoryJournal();
  fill(other, [3, 1, 0, 40, 2]);
  assert.deepEqual(linesOf(journal.entries()), linesOf(other.entries()));
  assert.deepEqual([journal.sequence, journal.height, journal.bytes], [46, 1, other.bytes]);
});

testBoth('warrants, acts and holds come back where they were appended, and belong to the chain', (journal) => {
  journal.append(batchFrom(1, 2));
  journal.appendWarrants(new Uint8Array(64).fill(1));
  journal.appendHolds(new Uint8Array(64).fill(3));
  journal.appendActs(new Uint8Array(128).fill(2));
  journal.append(batchFrom(3, 1, true));
  journal.sync();
  const found = [...journal.entries()].map((entry) => {
    if (entry.kind === 'block') return 'block';
    const { firstSequence, commands, rows, warrants, acts, holds } = entry;
    return [firstSequence, commands, rows, warrants?.join(''), acts?.join(''), holds?.join('')];
  });
  assert.deepEqual(found, [
    [1, 2, 2, undefined, undefined, undefined],
    [3, 0, 0, '1'.repeat(64), undefined, undefined],
    [3, 0, 0, undefined, undefined, '3'.repeat(64)],
    [3, 0, 0, undefined, '2'.repeat(128), undefined],
    [3, 1, 1, undefined, undefined, undefined],
  ]);
  assert.deepEqual([journal.sequence, journal.bytes], [3, 5 * 64 + 7 * 64]);
  for (const bytes of [new Uint8Array(), new Uint8Array(65)]) {
    assert.throws(() => journal.appendActs(bytes), BadBatch);
    assert.throws(() => journal.appendWarrants(bytes), BadBatch);
    assert.throws(() => journal.appendHolds(bytes), BadBatch);
  }
});

testBoth('entries behind the end of a block', (journal) => {
  journal.append(batchFrom(1, 2, true));
  journal.append(batchFrom(3, 2));
  journal.append(batchFrom(5, 2, true));
  journal.append(batchFrom(7, 1));
  const first = blockFrom(0, 1, 2);
  journal.appendBlock(first);
  journal.appendBlock(blockFrom(1, 3, 6, first));
  journal.append(batchFrom(8, 1));
  journal.sync();
  const all = linesOf(journal.entries());
  assert.equal(all.length, 7);
  assert.deepEqual(linesOf(journal.entries(0)), all.slice(1));
  assert.deepEqual(linesOf(journal.entries(1)), all.slice(3));
  assert.throws(() => journal.entries(2), RangeError);
  assert.deepEqual(journal.block(0), first);
  assert.equal(journal.block(2), undefined);
  assert.equal(journal.block(-1), undefined);
});

testBoth('what does not follow is refused, and nothing of it is kept', (journal) => {
  fill(journal, [2, 2]);
  const before = linesOf(journal.entries());
  const refused: (() => void)[] = [
    () => journal.append(batchFrom(4, 1)),
    () => journal.append(batchFrom(6, 1)),
    () => journal.appendBlock(blockFrom(0, 1, 4)),
    () => journal.appendBlock(blockFrom(2, 5, 4)),
    // The block at height 1 has not ended yet.
    () => journal.appendBlock(blockFrom(1, 5, 4)),
  ];
  for (const action of refused) assert.throws(action, JournalOutOfStep);
  journal.append(batchFrom(5, 3, true));
  assert.throws(() => journal.appendBlock(blockFrom(1, 5, 6)), JournalOutOfStep);
  const bad: Partial<Batch>[] = [{ commands: 3 }, { commands: 1 }, { bytes: new Uint8Array(65) }, { bytes: longer() }];
  for (const change of bad) assert.throws(() => journal.append({ ...batchFrom(8, 2), ...change }), BadBatch);
  journal.sync();
  assert.deepEqual(linesOf(journal.entries()).slice(0, -1), before);
});

testBoth('a sync goes on beside the next batch', (journal) => {
  const twin = new MemoryJournal();
  for (let n = 0; n < 40; n++) {
    for (const each of [journal, twin]) {
      each.append(batchFrom(each.sequence + 1, 1 + (n % 30)));
      each.awaitSync();
      each.beginSync();
    }
  }
  journal.beginSync();
  assert.deepEqual(linesOf(journal.entries()), linesOf(twin.entries()));
  journal.awaitSync();
  journal.awaitSync();
});

/** Two rows of which the first claims both: to a replay they are one command. */
function longer(): Uint8Array {
  const words = new Int32Array(32);
  words[1] = 2;
  return new Uint8Array(words.buffer);
}

test('a journal in files goes on where it was closed, over many segments', () =>
  withFolder((folder) => {
    const twin = new MemoryJournal();
    for (let round = 0; round < 4; round++) {
      const { journal, tornTail } = openFileJournal(folder, { segmentBytes: SMALL });
      assert.equal(tornTail, undefined);
      assert.deepEqual(linesOf(journal.entries()), linesOf(twin.entries()));
      const sizes = [5, 30, 1, 99, 100, 7];
      fill(journal, sizes);
      fill(twin, sizes);
      assert.deepEqual([journal.sequence, journal.height, journal.bytes], [twin.sequence, twin.height, twin.bytes]);
      journal.close();
    }
    const segments = segmentsOf(folder);
    assert.ok(segments.length > 3, `${segments.length} segments`);
    assert.equal(
      segments.reduce((sum, path) => sum + statSync(path).size, 0),
      twin.bytes,
      'closed segments hold entries and nothing else',
    );
  }));

test('a journal that was not closed goes on behind its last entry', () =>
  withFolder((folder) => {
    const { journal } = openFileJournal(join(folder, 'a'), { segmentBytes: SMALL });
    fill(journal, [5, 30, 1, 120, 100, 7]);
    crashed(join(folder, 'a'), join(folder, 'b'));
    const { journal: again, tornTail } = openFileJournal(join(folder, 'b'), { segmentBytes: SMALL });
    assert.equal(tornTail, undefined);
    assert.deepEqual(linesOf(again.entries()), linesOf(journal.entries()));
    fill(again, [3]);
    assert.equal(again.sequence, journal.sequence + 3);
    again.close();
    journal.close();
  }));

test('a batch that is longer than a segment gets room', () =>
  withFolder((folder) => {
    const { journal } = openFileJournal(folder, { segmentBytes: SMALL });
    fill(journal, [2, 1000, 2000, 1]);
    const lines = linesOf(journal.entries());
    journal.close();
    const { journal: again } = openFileJournal(folder, { segmentBytes: SMALL });
    assert.deepEqual(linesOf(again.entries()), lines);
    again.close();
  }));

test('a journal has one writer', () =>
  withFolder((folder) => {
    const { journal } = openFileJournal(folder, { segmentBytes: SMALL });
    assert.throws(() => openFileJournal(folder), JournalLocked);
    journal.close();
    journal.close();
    openFileJournal(folder, { segmentBytes: SMALL }).journal.close();
  }));

test('a closed journal accepts nothing', () =>
  withFolder((folder) => {
    const { journal } = openFileJournal(folder, { segmentBytes: SMALL });
    journal.close();
    assert.throws(() => journal.append(batchFrom(1, 1)), /after it was closed/);
    assert.throws(() => journal.sync(), /after it was closed/);
  }));

test('many blocks stay in the index', () =>
  withFolder((folder) => {
    const { journal } = openFileJournal(folder, { segmentBytes: 1 << 20 });
    fill(
      journal,
      Array.from({ length: 300 }, () => 1),
      1,
    );
    const check = (opened: FileJournal): void => {
      for (let height = 0; height < 300; height++) {
        const block = opened.block(height) as Block;
        assert.deepEqual([block.height, block.lastSequence], [height, height + 1]);
      }
      assert.equal([...opened.entries(298)].length, 3);
    };
    check(journal);
    journal.close();
    const { journal: again } = openFileJournal(folder, { segmentBytes: 1 << 20 });
    check(again);
    again.close();
  }));
