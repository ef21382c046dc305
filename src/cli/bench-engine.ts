// `makewhole bench engine`: the engine's own speed.
import { type Command, Option } from 'commander';
import { benchEngine, type EngineResult } from '../../bench/engine.ts';
import { benchGrowth, type GrowthResult } from '../../bench/growth.ts';
import type { GuardedResult } from '../../bench/guarded.ts';
import { measureInChild } from '../../bench/in-child.ts';
import type { Series } from '../../bench/series.ts';
import { P5M, P5M50 } from '../../bench/workload.ts';
import {
  addRuns,
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

interface EngineOptions extends WorkloadOptions {
  readonly runs: number;
  readonly only?: 'matching' | 'full';
  readonly sketch?: string;
  readonly growth?: true;
  readonly guard?: true;
}

const GROWTH_OPERATIONS = 1_000_000;
const GROWTH_MARKETS = [1, 50, 500];
const GROWTH_ACCOUNTS = [10_000, 100_000, 1_000_000];

/** Adds `bench engine`. */
export function registerBenchEngine(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'engine', {
    summary: 'matching alone, and the whole engine',
    description:
      'Measures matching alone (one market) and the whole engine (fifty markets: margin, funding, fees, events) on the portable ' +
      'workload, each in a process of its own. Trades, volume, events and states are checked; what differs is not reported.',
    examples: [
      ['bench engine', 'both, five runs each'],
      ['bench engine --seed 7 --only matching', 'matching alone on other operations of the same kind'],
      ['bench engine --workload p5m.bin --only matching --json', 'on the operations in a file, as one JSON object'],
      ['bench engine --sketch reference/sketch', 'beside the sketches in that folder, with the ratio'],
      ['bench engine --guard', 'the whole engine with its guard and without, in turn'],
      ['bench engine --growth', 'the whole engine with more and more markets and accounts'],
    ],
  });
  addWorkloadOptions(addRuns(command, 5))
    .addOption(new Option('--only <part>', 'measure one part').choices(['matching', 'full']))
    .option('--sketch <folder>', 'run the sketches in this folder in the same minute')
    .addOption(
      new Option('--growth', 'a curve instead: 1, 50, 500 markets and 10 thousand to 1 million accounts').conflicts([
        'only',
        'sketch',
        'workload',
        'live',
      ]),
    )
    .addOption(
      new Option('--guard', 'what the guard costs: the whole engine with it and without, in turn').conflicts([
        'only',
        'sketch',
        'growth',
      ]),
    )
    .action(
      action<EngineOptions>(frame, async (output, options) => {
        if (options.growth === true) await growth(output, options);
        else if (options.guard === true) await guarded(output, options);
        else await engine(output, options);
        return exitCodes.ok;
      }),
    );
}

async function engine(output: Output, options: EngineOptions): Promise<void> {
  const machine = startMachine(output);
  const { runs, only, sketch } = options;
  const sources = {
    ...(only !== 'full' && { matching: workloadSource(options, P5M) }),
    ...(only !== 'matching' && { full: workloadSource(options, P5M50) }),
  };
  const result = await benchEngine({ runs, sources, ...(sketch !== undefined && { sketch }) }, (text) =>
    output.say(text),
  );
  output.say(`\n${engineText(result)}`);
  output.result({ ...result, ...machine });
}

async function growth(output: Output, options: EngineOptions): Promise<void> {
  const machine = startMachine(output);
  const { runs, operations = GROWTH_OPERATIONS, seed = 1, markets, accounts } = options;
  const request = {
    runs,
    operations,
    seed,
    markets: markets === undefined ? GROWTH_MARKETS : [markets],
    accounts: accounts === undefined ? GROWTH_ACCOUNTS : [accounts],
  };
  const result = await benchGrowth(request, (text) => output.say(text));
  output.say(`\n${growthText(result)}`);
  output.result({ growth: result, ...machine });
}

async function guarded(output: Output, options: EngineOptions): Promise<void> {
  const machine = startMachine(output);
  const source = workloadSource(options, P5M50);
  const result = await measureInChild('guarded', { source, runs: options.runs }, (text) => output.say(text));
  output.say(`\n${guardedText(result)}`);
  output.result({ guard: result, ...machine });
}

function guardedText(result: GuardedResult): string {
  const { plain, guarded: under, inOneThread, cost, cpuCost, oneThreadCost } = result;
  const [listening, takenBack, waited] = [result.listeningNsPerOp, result.takenBackNsPerOp, result.waitedNsPerOp];
  const { judged, held, workload } = result;
  const row = (name: string, { nsPerOp, best, cpuNsPerOp }: Series): string[] => [
    name,
    nsPerOp.toFixed(1),
    best.toFixed(1),
    cpuNsPerOp.toFixed(1),
  ];
  const rows = [
    ['', 'ns/op', 'best', 'CPU'],
    row('engine alone', plain),
    row('under its guard', under),
    row('the guard in its thread', inOneThread),
  ];
  const holds = Object.entries(held).map(([name, count]) => `${readableCount(count)} ${name}`);
  return [
    textTable(rows, ['left', 'right', 'right', 'right']),
    `The guard costs ${share(cost)} of the time, the median of runs in turn (${share(cpuCost)} of the engine's thread on its processor);`,
    `a second thread takes in what happened, ${listening.toFixed(0)} ns an operation; the engine's thread takes in ${takenBack.toFixed(0)} ns of it itself and`,
    `waits ${waited.toFixed(0)} ns. All in one thread the guard costs ${share(oneThreadCost)}.`,
    `${readableCount(judged)} forced actions judged; held: ${holds.length === 0 ? 'none' : holds.join(', ')}.`,
    `${workloadText(workload)}.`,
  ].join('\n');
}

function share(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function engineText({ matching, full, sketch, workload }: EngineResult): string {
  const row = (name: string, series: Series, ratio: number | undefined, found: string): string[] => [
    name,
    series.nsPerOp.toFixed(1),
    series.best.toFixed(1),
    `${(series.spread * 100).toFixed(0)} %`,
    series.cpuNsPerOp.toFixed(1),
    readableCount(series.opsPerSecond),
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
    found,
  ];
  const rows = [['', 'ns/op', 'best', 'spread', 'CPU', 'op/s', sketch === undefined ? '' : 'sketch', 'found']];
  const lines: string[] = [];
  if (matching !== undefined) {
    const found = `${readableCount(matching.trades)} trades, ${readableCount(matching.volume)} lots`;
    rows.push(row('matching alone', matching, sketch?.matching?.ratio, found));
    if (workload.matching !== undefined) lines.push(`Matching alone: ${workloadText(workload.matching)}.`);
  }
  if (full !== undefined) {
    const found = `${readableCount(full.events)} events, ${readableCount(full.trades)} trades`;
    rows.push(row('whole engine', full, sketch?.full?.ratio, found));
    if (workload.full !== undefined) lines.push(`Whole engine: ${workloadText(workload.full)}.`);
  }
  return [textTable(rows, ['left', 'right', 'right', 'right', 'right', 'right', 'right']), ...lines].join('\n');
}

function growthText({ points, operations }: GrowthResult): string {
  const heading = [
    'markets',
    'accounts',
    'ns/op',
    'best',
    'positions',
    'B/account',
    'B/position',
    'B/order',
    'state MB',
    'RSS MB',
  ];
  const rows = points.map((point) => [
    readableCount(point.markets),
    readableCount(point.accounts),
    point.nsPerOp.toFixed(0),
    point.best.toFixed(0),
    readableCount(point.positions),
    point.bytesPerAccount.reserved.toFixed(0),
    point.bytesPerPosition.reserved.toFixed(0),
    point.bytesPerOrder.reserved.toFixed(0),
    (point.stateBytes / 1e6).toFixed(0),
    (point.residentBytes / 1e6).toFixed(0),
  ]);
  const table = textTable(
    [heading, ...rows],
    heading.map(() => 'right' as const),
  );
  const [first] = points;
  if (first === undefined) return table;
  const { bytesPerAccount: account, bytesPerPosition: position, bytesPerOrder: order } = first;
  return `${table}\n${readableCount(operations)} operations at every point. Rows alone: ${account.row} bytes an account, ${position.row} a position, ${order.row} an order.`;
}
