// A recorded history in files: kept, found again, replayed, and taken up from a snapshot.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Block } from '../chain/block.ts';
import { headOf } from '../chain/block-sealer.ts';
import { recordChain, sealerFrom } from '../chain/chain.fixture.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { diffStates } from '../chain/state-difference.ts';
import { genesis } from '../engine/state.ts';
import { openFileJournal } from './file-journal.ts';
import { crashed, linesOf, withFolder } from './journal.fixture.ts';
import type { Journal } from './journal.ts';
import { MemoryJournal } from './memory-journal.ts';
import { sha256 } from './node-digest.ts';
import { loadNewestSnapshot, saveSnapshot } from './snapshot-folder.ts';

const options = { segmentBytes: 1 << 15 };

function keep(journal: Journal, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else journal.append(entry);
    journal.sync();
  }
}

test('a history in files is that in memory, and replays to every root', () =>
  withFolder((folder) => {
    const { venue, entries } = recordChain(sha256, 51, 40, 2);
    const { journal } = openFileJournal(join(folder, 'a'), options);
    const memory = new MemoryJournal();
    keep(journal, entries);
    keep(memory, entries);
    crashed(join(folder, 'a'), join(folder, 'b'));
    const { journal: again, tornTail } = openFileJournal(join(folder, 'b'), options);
    assert.equal(tornTail, undefined);
    assert.deepEqual(linesOf(again.entries()), linesOf(memory.entries()));
    const state = genesis();
    const result = replay(state, again.entries(), { sealer: sealerFrom(sha256), hash: sha256, amend: null });
    assert.deepEqual([result.equal, result.blocks], [true, 21]);
    assert.deepEqual(diffStates(venue.state, state), []);
    journal.close();
    again.close();
  }));

test('a snapshot and the entries behind its block lead to the same state', () =>
  withFolder((folder) => {
    const { venue, entries } = recordChain(sha256, 52, 40, 3);
    const { journal } = openFileJournal(folder, options);
    keep(journal, entries);
    const state = genesis();
    const block = journal.block(11) as Block;
    const until = entries.filter((entry) => entry.kind === 'commands' && entry.firstSequence <= block.lastSequence);
    replay(state, until, { sealer: sealerFrom(sha256), hash: sha256, amend: null });
    saveSnapshot(folder, state, block);
    const { loaded, refused } = loadNewestSnapshot(folder, (height) => journal.block(height));
    assert.deepEqual(refused, []);
    assert.ok(loaded);
    const result = replay(loaded.state, journal.entries(11), {
      sealer: sealerFrom(sha256, headOf(loaded.block, sha256)),
      hash: sha256,
      amend: null,
    });
    assert.deepEqual([result.equal, result.blocks], [true, 21 - 12], JSON.stringify(result.firstDivergence));
    assert.deepEqual(diffStates(venue.state, loaded.state), []);
    journal.close();
  }));

test('blocks that a crash kept out of the journal are made by the replay and appended', () =>
  withFolder((folder) => {
    const { entries } = recordChain(sha256, 53, 20, 2);
    const { journal } = openFileJournal(join(folder, 'a'), options);
    keep(journal, entries.slice(0, -4));
    crashed(join(folder, 'a'), join(folder, 'b'));
    journal.close();
    const { journal: again } = openFileJournal(join(folder, 'b'), options);
    const before = again.height;
    const result = replay(genesis(), again.entries(), { sealer: sealerFrom(sha256), hash: sha256, amend: null });
    assert.ok(result.equal && result.unrecorded.length > 0);
    for (const block of result.unrecorded) again.appendBlock(block);
    again.sync();
    assert.equal(again.height, before + result.unrecorded.length);
    const second = replay(genesis(), again.entries(), { sealer: sealerFrom(sha256), hash: sha256, amend: null });
    assert.deepEqual([second.equal, second.blocks, second.unrecorded], [true, again.height + 1, []]);
    again.close();
  }));
