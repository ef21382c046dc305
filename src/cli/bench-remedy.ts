// `makewhole bench remedy`: what it costs to find out what a correction changes, and to draft what is owed.
import { type Command, Option } from 'commander';
import { measureInChild } from '../../bench/in-child.ts';
import type { ConeMeasured, ConePoint, ConeResult } from '../../bench/remedy-cone.ts';
import type { CasesResult } from '../../bench/remedy-cases.ts';
import type { DraftResult } from '../../bench/remedy-draft.ts';
import { P5M50 } from '../../bench/workload.ts';
import type { WorkloadSource } from '../../bench/workload-source.ts';
import { wholeNumber } from './arguments.ts';
import {
  addWorkloadOptions,
  startMachine,
  type WorkloadOptions,
  workloadSource,
  workloadText,
} from './bench-options.ts';
import { action, addCommand, type Frame } from './command.ts';
import { exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface RemedyOptions extends WorkloadOptions {
  readonly only?: 'cone' | 'draft' | 'cases';
  readonly dropped: number;
  readonly batch: number;
  readonly block: number;
  readonly verify: boolean;
  readonly folder?: string;
}

/** Adds `bench remedy`. */
export function registerBenchRemedy(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'remedy', {
    summary: 'what a correction changes, and the draft of what is owed',
    description:
      'First how far a correction spreads: orders are left out of a recorded session, or a funding index was lost in it, and what that ' +
      'changes is found by executing only the markets it reaches; a full replay of both worlds must find the same, and is timed beside it. Then the draft of a remedy ' +
      'over the whole session, from a journal in files to claims, both trees and a receipt for every account.',
    examples: [
      ['bench remedy', 'five million operations, 50 markets, 100,000 accounts: some minutes'],
      ['bench remedy --only cone --operations 1000000', 'the curve alone, on a shorter session'],
      ['bench remedy --only draft --dropped 90 --json', 'the draft alone, as JSON'],
      [
        'bench remedy --only cases --operations 1000000',
        'what asking costs: first, again, from a file, by a full replay',
      ],
    ],
  });
  addWorkloadOptions(command)
    .addOption(new Option('--only <part>', 'one part alone').choices(['cone', 'draft', 'cases']))
    .option('--dropped <n>', 'orders that the drafted case leaves out', wholeNumber(1, 100_000), 90)
    .option('--batch <n>', 'commands of a batch of the journal', wholeNumber(1, 65_536), 4096)
    .option('--block <n>', 'commands of a block', wholeNumber(1, 10_000_000), 65_536)
    .option('--no-verify', 'cones without the full replays that prove them')
    .option('--folder <folder>', 'where to write (default: the folder for temporary files)')
    .action(
      action<RemedyOptions>(frame, async (output, options) => {
        const machine = startMachine(output);
        const source = workloadSource(options, P5M50);
        const { only } = options;
        const does = (part: RemedyOptions['only']): boolean =>
          only === part || (only === undefined && part !== 'cases');
        const cone = does('cone') ? await benchCone(output, source, options) : undefined;
        const draft = does('draft') ? await benchDraft(output, source, options) : undefined;
        const cases = does('cases') ? await benchCases(output, source, options) : undefined;
        output.result({ ...(cone && { cone }), ...(draft && { draft }), ...(cases && { cases }), ...machine });
        return exitCodes.ok;
      }),
    );
}

async function benchCone(output: Output, source: WorkloadSource, options: RemedyOptions): Promise<ConeResult> {
  const markets = 'parameters' in source ? source.parameters.markets : P5M50.markets;
  const request = { source, points: pointsOf(markets), isVerified: options.verify };
  const result = await measureInChild('cone', request, (text) => output.say(text));
  output.say(`\n${coneText(result)}\n`);
  return result;
}

/** From one order of a quiet market to many of all; and the funding index of a quiet market, of another, and of the busiest. */
function pointsOf(markets: number): ConePoint[] {
  const quiet = markets;
  const middle = Math.ceil(markets / 4);
  const points = [
    [quiet, 1],
    [quiet, 8],
    [quiet, 90],
    [middle, 8],
    [Math.ceil(markets / 20), 8],
    [1, 8],
    [0, 2],
    [0, 8],
    [quiet, 0],
    [middle, 0],
    [1, 0],
  ] as const;
  return points.map(([market, dropped]) => ({ market, dropped }));
}

async function benchDraft(output: Output, source: WorkloadSource, options: RemedyOptions): Promise<DraftResult> {
  const { dropped, batch, block, folder } = options;
  const grouping = { batchCommands: batch, blockCommands: block };
  const request = { source, dropped, ...grouping, ...(folder !== undefined && { folder }) };
  const result = await measureInChild('draft', request, (text) => output.say(text));
  output.say(`\n${draftText(result)}`);
  return result;
}

async function benchCases(output: Output, source: WorkloadSource, options: RemedyOptions): Promise<CasesResult> {
  const { batch, block, folder } = options;
  const market = 'parameters' in source ? source.parameters.markets : P5M50.markets;
  const grouping = { batchCommands: batch, blockCommands: block };
  const request = { source, market, dropped: 8, ...grouping, ...(folder !== undefined && { folder }) };
  const result = await measureInChild('cases', request, (text) => output.say(text));
  output.say(`\n${casesText(result)}`);
  return result;
}

function casesText(result: CasesResult): string {
  const { commands, dropped, market, executed, fileMegabytes, workload } = result;
  const { firstSeconds, furtherSeconds, fromFileSeconds, fullSeconds } = result;
  return [
    `${dropped} orders left out of market ${market}, of ${readableCount(commands)} commands: ${readableCount(executed)} are executed.`,
    `The first case of the window ${firstSeconds} s, a further one ${furtherSeconds} s, with the window in a file (${fileMegabytes} MB) ${fromFileSeconds} s;`,
    `by a full replay of both worlds ${fullSeconds} s. ${workloadText(workload)}.`,
  ].join('\n');
}

function coneText(result: ConeResult): string {
  const { points, commands, decisions, indexSeconds, copyMegabytes, copySeconds, workload } = result;
  const table = textTable(
    [
      [
        'wrong',
        'of market',
        'markets',
        'executed',
        'otherwise',
        'accounts',
        'passes',
        'MB',
        'cone s',
        'full s',
        'ratio',
      ],
      ...points.map(rowOf),
    ],
    Array.from({ length: 11 }, () => 'right' as const),
  );
  const about = `Index of ${readableCount(commands)} commands, ${readableCount(decisions)} decisions: ${indexSeconds} s. A second whole state: ${copyMegabytes} MB, ${copySeconds} s.`;
  const beyond = points.filter(({ kind }) => kind === 'beyond').map(({ why }) => why);
  const left = beyond.length === 0 ? '' : `\nLeft to the full replay: ${[...new Set(beyond)].join('; ')}.`;
  return `${table}${left}\nSeconds of a processor. ${about} ${workloadText(workload)}.`;
}

function rowOf(point: ConeMeasured): string[] {
  const { dropped, market, kind, markets, executed, differing, accounts, passes, partMegabytes } = point;
  const { coneSeconds, fullSeconds } = point;
  const head = [dropped === 0 ? 'index lost' : readableCount(dropped), market === 0 ? 'many' : String(market)];
  const full = fullSeconds === null ? '' : String(fullSeconds);
  if (kind === 'beyond')
    return [...head, '', readableCount(executed), '', '', '', '', String(coneSeconds), full, 'full'];
  const ratio = fullSeconds === null ? '' : `${(fullSeconds / coneSeconds).toFixed(1)} ×`;
  return [
    ...head,
    String(markets),
    readableCount(executed),
    readableCount(differing),
    readableCount(accounts),
    String(passes),
    String(partMegabytes),
    String(coneSeconds),
    full,
    ratio,
  ];
}

function draftText(result: DraftResult): string {
  const { assessed, paid, residual, draftSeconds, draftCpuSeconds, writeSeconds, commands, dropped, workload } = result;
  return [
    `Draft: ${draftSeconds} s (${draftCpuSeconds} s of a processor) from the journal to claims, roots and ${readableCount(assessed)} receipts.`,
    `${readableCount(commands)} commands, ${readableCount(dropped)} left out; ${readableCount(paid)} accounts are paid; conservation residual ${residual}.`,
    `Writing the case's files: ${writeSeconds} s. ${workloadText(workload)}.`,
  ].join('\n');
}
