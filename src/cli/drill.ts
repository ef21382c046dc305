// `makewhole drill`: an incident that happened, run again from the first cause to the last payment, with the guard or without.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, Option } from 'commander';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { PARADEX, runDrill, SCENARIOS, scenarioOf } from '../sim/drill/drill.ts';
import { runFaultScenario } from '../sim/drill/fault-scenario.ts';
import type { DrillResult } from '../sim/drill/result.ts';
import { type Phase, PHASES, type Regime, REGIMES } from '../sim/faults/fault.ts';
import { faultsOf } from '../sim/faults/faults-of.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { storyOf } from './drill-story.ts';
import { resultLines } from './drill-summary.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openDay } from './open-day.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface DrillOptions {
  readonly guard: 'on' | 'off';
  readonly accounts?: number;
  readonly data?: string;
  readonly day?: string;
  readonly market?: string[];
  readonly markets?: string[];
  readonly seed: number;
  readonly out?: string;
}

interface DrillCommandOptions extends DrillOptions {
  readonly list?: boolean;
  readonly fault?: string;
  readonly regime: Regime;
  readonly phase: Phase;
}

/** Of a drill with a fault of one's own, unless said. */
const OWN_ACCOUNTS = 1200;

/** Adds the command `drill`. */
export function registerDrill(program: Command, frame: Frame): void {
  addCommand(program, 'drill', {
    summary: 'run an incident that happened, with the guard or without',
    description:
      'Runs an incident that happened on a venue of its own, with seeded traders, beside the same run in which nothing goes wrong.\n' +
      `The first one, ${PARADEX}, goes all the way without the guard: the cascade, the halt, what each remedy would cost,\n` +
      'the rollback, a careless reopening and the ladder, claims, receipts, approval by two, payment, the report. With the guard the\n' +
      'same fault is refused. The same options give the same history.',
    examples: [
      ['drill --list', 'all drills, a line each'],
      [`drill ${PARADEX} --guard off --out drill`, 'the incident, with everything it leaves in the folder drill'],
      [`drill ${PARADEX} --guard on --json`, 'the same fault against the guard'],
      [`drill ${PARADEX} --markets ETH,SOL --seed 7`, 'other markets, another night'],
      [`drill ${PARADEX} --data prices --day 2020-03-12`, 'on a recorded day'],
      ['drill crash --guard on', 'the negative control'],
      ['drill my-id --fault my-fault.ts --phase restart --guard on', 'a fault of your own'],
    ],
  })
    .argument('[scenario]', 'a drill of the list')
    .option('--list', 'list the drills')
    .addOption(new Option('--guard <on|off>', 'with the guard or without').choices(['on', 'off']).default('off'))
    .option('--accounts <n>', 'accounts that trade', wholeNumber(60, 200_000))
    .option('--data <path>', 'recorded price bars: a file or a folder (`makewhole data` lists the formats)')
    .option('--day <YYYY-MM-DD>', 'the UTC day of the data (default: its last full day)')
    .option('--market <name>', 'trade only this market of the data; may be given again', collect)
    .option('--markets <names>', 'the markets that the fault corrupts, with commas between them', namesOf)
    .option('--seed <n>', 'decides prices, traders and what is corrupted', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--fault <file>', 'a fault of your own, by its id: a module that exports it (docs/faults.md)')
    .addOption(
      new Option('--regime <regime>', 'what the market does meanwhile (--fault)').choices(REGIMES).default('calm'),
    )
    .addOption(
      new Option('--phase <phase>', 'what the venue does meanwhile (--fault)').choices(PHASES).default('steady'),
    )
    .option('--out <folder>', 'where journal, receipts and report are left (default: nowhere)')
    .action(
      action<DrillCommandOptions>(frame, async (output, options, [name]) => {
        if (options.list === true) return list(output);
        if (name === undefined) throw new CommandError('missing_scenario', 'name a drill: makewhole drill --list');
        const result = options.fault === undefined ? drillWith(output, name, options) : await ownFault(name, options);
        for (const line of resultLines(result)) output.say(line);
        output.result(result);
        return isSound(result) ? exitCodes.ok : exitCodes.finding;
      }),
    );
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function list(output: Output): ExitCode {
  output.say(textTable([['drill', 'what happened'], ...SCENARIOS.map(({ name, summary }) => [name, summary])]));
  output.result({ drills: SCENARIOS.map(({ name, summary }) => ({ name, summary })) });
  return exitCodes.ok;
}

/** Runs a drill and tells its story. Refuses (named) options that it does not have, and a folder that holds anything. */
export function drillWith(output: Output, name: string, options: DrillOptions): DrillResult {
  const { takesDay, summary } = scenarioOf(name);
  const { data, day, market, markets, out, accounts, guard, seed } = options;
  const isRecorded = data !== undefined || day !== undefined || market !== undefined;
  if (!takesDay && (isRecorded || markets !== undefined)) {
    throw new CommandError('option_not_for_drill', `only ${PARADEX} takes a day and markets`);
  }
  const recorded = isRecorded ? openDay({ data, market, day, seed }) : undefined;
  output.say(`${summary}.`);
  const journal = openJournal(out);
  const story = storyOf(output);
  try {
    return runDrill({
      scenario: name,
      guard,
      accounts,
      seed,
      day: recorded,
      markets,
      journal,
      folder: out,
      told: story.told,
    });
  } finally {
    story.stop();
    journal.close();
  }
}

/** With the guard nothing wrongful may happen; and what is paid must be provable twice. */
function isSound({ guard, wrongful, remedy }: DrillResult): boolean {
  const isProven =
    remedy === null ||
    (remedy.conservationResidual === '0' &&
      remedy.receiptsVerified === remedy.assessed &&
      remedy.independentVerified === remedy.assessed);
  return isProven && (guard === 'off' || wrongful.count === 0);
}

/** A fault of one's own, by its id, beside the true world in one regime and phase. Refuses (named) what the file does not export. */
async function ownFault(id: string, options: DrillCommandOptions): Promise<DrillResult> {
  const { fault: file, regime, phase, guard, seed, accounts = OWN_ACCOUNTS } = options;
  const faults = await faultsOf(pathToFileURL(resolve(file as string)).href);
  const fault = faults.find((each) => each.id === id);
  if (fault === undefined) {
    throw new CommandError(
      'unknown_scenario',
      `${file} has no fault "${id}"; it has ${faults.map((each) => each.id).join(', ')}`,
    );
  }
  const journal = openJournal(options.out);
  try {
    const scenario = { name: id, summary: fault.name, fault, about: 'first', regime, phase } as const;
    return runFaultScenario(scenario, { guard, seed, accounts, journal, folder: options.out });
  } finally {
    journal.close();
  }
}

function openJournal(out: string | undefined): Journal {
  if (out === undefined) return new MemoryJournal();
  mkdirSync(out, { recursive: true });
  const { journal } = openFileJournal(join(out, 'journal'));
  if (journal.sequence === 0 && journal.height < 0) return journal;
  journal.close();
  throw new CommandError('folder_in_use', `${out} holds an earlier drill; choose another --out`);
}
