// `makewhole bench journal`, `root`, `snapshot` and `replay`: what it costs to keep history.
import type { Command } from 'commander';
import { measureInChild } from '../../bench/in-child.ts';
import { P5M50 } from '../../bench/workload.ts';
import { wholeNumber } from './arguments.ts';
import { journalText, replayText, rootText, snapshotText } from './bench-text.ts';
import { addRuns, addWorkloadOptions, startMachine, type WorkloadOptions, workloadSource } from './bench-options.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';

interface FolderOptions {
  readonly runs: number;
  readonly folder?: string;
}

interface LoopOptions extends WorkloadOptions, FolderOptions {
  readonly batch: number;
  readonly block: number;
}

function addFolder(command: Command): Command {
  return command.option('--folder <folder>', 'where to write (default: the folder for temporary files)');
}

function addGrouping(command: Command): Command {
  return command
    .option('--batch <n>', 'commands that are written and synced together', wholeNumber(1, 65_536), 4096)
    .option('--block <n>', 'commands of a block', wholeNumber(1, 10_000_000), 65_536);
}

function grouping({ batch, block, folder, runs }: LoopOptions) {
  return { batchCommands: batch, blockCommands: block, runs, ...(folder !== undefined && { folder }) };
}

/** Adds `bench journal`. */
export function registerBenchJournal(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'journal', {
    summary: 'the durable loop: commands a second, and how long one waits',
    description:
      'Runs the exchange as a server does: engine, journal in files, a sync for every batch, blocks, state roots in another thread. ' +
      'First as fast as it goes, then at a fixed rate (half of what was measured) for the wait of a command until it is durable.',
    examples: [
      ['bench journal', 'five runs, then four seconds at half the rate'],
      ['bench journal --batch 1024 --block 16384', 'smaller batches and blocks'],
      ['bench journal --rate 600000 --seconds 10 --json', 'the wait at a given rate, as JSON'],
      ['bench journal --folder .', 'on the disk of this folder'],
    ],
  });
  addGrouping(addFolder(addWorkloadOptions(addRuns(command, 5))))
    .option('--rate <n>', 'commands a second while the wait is measured', wholeNumber(1, 100_000_000))
    .option('--seconds <n>', 'how long the wait is measured', wholeNumber(1, 600), 4)
    .action(
      action<LoopOptions & { rate?: number; seconds: number }>(frame, async (output, options) => {
        const machine = startMachine(output);
        const { rate, seconds } = options;
        const source = workloadSource(options, P5M50);
        const request = { source, pacedSeconds: seconds, ...grouping(options), ...(rate !== undefined && { rate }) };
        const result = await measureInChild('journal', request, (text) => output.say(text));
        if (result.filesystem === 'tmpfs')
          output.warn('on tmpfs nothing is durable and a sync costs nothing; see --folder');
        output.say(`\n${journalText(result)}`);
        output.result({ ...result, ...machine });
        return exitCodes.ok;
      }),
    );
}

/** Adds `bench replay`. */
export function registerBenchReplay(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'replay', {
    summary: 'replaying a journal with every root checked',
    description:
      'Writes a journal, then replays it from its files as `makewhole verify` does: every command applied, the commands root and ' +
      'the state root of every block compared.',
    examples: [
      ['bench replay', 'five replays of five million operations'],
      ['bench replay --operations 1000000 --runs 3 --json', 'a shorter one, as JSON'],
    ],
  });
  addGrouping(addFolder(addWorkloadOptions(addRuns(command, 5)))).action(
    action<LoopOptions>(frame, async (output, options) => {
      const machine = startMachine(output);
      const request = { source: workloadSource(options, P5M50), ...grouping(options) };
      const result = await measureInChild('replay', request, (text) => output.say(text));
      output.say(`\n${replayText(result)}`);
      output.result({ ...result, ...machine });
      return exitCodes.ok;
    }),
  );
}

const TOUCHED_PAGES = [1, 10, 100, 1_000, 10_000];
const BLOCK_COMMANDS = [1_024, 4_096, 16_384, 65_536, 262_144];
/** The roots are measured on fewer operations: each size of a block takes the session twice. */
const ROOT_OPERATIONS = 2_000_000;

/** Adds `bench root`. */
export function registerBenchRoot(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'root', {
    summary: 'state roots: a page, a command, a whole state',
    description:
      'Measures the state root: from all pages, after some pages were touched, and in the course of a session with blocks of several ' +
      'sizes, in the thread of the engine and (what is left there) beside it. Every incremental root is checked against the whole.',
    examples: [
      ['bench root', 'all sizes'],
      ['bench root --operations 500000 --accounts 10000 --json', 'a smaller state, as JSON'],
    ],
  });
  addWorkloadOptions(addRuns(command, 5)).action(
    action<WorkloadOptions & { runs: number }>(frame, async (output, options) => {
      const machine = startMachine(output);
      const source = workloadSource(options, { ...P5M50, operations: ROOT_OPERATIONS });
      const request = { source, runs: options.runs, touchedPages: TOUCHED_PAGES, blockCommands: BLOCK_COMMANDS };
      const result = await measureInChild('root', request, (text) => output.say(text));
      output.say(`\n${rootText(result)}`);
      output.result({ ...result, ...machine });
      return exitCodes.ok;
    }),
  );
}

interface SnapshotOptions extends FolderOptions {
  readonly markets: number;
  readonly accounts: number;
  readonly positions: number;
  readonly orders: number;
}

/** Adds `bench snapshot`. */
export function registerBenchSnapshot(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'snapshot', {
    summary: 'writing and verifying the snapshot of a large state',
    description:
      'Makes a state by trading, writes its snapshot (durable: file and name synced), and loads it: read, root compared with the ' +
      'block, index rebuilt. Every state that is loaded is compared with the one that was written.',
    examples: [
      ['bench snapshot', 'a million accounts, two million positions'],
      ['bench snapshot --accounts 100000 --positions 5 --json', 'fewer accounts, more positions each'],
    ],
  });
  addFolder(addRuns(command, 5))
    .option('--markets <n>', 'markets', wholeNumber(1, 1000), 50)
    .option(
      '--accounts <n>',
      'accounts: they trade in pairs, an odd one more is added',
      wholeNumber(2, 4_000_000),
      1_000_000,
    )
    .option('--positions <n>', 'positions of each account, at most one a market', wholeNumber(1, 1000), 2)
    .option('--orders <n>', 'live orders', wholeNumber(0, 4_000_000), 100_000)
    .action(
      action<SnapshotOptions>(frame, async (output, { runs, folder, markets, accounts, positions, orders }) => {
        refuseManyOrders(orders, accounts);
        const machine = startMachine(output);
        const venue = {
          markets,
          accounts: accounts + (accounts % 2),
          positionsPerAccount: Math.min(positions, markets),
          liveOrders: orders,
        };
        const request = { runs, ...venue, ...(folder !== undefined && { folder }) };
        const result = await measureInChild('snapshot', request, (text) => output.say(text));
        output.say(`\n${snapshotText(result)}`);
        output.result({ ...result, ...machine });
        return exitCodes.ok;
      }),
    );
}

/** Open orders that a market of the benchmark's venue allows an account. */
const ORDERS_PER_ACCOUNT = 1_000;

function refuseManyOrders(orders: number, accounts: number): void {
  const most = accounts * ORDERS_PER_ACCOUNT;
  if (orders <= most) return;
  const text = `${readableCount(accounts)} accounts have at most ${readableCount(most)} live orders`;
  throw new CommandError('too_many_orders', `${readableCount(orders)} live orders: ${text}`);
}
