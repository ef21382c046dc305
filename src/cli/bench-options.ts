// What the benchmarks have in common: their options, where their operations come from, and what they say of the machine.
import { type Command, Option } from 'commander';
import { describeMachine, type Machine } from '../../bench/machine.ts';
import type { WorkloadParameters } from '../../bench/workload.ts';
import type { WorkloadSource, WorkloadSummary } from '../../bench/workload-source.ts';
import { wholeNumber } from './arguments.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';

export interface WorkloadOptions {
  readonly operations?: number;
  readonly markets?: number;
  readonly accounts?: number;
  readonly live?: number;
  readonly seed?: number;
  readonly workload?: string;
}

const GENERATED = ['operations', 'markets', 'accounts', 'live', 'seed'];

/** Adds the options that choose the operations. */
export function addWorkloadOptions(command: Command): Command {
  return command
    .option('--operations <n>', 'orders, cancels and modifies together', wholeNumber(1, 20_000_000))
    .option('--markets <n>', 'markets of the generated operations', wholeNumber(1, 1000))
    .option('--accounts <n>', 'accounts of the generated operations', wholeNumber(1, 2_000_000))
    .option('--live <n>', 'live orders in each market that are steered towards', wholeNumber(1, 1_000_000))
    .option('--seed <n>', 'another seed gives other operations of the same kind', wholeNumber(0, 2 ** 31 - 1))
    .addOption(
      new Option('--workload <file>', 'read the operations from a file of the portable format').conflicts(GENERATED),
    );
}

/** The operations that the options ask for: those of `base`, changed where an option says so. */
export function workloadSource(options: WorkloadOptions, base: WorkloadParameters): WorkloadSource {
  if (options.workload !== undefined) return { path: options.workload };
  return {
    parameters: {
      operations: options.operations ?? base.operations,
      markets: options.markets ?? base.markets,
      accounts: options.accounts ?? base.accounts,
      liveTarget: options.live ?? base.liveTarget,
      seed: options.seed ?? base.seed,
    },
  };
}

/** `5,000,000 operations, 50 markets, 100,000 accounts`. */
export function workloadText({ operations, markets, accounts, source }: WorkloadSummary): string {
  const from = 'path' in source ? ` from ${source.path}` : '';
  return `${readableCount(operations)} operations${from}, ${readableCount(markets)} markets, ${readableCount(accounts)} accounts`;
}

/** Adds the option that says how often to measure. */
export function addRuns(command: Command, runs: number): Command {
  return command.option('--runs <n>', 'runs that count; one more goes before them', wholeNumber(1, 1000), runs);
}

/** What is said of the machine; warns when others are using it. */
export function startMachine(output: Output): Machine {
  const machine = describeMachine();
  if (machine.machineLoad > machine.processors * 0.75) {
    output.warn(
      `the machine is busy (load ${machine.machineLoad} on ${machine.processors} processors): times mean little`,
    );
  }
  return machine;
}
