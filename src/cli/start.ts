// `makewhole start`, which is `npm start`: the night of 19 January 2026 without the guard and with it, and a second process that proves it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { PARADEX, scenarioOf } from '../sim/drill/drill.ts';
import { CASE_FOLDERS } from '../sim/drill/unguarded.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { drillWith } from './drill.ts';
import { resultLines } from './drill-summary.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import type { Output } from './output.ts';
import type { VerifyResult } from './verify.ts';

interface StartOptions {
  readonly accounts?: number;
  readonly seed: number;
  readonly out: string;
}

const DEFAULT_FOLDER = 'makewhole-drill';
/** Says that a start made the folder: only then the next one empties it. */
const MARK = 'made-by-start.json';
const { accounts: ACCOUNTS } = scenarioOf(PARADEX);

/** Adds the command `start`. */
export function registerStart(program: Command, frame: Frame): void {
  addCommand(program, 'start', {
    summary: 'the incident of 19 January 2026, without the guard and with it',
    description:
      'Runs the incident of 19 January 2026 as a story: first without the guard, from the restart that loads zeros to the last refund;\n' +
      'then with it. Leaves the journals, the receipts of all accounts and the public reports in a folder, and has a second process\n' +
      'replay the whole history. What an earlier start left in the folder is made anew.',
    examples: [
      ['start', 'what `npm start` does'],
      ['start --accounts 1000 --seed 7', 'fewer accounts, another night'],
    ],
  })
    .option('--accounts <n>', `accounts that trade (default: ${ACCOUNTS})`, wholeNumber(60, 200_000))
    .option('--seed <n>', 'decides prices, traders and what is corrupted', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--out <folder>', 'where journals, receipts and reports are left', DEFAULT_FOLDER)
    .action(action<StartOptions>(frame, (output, options) => start(output, options)));
}

function start(output: Output, { accounts, seed, out }: StartOptions): ExitCode {
  clearFolder(out);
  const of = (guard: 'off' | 'on') => ({
    guard,
    seed,
    out: join(out, `guard-${guard}`),
    ...(accounts === undefined ? {} : { accounts }),
  });
  output.say('FIRST, WITHOUT THE GUARD');
  const off = drillWith(output, PARADEX, of('off'));
  for (const line of resultLines(off)) output.say(line);
  output.say('\nA second process replays the whole history, the branch that was rolled back included …');
  const journal = join(out, 'guard-off', 'journal');
  const verified = verifyElsewhere(journal);
  for (const line of verifiedLines(verified)) output.say(line);
  output.say('\n\nNOW THE SAME NIGHT, WITH THE GUARD');
  const on = drillWith(output, PARADEX, of('on'));
  for (const line of resultLines(on)) output.say(line);
  sayWhere(output, out);
  output.result({ drills: [off, on], verified, out });
  return verified.equal && on.wrongful.count === 0 ? exitCodes.ok : exitCodes.finding;
}

function verifiedLines({ equal, blocks, firstDivergence, branches }: VerifyResult): string[] {
  if (!equal) return [`It does NOT agree: ${JSON.stringify(firstDivergence)}`];
  const dead = branches.filter((branch) => branch.isDead && branch.firstDivergence !== null);
  return [
    `Equal: every root of ${blocks} blocks agrees.`,
    ...dead.map(
      ({ fork, firstDivergence: parted }) =>
        `The branch that died, fork ${fork}, parts from its history at block ${parted?.height}: there the zeros were loaded.`,
    ),
  ];
}

function sayWhere(output: Output, out: string): void {
  const reopening = join(out, 'guard-off', CASE_FOLDERS.reopening);
  const lines = [
    '',
    `Everything is in ${out}:`,
    `  ${join(reopening, 'report.html')}   the public report of what was paid (report.md is the same in text)`,
    `  ${join(out, 'guard-off', CASE_FOLDERS.race, 'report.html')}        and that of the race, as it was measured before the decision`,
    `  ${join(reopening, 'receipts')}      a receipt for every account`,
    '',
    'Look further:',
    `  ./makewhole verify receipt ${join(reopening, 'receipts', '3.json')} --roots ${join(reopening, 'roots.json')}`,
    `  node verifier/verify-receipt.mjs ${join(reopening, 'receipts')} ${join(reopening, 'roots.json')}`,
    `  ./makewhole inspect --journal ${join(out, 'guard-off', 'journal')} --market BTC-USD-PERP`,
    '  ./makewhole drill --list',
  ];
  for (const line of lines) output.say(line);
}

/** A folder of an earlier start is emptied; one that holds anything else is not touched. */
function clearFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    if (!existsSync(join(folder, MARK))) {
      const what = 'is there and was not made by an earlier start';
      throw new CommandError('folder_in_use', `${folder} ${what}; choose another with --out`);
    }
    rmSync(folder, { recursive: true });
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, MARK), `${JSON.stringify({ madeBy: 'start' })}\n`);
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
