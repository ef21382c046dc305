// `makewhole start`, which is `npm start`: a market day, and a second process that proves it.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import type { Output } from './output.ts';
import { runWith } from './run.ts';
import { makerOf } from './run-record.ts';
import { runResult, summaryText } from './run-summary.ts';
import type { VerifyResult } from './verify.ts';

interface StartOptions {
  readonly accounts: number;
  readonly seed: number;
  readonly journal: string;
}

const DEFAULT_FOLDER = 'makewhole-day';

/** Adds the command `start`. */
export function registerStart(program: Command, frame: Frame): void {
  addCommand(program, 'start', {
    summary: 'trade the built-in market day and prove it by replay',
    description:
      'Trades the built-in market day (modelled on 19 January 2026), writes its journal to a folder, then replays the journal\n' +
      'from its first command in a second process, which must come to the same state root in every block.\n' +
      'A day that an earlier start left in the folder is traded anew.',
    examples: [
      ['start', 'what `npm start` does'],
      ['start --accounts 500 --seed 7', 'fewer traders, another day'],
    ],
  })
    .option('--accounts <n>', 'accounts that trade', wholeNumber(10, 1_000_000), 2000)
    .option('--seed <n>', 'decides what the traders do', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--journal <folder>', 'where the journal is kept', DEFAULT_FOLDER)
    .action(action<StartOptions>(frame, (output, options) => start(output, options)));
}

async function start(output: Output, options: StartOptions): Promise<ExitCode> {
  clearFolder(options.journal);
  const run = await runWith(output, options, 'start');
  output.say(summaryText(run));
  output.say();
  output.say(`The journal is in ${options.journal}. Replaying it from the first command in a second process …`);
  const verified = verifyElsewhere(options.journal);
  const agrees = verified.equal && verified.stateRoot === run.stateRoot;
  output.result({ ...runResult(run), verified });
  if (!agrees) {
    output.say(`It does NOT agree: ${JSON.stringify(verified.firstDivergence)}`);
    return exitCodes.finding;
  }
  const rate = Math.round(verified.commands / Math.max(verified.seconds, 1e-3)).toLocaleString('en-US');
  output.say(`Equal: ${verified.blocks} blocks, every root agrees (${rate} commands a second).`);
  output.say(`  state root here     ${run.stateRoot}`);
  output.say(`  state root replayed ${verified.stateRoot}`);
  output.say();
  output.say('Look further:');
  output.say(`  ./makewhole inspect --journal ${options.journal} --market BTC-USD-PERP`);
  output.say(`  ./makewhole inspect --journal ${options.journal} --block 700`);
  output.say('  ./makewhole run --help');
  return exitCodes.ok;
}

/** A folder of an earlier start is emptied; one that holds anything else is not touched. */
function clearFolder(folder: string): void {
  if (!existsSync(folder)) return;
  if (makerOf(folder) !== 'start') {
    const what = 'is there and was not made by an earlier start';
    throw new CommandError('folder_in_use', `${folder} ${what}; choose another with --journal`);
  }
  rmSync(folder, { recursive: true });
}

/** Runs `verify` in a process of its own, which shares nothing with this one but the files. */
function verifyElsewhere(folder: string): VerifyResult {
  const main = join(fileURLToPath(new URL('.', import.meta.url)), 'main.ts');
  const child = spawnSync(process.execPath, [main, 'verify', '--journal', folder, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== exitCodes.ok && child.status !== exitCodes.finding) {
    throw new Error(`the second process ended with ${child.status ?? child.signal ?? 'an error'}: ${child.stdout}`);
  }
  return JSON.parse(child.stdout) as VerifyResult;
}
