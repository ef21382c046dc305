// Every measurement on a tiny workload: what it counts and checks. Times are not looked at.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { measureAmount } from '../../bench/amount.ts';
import { requireState, StateDiffers } from '../../bench/fingerprint.ts';
import { measureFull } from '../../bench/full.ts';
import { growthParameters } from '../../bench/growth.ts';
import { measureJournal } from '../../bench/journal.ts';
import { percentiles } from '../../bench/latency.ts';
import { measureMatching } from '../../bench/matching.ts';
import { recordInThread } from '../../bench/recording.ts';
import { measureReplay } from '../../bench/replay.ts';
import { measureRoot } from '../../bench/root.ts';
import { requireRoot, RootsDiffer } from '../../bench/root-blocks.ts';
import { filesystemOf, withScratchFolder } from '../../bench/scratch-folder.ts';
import { median, type Run, seriesOf } from '../../bench/series.ts';
import { measureSnapshot } from '../../bench/snapshot.ts';
import { makeWideVenue } from '../../bench/wide-venue.ts';
import { genesis } from '../../src/engine/state.ts';

const parameters = { operations: 5_000, markets: 3, accounts: 200, liveTarget: 100, seed: 5 };
const source = { parameters };
const grouping = { batchCommands: 64, blockCommands: 500 };
const silent = (): void => undefined;

test('matching alone finds what the reference books find', async () => {
  for (const seed of [1, 2, 3]) {
    const result = await measureMatching({ source: { parameters: { ...parameters, seed } }, runs: 2 }, silent);
    assert.equal(result.runs.length, 2);
    assert.equal(result.trades, result.workload.trades);
    assert.ok(result.trades > 500 && result.volume > result.trades);
  }
});

test('the whole engine counts its events by kind, and its memory by what it is for', async () => {
  const result = await measureFull({ source, runs: 1 }, silent);
  const { workload, memory } = result;
  assert.equal(workload.operations, 5_000);
  // Twenty ticks, with each the price of the collateral, and in the 250 operations between two a price of each market.
  assert.deepEqual([result.spotPrices, result.ticks, result.commands], [60, 20, 5_100]);
  assert.ok(result.trades > 500 && result.events > result.trades);
  assert.ok((result.closed['USER_CANCELED'] ?? 0) > 1_000 && result.liveOrders > 0 && result.positions > 200);
  assert.deepEqual([memory.account.row, memory.position.row, memory.order.row], [96, 128, 64]);
  assert.ok(memory.account.reserved >= 96 && memory.stateBytes > 1e6 && memory.residentBytes > memory.stateBytes);
});

test('a recording says what its commands lead to, and another state is refused', async () => {
  const recording = await recordInThread({ source, withForced: true });
  assert.equal(recording.commands.commands, 5_100);
  assert.equal(recording.commands.rows, 5_100);
  assert.throws(() => requireState('a run', genesis(), recording.outcome.fingerprint), StateDiffers);
});

test('a recording that cannot be made is refused by the name of its cause', async () => {
  const refused = recordInThread({ source: { path: 'package.json' }, withForced: true });
  await assert.rejects(refused, { code: 'workload_invalid', message: /^package\.json: / });
});

test('the durable loop ends in the recorded state, and every command waits its time', async () => {
  const request = { ...grouping, source, runs: 1, rate: 100_000, pacedSeconds: 0.02 };
  const result = await measureJournal(request, silent);
  assert.equal(result.commands, 5_100);
  assert.deepEqual([result.batchCommands, result.blockCommands], [64, 500]);
  // Blocks end with the first batch that fills them: eight batches of 64. Batches end at a tick's proposals too, never before.
  assert.deepEqual([result.blocks, result.syncs], [10, 81]);
  assert.ok(result.journalBytes > 5_100 * 64);
  assert.deepEqual([result.latency.rate, result.latency.commands], [100_000, 2_000]);
  const { p50Ms, p99Ms, p999Ms, maxMs } = result.latency;
  assert.ok(0 < p50Ms && p50Ms <= p99Ms && p99Ms <= p999Ms && p999Ms <= maxMs);
});

test('a journal is replayed whole, with the opening of the venue', async () => {
  const result = await measureReplay({ ...grouping, source, runs: 1 }, silent);
  // Three markets, their prices and the collateral's, a tick, two hundred accounts and deposits; then the session.
  assert.equal(result.commands, 3 + 3 + 1 + 1 + 400 + 5_100);
  // The block before the first command, the opening's, the session's.
  assert.equal(result.blocks, 1 + 1 + 10);
});

test('roots that were computed step by step are those of the whole state', async () => {
  const request = { source, runs: 1, touchedPages: [1, 10, 1_000_000], blockCommands: [100, 2_000] };
  const result = await measureRoot(request, silent);
  assert.deepEqual(
    result.touched.map(({ pages }) => pages),
    [1, 10, result.pages],
  );
  assert.deepEqual(
    result.blocks.map(({ blockCommands, blocks }) => [blockCommands, blocks]),
    [
      [100, 51],
      [2_000, 3],
    ],
  );
  const wrong = { stateRoot: new Uint8Array(32), rulesHash: new Uint8Array(32) };
  assert.throws(() => requireRoot('after nothing', wrong, genesis()), RootsDiffer);
});

const venue = { markets: 4, accounts: 100, positionsPerAccount: 3, liveOrders: 50 };

test('a snapshot is as large as its state and loads as it was written', async () => {
  const result = await measureSnapshot({ ...venue, runs: 1 }, silent);
  assert.equal(result.positions, 300);
  assert.ok(result.bytes > 300 * 128 && result.bytes % 4096 === 0);
  assert.deepEqual([result.write.runs.length, result.load.runs.length], [1, 1]);
});

test('the wide venue has the positions and the live orders that were asked for, all traded', () => {
  const state = makeWideVenue(venue);
  assert.deepEqual([state.position.live, state.order.live, state.account.live], [300, 50, 102]);
});

test('both techniques of exact money agree, and are measured within and beyond 2^53', async () => {
  const { pairs } = await measureAmount({ runs: 1, operations: 1_000 }, silent);
  assert.deepEqual(
    pairs.map(({ operation, range }) => `${operation} ${range}`),
    ['product_sum wide', 'multiply_divide_floor wide', 'product_sum safe', 'multiply_divide_floor safe'],
  );
});

test('the curve has as many live orders at every number of markets', () => {
  const request = { markets: [], accounts: [], operations: 10, runs: 1, seed: 3 };
  const targets = [1, 50, 500].map((markets) => markets * growthParameters(request, markets, 10).liveTarget);
  assert.deepEqual(targets, [200_000, 200_000, 200_000]);
});

test('a series is told by its median, its best and its spread; the first run is not among them', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  const run = (wallNs: number): Run => ({ elapsed: { wallNs, cpuNs: wallNs / 2 }, units: 10 });
  assert.deepEqual(seriesOf(run(9000), [run(1000), run(1250), run(800)]), {
    nsPerOp: 100,
    opsPerSecond: 10_000_000,
    best: 80,
    spread: 0.45,
    first: 900,
    runs: [100, 125, 80],
    cpuNsPerOp: 50,
  });
});

test('percentiles are ranks: of a hundred waits the 99th, and the largest', () => {
  const waits = Float64Array.from({ length: 100 }, (_, n) => 100 - n);
  assert.deepEqual(percentiles(waits), { p50Ms: 50, p99Ms: 99, p999Ms: 100, maxMs: 100 });
});

test('a scratch folder is gone afterwards, after an error too', async () => {
  const seen: string[] = [];
  await assert.rejects(
    withScratchFolder(undefined, (folder) => {
      seen.push(folder);
      assert.match(filesystemOf(folder), /./);
      throw new Error('as it may happen');
    }),
    /as it may happen/,
  );
  assert.deepEqual(seen.map(existsSync), [false]);
});
