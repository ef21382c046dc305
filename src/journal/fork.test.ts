import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Block, blockHash } from '../chain/block.ts';
import { restoreBlock } from '../chain/block-sealer.ts';
import { encodeCertificate } from '../chain/certificate.ts';
import { openFileJournal } from './file-journal.ts';
import { batchFrom, blockFrom, fill, linesOf, withFolder } from './journal.fixture.ts';
import { BadBatch, type Journal, JournalCorrupt, JournalOutOfStep } from './journal.ts';
import { JournalReader } from './journal-reader.ts';
import { MemoryJournal } from './memory-journal.ts';
import { sha256 } from './node-digest.ts';

/** The rows of a certificate that restores a block. */
function certificateOf(height: number): Uint8Array {
  const named = (at: number) => ({ height: at, hash: '00', root: '00' });
  return encodeCertificate({
    forkId: 1,
    parent: 0,
    restores: named(height),
    deadHead: named(height + 1),
    reason: 'a test',
    incident: null,
    corrections: null,
    orderPolicy: 'keep_tp_sl_and_reduce_only',
    deadStates: 'follow',
    fates: { hash: '00', counts: {} },
    carried: {
      deposits: { count: 0, amount: '0' },
      withdrawals: { count: 0, amount: '0', owed: '0' },
      accounts: 0,
      markets: 0,
    },
    cancelledWithdrawals: [],
    commands: [],
    firstBatch: '00',
    approval: null,
  });
}

function restoring(journal: Journal, height: number): Block {
  const [restored, dead] = [journal.block(height) as Block, journal.block(journal.height) as Block];
  return restoreBlock(
    restored,
    new Uint8Array(32),
    { height: dead.height, hash: blockHash(dead, sha256) },
    journal.fork,
  );
}

/** Five blocks of two batches each, back to the second, a batch and its block on the new fork. */
function forked(journal: Journal): void {
  fill(journal, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  journal.appendRestore(certificateOf(1), 1);
  journal.appendBlock(restoring(journal, 1));
  journal.append(batchFrom(journal.sequence + 1, 2, true));
  const parent = journal.block(5) as Block;
  journal.appendBlock({ ...blockFrom(6, parent.lastSequence + 1, journal.sequence, parent), fork: 1 });
  journal.sync();
}

for (const [name, run] of [
  ['in memory', (use: (journal: Journal) => void) => use(new MemoryJournal())],
  [
    'in files',
    (use: (journal: Journal) => void) =>
      withFolder((folder) => {
        const { journal } = openFileJournal(join(folder, 'a'), { segmentBytes: 4096 });
        use(journal);
        journal.close();
      }),
  ],
] as const) {
  describe(`a journal ${name} with a fork`, () => {
    test('heights go on, sequences begin anew behind the restored block', () =>
      run((journal) => {
        forked(journal);
        assert.deepEqual([journal.height, journal.fork, journal.sequence], [6, 1, 12]);
        assert.deepEqual(journal.restores, [{ height: 5, restores: 1 }]);
        assert.deepEqual([journal.block(5)?.restores, journal.block(5)?.lastSequence], [1, 10]);
        const all = [...journal.entries()];
        const certificates = all.filter((entry) => entry.kind === 'commands' && entry.certificate !== undefined);
        assert.deepEqual(
          certificates.map((entry) => entry.kind === 'commands' && [entry.fork, entry.firstSequence, entry.commands]),
          [[1, 11, 0]],
        );
        // Behind the end of the block that restores: its own entry, a batch and a block.
        assert.deepEqual(
          [...journal.entries(5)].map(({ kind }) => kind),
          ['block', 'commands', 'block'],
        );
      }));

    test('a branch ends only whole, and only at a block that is there', () =>
      run((journal) => {
        fill(journal, [1, 2, 3, 4]);
        assert.throws(() => journal.appendRestore(certificateOf(1), 1), RangeError);
        assert.throws(() => journal.appendRestore(certificateOf(0), -1), RangeError);
        assert.throws(() => journal.appendRestore(new Uint8Array(63), 0), BadBatch);
        journal.append(batchFrom(journal.sequence + 1, 1));
        assert.throws(() => journal.appendRestore(certificateOf(0), 0), JournalOutOfStep);
        journal.append(batchFrom(journal.sequence + 1, 1, true));
        assert.throws(() => journal.appendRestore(certificateOf(0), 0), JournalOutOfStep);
        assert.deepEqual([journal.fork, journal.height], [0, 1]);
      }));

    test('behind a certificate comes its block, of the new fork, which ends where the restored one does', () =>
      run((journal) => {
        fill(journal, [1, 2, 3, 4]);
        journal.appendRestore(certificateOf(0), 0);
        const block = restoring(journal, 0);
        assert.throws(() => journal.appendBlock({ ...block, fork: 0 }), JournalOutOfStep);
        assert.throws(() => journal.appendBlock({ ...block, height: 3 }), JournalOutOfStep);
        assert.throws(() => journal.appendBlock({ ...block, lastSequence: 9 }), JournalOutOfStep);
        journal.appendBlock(block);
        assert.equal(journal.height, 2);
      }));
  });
}

test('a journal with a fork is the same when it is opened again, at every point of it', () =>
  withFolder((folder) => {
    const path = join(folder, 'a');
    const { journal } = openFileJournal(path, { segmentBytes: 1024 });
    const twin = new MemoryJournal();
    for (const each of [journal, twin]) fill(each, [1, 2, 3, 4, 5, 6]);
    journal.appendRestore(certificateOf(1), 1);
    twin.appendRestore(certificateOf(1), 1);
    journal.close();
    const { journal: awaiting } = openFileJournal(path, { segmentBytes: 1024 });
    assert.deepEqual([awaiting.fork, awaiting.height, awaiting.sequence], [1, 2, 10]);
    assert.deepEqual(awaiting.restores, [{ height: 3, restores: 1 }]);
    for (const each of [awaiting, twin]) each.appendBlock(restoring(each, 1));
    awaiting.close();
    const { journal: again } = openFileJournal(path, { segmentBytes: 1024 });
    for (const each of [again, twin]) each.append(batchFrom(each.sequence + 1, 3));
    assert.deepEqual(linesOf(again.entries()), linesOf(twin.entries()));
    again.sync();
    const reader = new JournalReader(path);
    assert.deepEqual([reader.height, reader.restores, reader.damage], [3, [{ height: 3, restores: 1 }], undefined]);
    assert.deepEqual(linesOf(reader.entries(2)), linesOf(twin.entries(2)));
    again.close();
  }));

test('a certificate that restores no block of the journal is corruption', () =>
  withFolder((folder) => {
    const { journal } = openFileJournal(folder);
    fill(journal, [1, 2, 3, 4, 5, 6]);
    // It says block 2, the journal went back to block 1.
    journal.appendRestore(certificateOf(2), 1);
    journal.close();
    assert.throws(() => openFileJournal(folder), JournalCorrupt);
    assert.ok(new JournalReader(folder).damage instanceof JournalCorrupt);
  }));
