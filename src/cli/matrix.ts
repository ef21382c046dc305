// `makewhole matrix`: the corruption matrix.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, Option } from 'commander';
import { PENDING } from '../sim/faults/cases.ts';
import { type Fault, type Phase, PHASES, type Regime, REGIMES } from '../sim/faults/fault.ts';
import { faultsOf } from '../sim/faults/faults-of.ts';
import { cellsOf, runMatrix } from '../sim/faults/matrix.ts';
import { summarise } from '../sim/faults/matrix-summary.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { caseTable, summaryLines } from './matrix-table.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';

interface MatrixCommandOptions {
  readonly case?: string[];
  readonly regime?: Regime;
  readonly phase?: Phase;
  readonly guard: 'on' | 'off';
  readonly mutations?: number;
  readonly seed: number;
  readonly fault?: string;
  readonly database?: string;
}

/** Mutations that are tried when nobody says how many: of the whole matrix, and of a part of it. */
const MUTATIONS = 480;

/** Adds the command `matrix`. */
export function registerMatrix(program: Command, frame: Frame): void {
  addCommand(program, 'matrix', {
    summary: 'inject every known corruption into a running exchange',
    description:
      'Runs each case of the corruption matrix in four regimes and four phases of a small venue with realistic traders, beside a\n' +
      'true world that gets the same orders and the true inputs: with the guard, which must let no position be closed wrongly, and\n' +
      'without, where the case must do its harm or it tests nothing. Then mutations that nobody thought of. Exit code 1 when a\n' +
      'forced action was wrongful, a case of class I or II or a changed row of the database went unnoticed.',
    examples: [
      ['matrix', 'all of it, some minutes'],
      ['matrix --case C01 --regime crash', 'one case in one regime'],
      ['matrix --guard off --json', 'the harm alone'],
      ['matrix --fault my-fault.ts', 'faults of your own (docs/faults.md)'],
      ['matrix --case C01 --mutations 10000', 'ten thousand mutations'],
    ],
  })
    .option('--case <id>', 'run only this case; may be given again', collect)
    .addOption(new Option('--regime <regime>', 'run only this regime').choices(REGIMES))
    .addOption(new Option('--phase <phase>', 'run only this phase').choices(PHASES))
    .addOption(new Option('--guard <on|off>', 'off: only what happens without it').choices(['on', 'off']).default('on'))
    .option(
      '--mutations <n>',
      `mutations (default: ${MUTATIONS} of the whole matrix, none of a part)`,
      wholeNumber(0, 1_000_000),
    )
    .option('--seed <n>', 'decides prices, traders and mutations', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--database <url>', 'a PostgreSQL server for the cases of databases (default: embedded ones)')
    .option('--fault <file>', 'faults of your own: a module that exports them')
    .action(action<MatrixCommandOptions>(frame, matrix));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function matrix(output: Output, options: MatrixCommandOptions): Promise<ExitCode> {
  const { guard, seed } = options;
  const isGuarded = guard === 'on';
  const faultFile = options.fault === undefined ? undefined : pathToFileURL(resolve(options.fault)).href;
  const faults = chosen(await faultsOf(faultFile), options.case);
  const isPart = [options.case, options.regime, options.phase, options.fault].some((part) => part !== undefined);
  const mutations = isGuarded ? (options.mutations ?? (isPart ? 0 : MUTATIONS)) : 0;
  const regimes = options.regime === undefined ? REGIMES : [options.regime];
  const phases = options.phase === undefined ? PHASES : [options.phase];
  const cells = cellsOf({ faults, regimes, phases });
  output.say(
    `Running ${readableCount(cells)} cells${isGuarded ? ' with the guard and without' : ' without the guard'} …`,
  );
  const startMs = performance.now();
  let progress: ReturnType<typeof startProgress> | undefined;
  const result = await runMatrix({
    seed,
    faults,
    faultFile,
    regimes,
    phases,
    isGuarded,
    mutations,
    ...(options.database === undefined ? {} : { database: options.database }),
    onProgress: (done, total, note) => {
      progress ??= startProgress(output, 'matrix', total);
      progress.update(done, note);
    },
  }).finally(() => progress?.stop());
  const seconds = (performance.now() - startMs) / 1000;
  const summary = summarise(result);
  const pending = faultFile === undefined && options.case === undefined ? PENDING : [];
  output.say(caseTable(result, isGuarded));
  output.say();
  for (const line of summaryLines(result, summary, isGuarded)) output.say(line);
  for (const { id, name, needs } of pending) output.say(`pending: ${id} ${name}: ${needs}`);
  output.say(`${seconds.toFixed(1)} s.`);
  output.result({
    ...summary,
    pending,
    seed,
    seconds,
    mutations: result.mutations,
    controls: result.controls,
    rows: result.rows,
  });
  const unnoticed = result.mutations.database.unnoticed.length;
  const bad = [summary.wrongful, summary.undetected, summary.liveTouched, unnoticed];
  return bad.some((count) => count > 0) ? exitCodes.finding : exitCodes.ok;
}

/** The faults with these ids; all when none is named. */
function chosen(faults: readonly Fault[], ids: readonly string[] | undefined): readonly Fault[] {
  if (ids === undefined) return faults;
  return ids.map((id) => {
    const fault = faults.find((each) => each.id.toLowerCase() === id.toLowerCase());
    if (fault !== undefined) return fault;
    const pending = PENDING.find((each) => each.id.toLowerCase() === id.toLowerCase());
    if (pending !== undefined)
      throw new CommandError('case_pending', `${pending.id} ${pending.name}: ${pending.needs}`);
    throw new CommandError(
      'case_unknown',
      `there is no case ${id}; the cases are ${faults.map((each) => each.id).join(', ')}`,
    );
  });
}
