import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Block } from '../chain/block.ts';
import { sealerFrom } from '../chain/chain.fixture.ts';
import { diffStates } from '../chain/state-difference.ts';
import { TestVenue } from '../chain/trading.fixture.ts';
import { fileDisk } from './disk.ts';
import { withFolder } from './journal.fixture.ts';
import { sha256 } from './node-digest.ts';
import { loadNewestSnapshot, pruneSnapshots, readSnapshot, saveSnapshot, snapshotHeights } from './snapshot-folder.ts';

/** Saves a snapshot after each of three blocks. */
function saveThree(folder: string): { venue: TestVenue; blocks: Block[] } {
  const venue = new TestVenue(31);
  const sealer = sealerFrom(sha256);
  const blocks: Block[] = [];
  for (let n = 0; n < 3; n++) {
    const batch = n === 0 ? venue.open() : venue.trade(50);
    sealer.add(batch.bytes, batch.commands);
    sealer.close(venue.state);
    const block = sealer.wait() as Block;
    blocks.push(block);
    assert.equal(saveSnapshot(folder, venue.state, block), join(folder, 'snapshots', `00000000000${n}.snapshot`));
  }
  return { venue, blocks };
}

test('snapshots are listed newest first, and the newest is loaded', () =>
  withFolder((folder) => {
    assert.deepEqual(snapshotHeights(folder), []);
    assert.deepEqual(
      loadNewestSnapshot(folder, () => undefined),
      { loaded: undefined, refused: [] },
    );
    const { venue, blocks } = saveThree(folder);
    assert.deepEqual(snapshotHeights(folder), [2, 1, 0]);
    const { loaded, refused } = loadNewestSnapshot(folder, (height) => blocks[height]);
    assert.deepEqual(refused, []);
    assert.ok(loaded);
    assert.equal(loaded.block, blocks[2]);
    assert.deepEqual(diffStates(venue.state, loaded.state), []);
    assert.ok('state' in readSnapshot(folder, blocks[0] as Block));
  }));

test('all but the newest are removed', () =>
  withFolder((folder) => {
    pruneSnapshots(folder, 2);
    saveThree(folder);
    pruneSnapshots(folder, 2);
    assert.deepEqual(snapshotHeights(folder), [2, 1]);
  }));

test('a snapshot that does not verify is named, and the one before it is loaded', () =>
  withFolder((folder) => {
    const { blocks } = saveThree(folder);
    const file = join(folder, 'snapshots', '000000000002.snapshot');
    const bytes = readFileSync(file);
    bytes[bytes.length - 100] = 1;
    writeFileSync(file, bytes);
    writeFileSync(join(folder, 'snapshots', '000000000009.snapshot'), bytes);
    const { loaded, refused } = loadNewestSnapshot(folder, (height) => blocks[height]);
    assert.equal(loaded?.block.height, 1);
    assert.deepEqual(
      refused.map(({ file: name, what }) => [name, what]),
      [
        [join('snapshots', '000000000009.snapshot'), 'block'],
        [join('snapshots', '000000000002.snapshot'), 'state_root'],
      ],
    );
  }));

test('a snapshot that could not be written leaves nothing behind', () =>
  withFolder((folder) => {
    const { venue, blocks } = saveThree(folder);
    const before = readdirSync(join(folder, 'snapshots'));
    const disk = {
      ...fileDisk,
      sync: (): void => {
        throw new Error('no space left on device');
      },
    };
    assert.throws(
      () => saveSnapshot(folder, venue.state, { ...(blocks[2] as Block), height: 3 }, disk),
      /no space left/,
    );
    assert.deepEqual(readdirSync(join(folder, 'snapshots')), before);
  }));

test('what a crash left half written is not a snapshot', () =>
  withFolder((folder) => {
    mkdirSync(join(folder, 'snapshots'));
    writeFileSync(join(folder, 'snapshots', '000000000001.snapshot.partial'), 'x');
    assert.deepEqual(snapshotHeights(folder), []);
  }));
