import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = memoryStreams();
  const code = await runProgram(args, streams);
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

test('help is an answer on stdout, with the commands and the exit codes', async () => {
  const { code, stdout, stderr } = await run('--help');
  assert.equal(code, exitCodes.ok);
  assert.match(stdout, /^ {2}data/m);
  assert.match(stdout, /^ {2}70 {2}a bug/m);
  assert.equal(stderr, '');
});

test('the help of a command shows its examples', async () => {
  const { code, stdout } = await run('data', '--help');
  assert.equal(code, exitCodes.ok);
  assert.match(stdout, /Examples:\n {2}\$ makewhole data\n/);
});

test('the version is the package\u2019s', async () => {
  const { code, stdout } = await run('--version');
  assert.equal(code, exitCodes.ok);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('no command is a refusal, and the list is shown', async () => {
  const { code, stdout, stderr } = await run();
  assert.equal(code, exitCodes.badInput);
  assert.equal(stdout, '');
  assert.match(stderr, /Usage: makewhole[\s\S]*makewhole: missing_command: /);
});

test('an unknown command is refused by name, once, with the nearest one', async () => {
  const { code, stdout, stderr } = await run('dta');
  assert.equal(code, exitCodes.badInput);
  assert.equal(stdout, '');
  assert.equal(stderr, "makewhole: unknown_command: unknown command 'dta'\n(Did you mean data?)\n");
});

test('with --json a refusal is the one JSON object on stdout', async () => {
  for (const [args, name] of [
    [['dta', '--json'], 'unknown_command'],
    [['data', '--json', '--nothing'], 'unknown_option'],
    [['data', '--json', 'a', 'b'], 'excess_arguments'],
    [['data', '--json', 'parquet'], 'unknown_format'],
    [['--json'], 'unknown_option'],
  ] as const) {
    const { code, stdout } = await run(...args);
    assert.equal(code, exitCodes.badInput, name);
    const answer: unknown = JSON.parse(stdout);
    assert.deepEqual(Object.keys(answer as object), ['error', 'message']);
    assert.equal((answer as { error: string }).error, name);
  }
});
