import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { COMMAND, SET_STATUS } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { genesis } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import type { Column } from '../engine/table.ts';
import { ACCOUNT, MARKET, VENUE } from '../engine/tables.ts';
import { type Amendment, BadAmendment } from './amendment.ts';
import { type Block, blockHash } from './block.ts';
import { SealerOutOfStep } from './block-sealer.ts';
import { recordChain, sealerFrom } from './chain.fixture.ts';
import { commandRows } from './command-record.ts';
import { type Hash, sameBytes, toHex } from './digest.ts';
import type { Entry } from './entry.ts';
import { type ReplayOptions, type ReplayResult, replay } from './replay.ts';
import { diffStates } from './state-difference.ts';
import { batchOf, countKinds, TestVenue } from './trading.fixture.ts';

const sha256: Hash = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest());
const exact = (): ReplayOptions => ({ sealer: sealerFrom(sha256), hash: sha256, amend: null });

function replayed(entries: Iterable<Entry>, options: Partial<ReplayOptions> = {}): ReplayResult {
  return replay(genesis(), entries, { ...exact(), ...options });
}

function blocksOf(entries: readonly Entry[]): Block[] {
  return entries.flatMap((entry) => (entry.kind === 'block' ? [entry.block] : []));
}

/** The entries with the first that `matches` changed, or removed. */
function altered(
  entries: readonly Entry[],
  matches: (entry: Entry) => boolean,
  change: (entry: Entry) => Entry[],
): Entry[] {
  const at = entries.findIndex(matches);
  assert.ok(at >= 0);
  return entries.flatMap((entry, index) => (index === at ? change(entry) : [entry]));
}

test('the venue of these tests does what exchanges do', () => {
  const venue = new TestVenue(11);
  venue.open();
  const events = Array.from({ length: 60 }, () => venue.trade(40) && venue.events).flat();
  const counts = countKinds(events);
  for (const kind of ['filled', 'fundingSettled', 'liquidated', 'orderTriggered', 'refused', 'withdrawalSettled']) {
    assert.ok((counts.get(kind) ?? 0) > 0, kind);
  }
});

for (const lag of [0, 1, 3]) {
  test(`a recorded chain replays to every root, its blocks ${lag} batches late`, () => {
    const { venue, entries } = recordChain(sha256, 3, 21, lag);
    const state = genesis();
    const heights: number[] = [];
    const result = replay(state, entries, { ...exact(), onBlock: ({ height }) => heights.push(height) });
    const blocks = blocksOf(entries);
    assert.deepEqual(result, {
      blocks: 11,
      commands: entries.reduce((sum, entry) => sum + (entry.kind === 'commands' ? entry.commands : 0), 0),
      equal: true,
      stateRoot: toHex(blocks.at(-1)?.stateRoot as Uint8Array),
      firstDivergence: null,
      passed: { blocks: 0, commands: 0 },
      stop: null,
      unrecorded: [],
    });
    assert.deepEqual(
      heights,
      blocks.map(({ height }) => height),
    );
    assert.deepEqual(diffStates(venue.state, state, 5), []);
  });
}

test('the same entries give the same events, batch by batch', () => {
  const venue = new TestVenue(5);
  const entries: Entry[] = [];
  const events: unknown[] = [];
  for (let n = 0; n < 15; n++) {
    entries.push(n === 0 ? venue.open() : venue.trade(40));
    events.push(venue.events);
  }
  const again: unknown[] = [];
  const result = replayed(entries, { onEvents: (buffer) => again.push(buffer.all()) });
  assert.ok(result.equal);
  assert.deepEqual(again, events);
});

test('a replay can stop and be taken up by another with the same sealer', () => {
  const { entries } = recordChain(sha256, 6, 12, 1);
  const state = genesis();
  const options = exact();
  for (const cut of [5, entries.length]) {
    const part = cut === 5 ? entries.slice(0, 5) : entries.slice(5);
    const result = replay(state, part, options);
    assert.ok(result.equal, JSON.stringify(result.firstDivergence));
  }
  assert.equal(options.sealer.head.height, blocksOf(entries).at(-1)?.height);
});

test('blocks that were ended and not recorded are made and handed back', () => {
  const { entries } = recordChain(sha256, 8, 8, 2);
  const blocks = blocksOf(entries);
  const lost = entries.filter((entry) => entry.kind === 'commands' || entry.block.height < 3);
  const result = replayed(lost);
  assert.ok(result.equal);
  assert.equal(result.blocks, 3);
  assert.deepEqual(result.unrecorded, blocks.slice(3));
  assert.equal(result.stateRoot, toHex(blocks.at(-1)?.stateRoot as Uint8Array));
});

test('a replay from a later state skips the blocks up to its head', () => {
  const { venue, entries } = recordChain(sha256, 9, 9, 2);
  const blocks = blocksOf(entries);
  const block = blocks[2] as Block;
  const state = genesis();
  const first = entries.findIndex((entry) => entry.kind === 'commands' && entry.firstSequence > block.lastSequence);
  replay(state, entries.slice(0, first), exact());
  const head = {
    hash: blockHash(block, sha256),
    height: 2,
    fork: 0,
    sequence: block.lastSequence,
    timeMs: block.lastMs,
  };
  const result = replay(state, entries.slice(first), { ...exact(), sealer: sealerFrom(sha256, head) });
  assert.deepEqual([result.equal, result.blocks], [true, blocks.length - 3], JSON.stringify(result.firstDivergence));
  assert.deepEqual(diffStates(venue.state, state), []);
});

/** A 64-bit column at an offset. */
const f64 = (offset: number): Column => ({ name: '', kind: 'f64', offset, count: 1 });
const isBlock = (height: number) => (entry: Entry) => entry.kind === 'block' && entry.block.height === height;
/** The batch that opens the venue: not the last of its block. */
const isBatch = (entry: Entry) => entry.kind === 'commands' && entry.commands > 0;
const isLastBatch = (entry: Entry) => isBatch(entry) && entry.kind === 'commands' && entry.closesBlock;
const withBlock = (change: Partial<Block>) => (entry: Entry) =>
  entry.kind === 'block' ? [{ ...entry, block: { ...entry.block, ...change } }] : [entry];
const digest = new Uint8Array(32).fill(9);

const tamperings: readonly (readonly [string, string, number, (entries: readonly Entry[]) => Entry[]])[] = [
  ['another state root', 'state_root', 2, (all) => altered(all, isBlock(2), withBlock({ stateRoot: digest }))],
  ['another commands root', 'commands_root', 2, (all) => altered(all, isBlock(2), withBlock({ commandsRoot: digest }))],
  ['another rules hash', 'rules_hash', 3, (all) => altered(all, isBlock(3), withBlock({ rulesHash: digest }))],
  ['another parent', 'parent_hash', 1, (all) => altered(all, isBlock(1), withBlock({ parentHash: digest }))],
  ['another first state', 'state_root', 0, (all) => altered(all, isBlock(0), withBlock({ stateRoot: digest }))],
  ['another release', 'release', 2, (all) => altered(all, isBlock(2), withBlock({ release: 2 }))],
  ['another sequence', 'block_sequence', 2, (all) => altered(all, isBlock(2), withBlock({ lastSequence: 5 }))],
  ['another time', 'block_time', 2, (all) => altered(all, isBlock(2), withBlock({ lastMs: 5 }))],
  ['a block of another fork', 'fork', 2, (all) => altered(all, isBlock(2), withBlock({ fork: 1 }))],
  ['a missing block', 'height', 3, (all) => altered(all, isBlock(2), () => [])],
  ['a missing batch', 'sequence', 1, (all) => altered(all, isBatch, () => [])],
  ['a batch twice', 'sequence', 1, (all) => altered(all, isBatch, (entry) => [entry, entry])],
  ['a batch of another fork', 'fork', 1, (all) => altered(all, isBatch, (entry) => [{ ...entry, fork: 1 } as Entry])],
  [
    'a wrong count of commands',
    'commands',
    1,
    (all) => altered(all, isBatch, (entry) => [{ ...entry, commands: 3 } as Entry]),
  ],
  [
    'an end of a block that is not marked',
    'block_without_end',
    1,
    (all) =>
      all.map((entry) =>
        entry.kind === 'commands' && entry.firstSequence > 1 ? { ...entry, closesBlock: false } : entry,
      ),
  ],
];
for (const [name, what, height, tamper] of tamperings) {
  test(`a chain with ${name} diverges in ${what} at block ${height}`, () => {
    const { entries } = recordChain(sha256, 4, 10);
    const result = replayed(tamper(entries));
    assert.equal(result.equal, false);
    assert.deepEqual([result.firstDivergence?.what, result.firstDivergence?.height], [what, height]);
    assert.notEqual(result.firstDivergence?.recorded, result.firstDivergence?.replayed);
    assert.deepEqual(result.unrecorded, []);
  });
}

test('one changed byte of one command is found at its block', () => {
  const { entries } = recordChain(sha256, 4, 10);
  const tampered = altered(entries, isLastBatch, (entry) => {
    const { bytes, firstSequence, commands, closesBlock } = entry as Extract<Entry, { kind: 'commands' }>;
    const other = bytes.slice();
    // An unused byte: the state is the same, the record is not.
    other[63] = (other[63] as number) ^ 1;
    return [batchOf(other, firstSequence, commands, closesBlock)];
  });
  assert.equal(replayed(tampered).firstDivergence?.what, 'commands_root');
});

test('a state that was altered without a command is found at the next block', () => {
  const { entries } = recordChain(sha256, 4, 10);
  const state = genesis();
  const options = exact();
  assert.ok(replay(state, entries.slice(0, 6), options).equal);
  state.market.f64[state.market.rowFloats + MARKET.VOLUME_HIGH] = 1;
  state.market.touch(1);
  const result = replay(state, entries.slice(6), options);
  assert.equal(result.firstDivergence?.what, 'state_root');
});

test('a broken invariant is a divergence, with what broke', () => {
  const { entries } = recordChain(sha256, 4, 10);
  const state = genesis();
  const options = exact();
  assert.ok(replay(state, entries.slice(0, 6), options).equal);
  state.index.ledger[0] = 1;
  const result = replay(state, entries.slice(6), options);
  assert.equal(result.firstDivergence?.what, 'invariant');
  assert.match(result.firstDivergence?.replayed ?? '', /money_conserved/);
});

test('a state and a sealer that are not at the same command are refused', () => {
  const venue = new TestVenue(1);
  venue.open();
  assert.throws(() => replay(venue.state, [], exact()), /the state is at \d+, the chain .* at 0/);
  assert.throws(() => sealerFrom(sha256).close(venue.state), SealerOutOfStep);
});

function amended(entries: readonly Entry[], amend: Amendment) {
  const state = genesis();
  const result = replay(state, entries, { ...exact(), amend });
  return { state, result };
}

test('an amendment that changes nothing leads to every root', () => {
  const { venue, entries } = recordChain(sha256, 12, 12, 1);
  const { state, result } = amended(entries, { keepHalts: true });
  assert.equal(result.equal, true);
  assert.deepEqual(diffStates(venue.state, state), []);
  assert.equal(amended(entries, { keepHalts: true, replaceCommand: () => undefined }).result.equal, true);
});

test('a voided command changes what follows from it, keeps every sequence, and the replay goes to the end', () => {
  const { venue, entries } = recordChain(sha256, 12, 12, 1);
  // The first deposit: account 3 has nothing to trade with.
  let voided = 0;
  const replaceCommand = (sequence: number, rows: Uint8Array): Uint8Array | undefined => {
    if (rows[0] !== COMMAND.deposit || voided !== 0) return undefined;
    voided = sequence;
    return new Uint8Array();
  };
  const { state, result } = amended(entries, { keepHalts: true, replaceCommand });
  assert.ok(voided > 0);
  assert.deepEqual(
    [result.equal, result.firstDivergence?.what, result.firstDivergence?.height],
    [false, 'state_root', 1],
  );
  assert.equal(result.blocks, blocksOf(entries).length);
  for (const column of [VENUE.SEQUENCE, VENUE.TIME_MS]) {
    assert.equal(state.venue.read(1, f64(column)), venue.state.venue.read(1, f64(column)));
  }
});

test('a replaced command is applied in the place of the recorded one', () => {
  const { entries } = recordChain(sha256, 12, 6);
  const buffer = new CommandBuffer();
  buffer.deposit(1_768_800_000_000, 3, 123_456_789, 1);
  let replaced = 0;
  const replaceCommand = (_: number, rows: Uint8Array): Uint8Array | undefined =>
    rows[0] === COMMAND.deposit && replaced++ === 0 ? buffer.bytes.subarray(0, 64) : undefined;
  const state = genesis();
  replay(state, entries.slice(0, 3), { ...exact(), amend: { keepHalts: true, replaceCommand } });
  assert.equal(state.account.read(3, f64(ACCOUNT.BALANCE_LOW)), 123_456_789);
});

test('halts are voided when they are not kept, resumptions are applied', () => {
  const buffer = new CommandBuffer();
  const batch = (): Entry => batchOf(buffer.bytes.subarray(0, buffer.rows * 64), 1, buffer.commands);
  buffer.setStatus(5, 0, STATUS.CANCEL_ONLY, 0);
  buffer.setStatus(6, 0, STATUS.OK, 4);
  const statusOf = (keepHalts: boolean): (number | undefined)[] => {
    const { state } = amended([batch()], { keepHalts });
    return [VENUE.STATUS, VENUE.PAUSED].map((column) => state.venue.i32[state.venue.rowWords + column]);
  };
  assert.deepEqual(statusOf(true), [STATUS.OK, 4]);
  assert.deepEqual(statusOf(false), [STATUS.OK, 0]);
  buffer.setStatus(7, 0, STATUS.MAINTENANCE, 0);
  assert.deepEqual(statusOf(true), [STATUS.MAINTENANCE, 0]);
  assert.deepEqual(statusOf(false), [STATUS.OK, 0]);
  assert.equal(buffer.i32[SET_STATUS.STATUS], STATUS.CANCEL_ONLY);
});

test('an amended replay still refuses a record that is not authentic', () => {
  const { entries } = recordChain(sha256, 4, 10);
  const result = (tampered: Entry[]) => amended(tampered, { keepHalts: true }).result.firstDivergence?.what;
  assert.equal(result(altered(entries, isBlock(2), withBlock({ commandsRoot: digest }))), 'commands_root');
  assert.equal(result(altered(entries, isBlock(2), withBlock({ parentHash: digest }))), 'parent_hash');
  assert.equal(result(altered(entries, isBatch, () => [])), 'sequence');
});

test('a replacement that is not one command is refused', () => {
  const { entries } = recordChain(sha256, 4, 2);
  const replace = (rows: Uint8Array) => () => amended(entries, { keepHalts: true, replaceCommand: () => rows });
  assert.throws(replace(new Uint8Array(63)), BadAmendment);
  assert.throws(replace(new Uint8Array(128)), BadAmendment);
});

test('blocks bind to each other, and their commands to their rows', () => {
  const { entries } = recordChain(sha256, 2, 10, 2);
  let parent: Uint8Array | undefined;
  for (const block of blocksOf(entries)) {
    if (parent !== undefined) assert.ok(sameBytes(block.parentHash, parent));
    parent = blockHash(block, sha256);
    assert.ok(block.firstMs <= block.lastMs);
  }
  for (const entry of entries) {
    if (entry.kind !== 'commands') continue;
    let commands = 0;
    for (let row = 0; row < entry.rows; row += commandRows(entry.words, row)) commands++;
    assert.equal(commands, entry.commands);
  }
});
