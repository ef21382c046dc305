// `makewhole bench`: its arguments, its results as JSON and as text, and its refusals.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EngineResult } from '../../bench/engine.ts';
import type { GuardedResult } from '../../bench/guarded.ts';
import { withScratchFolder } from '../../bench/scratch-folder.ts';
import type { SketchSeries } from '../../bench/sketch.ts';
import { generateWorkload } from '../../bench/workload.ts';
import { writeWorkload } from '../../bench/workload-file.ts';
import { exitCodes } from '../../src/cli/errors.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';

const tiny = ['--operations', '2000', '--markets', '2', '--accounts', '50', '--live', '50', '--runs', '1'];

async function bench(...args: string[]) {
  const streams = memoryStreams();
  const code = await runProgram(['bench', ...args], streams);
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

async function benchJson(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await bench(...args, '--json');
  assert.equal(code, exitCodes.ok, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('engine prints both parts, their workload and the machine', async () => {
  const result = await benchJson('engine', ...tiny, '--seed', '9');
  assert.equal(result['node'], process.version);
  const { matching, full, workload } = result as unknown as EngineResult;
  const parameters = { operations: 2_000, markets: 2, accounts: 50, liveTarget: 50, seed: 9 };
  assert.deepEqual(workload.matching?.source, { parameters });
  assert.deepEqual(workload.full, workload.matching);
  assert.equal(matching?.trades, workload.matching?.trades);
  assert.deepEqual([full?.commands, full?.spotPrices, full?.ticks], [2_080, 40, 20]);
  for (const part of [matching, full]) {
    assert.ok(part !== undefined && part.nsPerOp > 0 && part.opsPerSecond > 0 && part.best > 0);
    assert.equal(part.runs.length, 1);
  }
});

test('engine with --guard measures both sides of the guard on one session', async () => {
  const result = await benchJson('engine', '--guard', ...tiny);
  const { plain, guarded, costs, judged, held } = result['guard'] as GuardedResult;
  assert.ok(plain.nsPerOp > 0 && guarded.nsPerOp > 0);
  assert.equal(costs.length, 1);
  const sum = Object.values(held).reduce((total, count) => total + count, 0);
  assert.ok(sum <= judged);
});

test('engine measures the operations of a file, one part alone, and says so in words', async () => {
  await withScratchFolder(undefined, async (folder) => {
    const file = join(folder, 'operations.bin');
    const workload = generateWorkload({ operations: 3_000, markets: 2, accounts: 40, liveTarget: 60, seed: 4 });
    writeWorkload(file, workload);
    const result = await bench('engine', '--workload', file, '--only', 'matching', '--runs', '1');
    assert.equal(result.code, exitCodes.ok);
    assert.equal(result.stdout, '');
    assert.match(result.stderr, /^matching: run 1 of 1: [\d.]+ ns$/m);
    assert.match(
      result.stderr,
      new RegExp(`^matching alone .* ${workload.trades.toLocaleString('en-US')} trades`, 'm'),
    );
    assert.doesNotMatch(result.stderr, /whole engine/i);
  });
});

test('engine --growth measures every pair in a process of its own', async () => {
  const args = ['--operations', '2000', '--markets', '2', '--accounts', '50', '--runs', '1'];
  const { growth } = (await benchJson('engine', '--growth', ...args)) as { growth: { points: object[] } };
  assert.equal(growth.points.length, 1);
  const [point] = growth.points as [Record<string, unknown>];
  assert.deepEqual([point['markets'], point['accounts']], [2, 50]);
  assert.deepEqual(Object.keys(point['bytesPerPosition'] as object), ['row', 'reserved']);
});

test('engine --sketch runs the sketches of a folder on the same operations and gives the ratio', async () => {
  await withScratchFolder(undefined, async (folder) => {
    const { trades } = generateWorkload({ operations: 2_000, markets: 2, accounts: 50, liveTarget: 50, seed: 1 });
    const script = (found: number): string =>
      `console.log('verify ' + JSON.stringify({ trades: ${found} }));\n` +
      'const runs = Number(process.argv.at(-1));\n' +
      'console.log(JSON.stringify({ ns: Array.from({ length: runs }, () => 2) }));\n';
    for (const name of ['engine-b.mjs', 'engine-r.mjs', 'load.mjs', 'bench-r.mjs']) {
      writeFileSync(join(folder, name), '');
    }
    const args = ['engine', ...tiny, '--sketch', folder, '--only', 'matching', '--json'];
    const missing = await bench(...args);
    assert.equal(missing.code, exitCodes.badInput);
    assert.match(missing.stdout, /"error":"sketch_not_found","message":"there is no bench-match\.mjs in /);
    writeFileSync(join(folder, 'bench-match.mjs'), script(trades + 1));
    assert.match((await bench(...args)).stdout, /"error":"sketch_differs"/);
    writeFileSync(join(folder, 'bench-match.mjs'), script(trades));
    const { sketch, matching } = JSON.parse((await bench(...args)).stdout) as {
      sketch: { matching: SketchSeries };
      matching: { nsPerOp: number };
    };
    assert.deepEqual(sketch.matching.runs, [2, 2]);
    assert.equal(sketch.matching.ratio, Number((matching.nsPerOp / 2).toFixed(2)));
  });
});

test('journal and snapshot print one JSON object each', async () => {
  const grouping = ['--batch', '64', '--block', '300'];
  const journal = await benchJson('journal', ...tiny, ...grouping, '--rate', '50000', '--seconds', '1');
  assert.deepEqual([journal['commands'], journal['batchCommands'], journal['blockCommands']], [2_080, 64, 300]);
  assert.deepEqual(Object.keys(journal['shares'] as object), ['engine', 'append', 'sync', 'roots']);
  assert.equal((journal['latency'] as { commands: number }).commands, 2_080);
  const venue = ['--accounts', '49', '--positions', '9', '--markets', '3', '--orders', '7'];
  const snapshot = await benchJson('snapshot', ...venue, '--runs', '1');
  assert.deepEqual([snapshot['accounts'], snapshot['positions'], snapshot['liveOrders']], [50, 150, 7]);
});

test('replay, root and amount say in words what they found', async () => {
  const texts: readonly (readonly [string[], RegExp])[] = [
    [['replay', ...tiny], /^2,186 commands in 3 blocks\. 2,000 operations, 2 markets, 50 accounts\.$/m],
    [['root', ...tiny], /^commands a block +pages a block +ns a page +ns a command +copy alone$/m],
    [['amount', '--operations', '1000', '--runs', '1'], /^sum of products +beyond 2\^53 +[\d.]+ +[\d.]+ +[\d.]+ ×$/m],
  ];
  for (const [args, expected] of texts) {
    const { code, stdout, stderr } = await bench(...args);
    assert.equal(code, exitCodes.ok, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, expected);
  }
});

test('what cannot be measured is refused by name', async () => {
  const refused: readonly (readonly [string[], string])[] = [
    [[], 'missing_command'],
    [['speed'], 'unknown_command'],
    [['engine', '--only', 'half'], 'invalid_argument'],
    [['engine', '--runs', '0'], 'invalid_argument'],
    [['engine', '--workload', 'operations.bin', '--seed', '3'], 'conflicting_option'],
    [['engine', '--growth', '--only', 'full'], 'conflicting_option'],
    [['engine', '--workload', 'src', '--only', 'matching'], 'not_a_file'],
    [['engine', '--workload', 'package.json', '--only', 'full'], 'workload_invalid'],
    [['snapshot', '--accounts', '50'], 'too_many_orders'],
    [['snapshot', '--accounts', '50', '--orders', '9', '--folder', 'no-such-folder'], 'file_not_found'],
  ];
  for (const [args, name] of refused) {
    const { code, stderr } = await bench(...args);
    assert.equal(code, exitCodes.badInput, args.join(' '));
    assert.match(stderr, new RegExp(`^makewhole: ${name}: `, 'm'), args.join(' '));
  }
});

test('the help of each benchmark shows its examples', async () => {
  for (const name of ['engine', 'journal', 'root', 'snapshot', 'replay', 'amount']) {
    const { code, stdout } = await bench(name, '--help');
    assert.equal(code, exitCodes.ok);
    assert.match(stdout, new RegExp(`Examples:\\n {2}\\$ makewhole bench ${name}\\n`));
  }
});
