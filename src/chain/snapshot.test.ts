import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { applyCommands } from '../engine/batch.ts';
import { genesis, type State } from '../engine/state.ts';
import { PAGE_BYTES } from '../engine/table.ts';
import { MARKET } from '../engine/tables.ts';
import type { Block } from './block.ts';
import { sealerFrom } from './chain.fixture.ts';
import type { Hash } from './digest.ts';
import {
  loadSnapshot,
  type ReadInto,
  type SnapshotResult,
  snapshotBlock,
  snapshotBytes,
  writeSnapshot,
} from './snapshot.ts';
import { describeDifference, diffStates } from './state-difference.ts';
import { computeRoots } from './state-tree.ts';
import { TestVenue } from './trading.fixture.ts';

const sha256: Hash = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest());

/** A venue that opened and traded, and the block over all of it. */
function tradedVenue(seed: number, batches: number): { venue: TestVenue; block: Block } {
  const venue = new TestVenue(seed);
  const sealer = sealerFrom(sha256);
  for (let n = 0; n <= batches; n++) {
    const batch = n === 0 ? venue.open() : venue.trade(40);
    sealer.add(batch.bytes, batch.commands);
  }
  sealer.close(venue.state);
  return { venue, block: sealer.wait() as Block };
}

function written(state: State, block: Block): Uint8Array<ArrayBuffer> {
  const parts = [...writeSnapshot(state, block, sha256, crc32)].map((part) => part.slice());
  return new Uint8Array(Buffer.concat(parts));
}

function reader(bytes: Uint8Array): ReadInto {
  let at = 0;
  return (into) => {
    if (at + into.length > bytes.length) return false;
    into.set(bytes.subarray(at, at + into.length));
    at += into.length;
    return true;
  };
}

function load(bytes: Uint8Array, block: Block): SnapshotResult {
  return loadSnapshot(reader(bytes), block, sha256, crc32);
}

function loaded(bytes: Uint8Array, block: Block): State {
  const result = load(bytes, block);
  assert.ok('state' in result, JSON.stringify(result));
  return result.state;
}

function refusal(bytes: Uint8Array, block: Block) {
  const result = load(bytes, block);
  assert.ok('refusal' in result);
  return result.refusal;
}

test('a snapshot is as long as announced, and loads to the same state with the same root', () => {
  const { venue, block } = tradedVenue(21, 20);
  const bytes = written(venue.state, block);
  assert.equal(bytes.length, snapshotBytes(venue.state));
  const state = loaded(bytes, block);
  assert.deepEqual(diffStates(venue.state, state), []);
  assert.deepEqual(computeRoots(state, sha256).stateRoot, block.stateRoot);
  assert.deepEqual(snapshotBlock(bytes.subarray(0, PAGE_BYTES), crc32), block);
});

test('snapshot, restore, continue gives the same events and roots as continue', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 25 }), (seed, batches) => {
      const { venue, block } = tradedVenue(seed, batches);
      const state = loaded(written(venue.state, block), block);
      for (let n = 0; n < 10; n++) {
        const batch = venue.trade(40);
        applyCommands(state, batch.words, batch.floats, batch.rows);
        assert.deepEqual(state.events.all(), venue.events);
        state.events.clear();
        assert.deepEqual(computeRoots(state, sha256), computeRoots(venue.state, sha256));
      }
      assert.deepEqual(diffStates(venue.state, state), []);
    }),
    { numRuns: 25 },
  );
});

test('a snapshot of an empty venue loads', () => {
  const sealer = sealerFrom(sha256);
  sealer.close(genesis());
  const block = sealer.wait() as Block;
  assert.deepEqual(diffStates(genesis(), loaded(written(genesis(), block), block)), []);
});

test('any changed byte of a table is refused by the root, and the difference names the place', () => {
  const { venue, block } = tradedVenue(22, 10);
  const bytes = written(venue.state, block);
  fc.assert(
    fc.property(
      fc.integer({ min: PAGE_BYTES, max: bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (at, change) => {
        const other = bytes.slice();
        other[at] = (other[at] as number) ^ change;
        const { what, suspect } = refusal(other, block);
        assert.equal(what, 'state_root');
        assert.ok(suspect);
      },
    ),
    { numRuns: 40 },
  );
  const state = loaded(bytes, block);
  state.market.f64[2 * state.market.rowFloats + MARKET.FUNDING_INDEX] = 0;
  const { suspect, message } = refusal(written(state, block), block);
  assert.match(message, /^the state root is [0-9a-f]{64}, block 0 says [0-9a-f]{64}$/);
  const [difference] = diffStates(venue.state, suspect as State);
  assert.ok(difference);
  assert.match(describeDifference(difference), /^market\/2\/fundingIndex: control -?\d+, candidate 0$/);
});

test('any changed byte of the first page is refused', () => {
  const { venue, block } = tradedVenue(23, 3);
  const bytes = written(venue.state, block);
  for (let at = 0; at < PAGE_BYTES; at += at < 500 ? 1 : 97) {
    const other = bytes.slice();
    other[at] = (other[at] as number) ^ 4;
    assert.match(refusal(other, block).what, at < 12 ? /format|checksum/ : /checksum/, `byte ${at}`);
    assert.equal(snapshotBlock(other.subarray(0, PAGE_BYTES), crc32), undefined);
  }
});

test('a snapshot cut anywhere is refused as truncated, and one that is too long too', () => {
  const { venue, block } = tradedVenue(24, 3);
  const bytes = written(venue.state, block);
  for (const length of [0, 100, PAGE_BYTES, PAGE_BYTES + 1, bytes.length - PAGE_BYTES, bytes.length - 1]) {
    assert.equal(refusal(bytes.subarray(0, length), block).what, 'truncated', `${length} bytes`);
  }
  assert.equal(refusal(Buffer.concat([bytes, Buffer.alloc(1)]), block).what, 'format');
});

test('a snapshot loads against its own block alone', () => {
  const { venue, block } = tradedVenue(25, 3);
  const bytes = written(venue.state, block);
  const other = { ...block, height: 7 };
  assert.match(refusal(bytes, other).message, /it is of block 0 on fork 0, not of block 7 on fork 0/);
  assert.equal(refusal(bytes, { ...block, stateRoot: new Uint8Array(32) }).what, 'block');
});

/** The first page with some words changed and the checksum made to fit. */
function forged(bytes: Uint8Array, change: (words: Int32Array, head: Uint8Array) => void): Uint8Array {
  const other = bytes.slice();
  const words = new Int32Array(other.buffer, 0, PAGE_BYTES / 4);
  change(words, other);
  words[15] = 0;
  words[15] = crc32(other.subarray(0, PAGE_BYTES));
  return other;
}

test('a first page that says what cannot be is refused although its checksum fits', () => {
  const { venue, block } = tradedVenue(26, 3);
  const bytes = written(venue.state, block);
  const counts = 320 / 4;
  for (const [rows, free, live] of [
    [0, 0, 0],
    [-1, 0, 0],
    [2 ** 30, 0, 0],
    [2, 2, 0],
    [2, 0, 2],
  ] as const) {
    const other = forged(bytes, (words) => words.set([rows, free, live], counts));
    assert.equal(refusal(other, block).what, 'format', `${rows} ${free} ${live}`);
  }
  assert.equal(
    refusal(
      forged(bytes, (_, head) => head.fill(0, 64, 96)),
      block,
    ).what,
    'layout',
  );
  assert.equal(
    refusal(
      forged(bytes, (words) => words.set([2], 1)),
      block,
    ).what,
    'format',
  );
});

test('a state at another command than the block is not written', () => {
  const { venue, block } = tradedVenue(27, 2);
  venue.trade(1);
  assert.throws(() => written(venue.state, block), /the state is at \d+, the block of the snapshot ends at \d+/);
});
