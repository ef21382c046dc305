import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { action, addCommand, type Frame } from './command.ts';
import { exitCodes, type ExitCode } from './errors.ts';
import type { Output } from './output.ts';
import { memoryStreams } from './streams.fixture.ts';

async function runCommand(
  args: string[],
  work: (output: Output, options: { size?: string }, args: readonly string[]) => ExitCode | Promise<ExitCode>,
): Promise<{ frame: Frame; stdout: string }> {
  const streams = memoryStreams();
  const frame: Frame = { streams, exitCode: exitCodes.ok };
  const program = new Command().exitOverride();
  addCommand(program, 'measure', { summary: 's', description: 'd', examples: [['measure', 'measures']] })
    .argument('[names...]')
    .option('--size <n>')
    .action(action(frame, work));
  await program.parseAsync(['measure', ...args], { from: 'user' });
  return { frame, stdout: streams.stdout.text };
}

test('a command gets its options and arguments, and its exit code is kept', async () => {
  const { frame, stdout } = await runCommand(['a', 'b', '--size', '3', '--json'], (output, options, args) => {
    output.result({ size: options.size, args });
    return exitCodes.finding;
  });
  assert.equal(frame.exitCode, exitCodes.finding);
  assert.deepEqual(JSON.parse(stdout), { size: '3', args: ['a', 'b'] });
});

test('a command that owes --json its object is a bug, whatever it found', async () => {
  for (const code of [exitCodes.ok, exitCodes.finding]) {
    await assert.rejects(
      runCommand(['--json'], () => code),
      /measure printed no result/,
    );
  }
});
