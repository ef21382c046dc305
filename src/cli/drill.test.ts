import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

async function makewhole(args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const streams = memoryStreams();
  const exitCode = await runProgram(args, streams);
  return { exitCode, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

async function json(args: string[]): Promise<{ exitCode: number; result: Record<string, unknown> }> {
  const { exitCode, stdout } = await makewhole([...args, '--json']);
  return { exitCode, result: JSON.parse(stdout) as Record<string, unknown> };
}

test('drills are listed by name, a line each', async () => {
  const { result, exitCode } = await json(['drill', '--list']);
  assert.equal(exitCode, exitCodes.ok);
  const names = (result['drills'] as { name: string }[]).map(({ name }) => name);
  assert.equal(names[0], 'paradex-2026-01-19');
  for (const name of ['stale-resume', 'wrong-denomination', 'torn-pair', 'split-drip', 'two-writers']) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ['outlier-source', 'payout-unit-slip', 'crash']) assert.ok(names.includes(name), name);
  const { stderr } = await makewhole(['drill', '--list']);
  for (const name of names) assert.match(stderr, new RegExp(`^${name} +\\w`, 'm'));
});

test('what cannot be run is named', async () => {
  const refusals: [string[], string][] = [
    [['drill'], 'missing_scenario'],
    [['drill', 'nope'], 'unknown_scenario'],
    [['drill', 'crash', '--markets', 'ETH'], 'option_not_for_drill'],
    [['drill', 'crash', '--data', 'prices'], 'option_not_for_drill'],
    [['drill', 'C01', '--fault', 'src/cli/program.ts'], 'bad_fault_file'],
    [['drill', 'paradex-2026-01-19', '--day', '2026-01-19'], 'option_needs_data'],
    [['drill', 'paradex-2026-01-19', '--markets', 'NOPE'], 'unknown_market'],
    [['drill', 'crash', '--accounts', '3'], 'invalid_argument'],
  ];
  for (const [args, name] of refusals) {
    const { result, exitCode } = await json(args);
    assert.equal(result['error'], name, args.join(' '));
    assert.equal(exitCode, exitCodes.badInput, args.join(' '));
  }
});

test('a drill is one JSON object with all its members, and a page for a person', async () => {
  const { result, exitCode } = await json(['drill', 'crash', '--guard', 'on', '--accounts', '300']);
  assert.equal(exitCode, exitCodes.ok);
  const members =
    'scenario guard accounts markets corrupted wrongful legitimate vetoes rollback secondWave remedy noRemedy timings';
  assert.deepEqual(Object.keys(result), [...members.split(' '), 'seconds']);
  const { stderr } = await makewhole(['drill', 'crash', '--guard', 'on', '--accounts', '300']);
  assert.match(stderr, /wrongful forced actions +0 on 0 accounts/);
  assert.match(stderr, /no remedy +no forced action was wrongful: nobody is owed anything/);
});
