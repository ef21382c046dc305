// `makewhole bench`: numbers, run by hand. Nothing passes or fails by them.
import type { Command } from 'commander';
import { registerBenchAmount } from './bench-amount.ts';
import { registerBenchJournal, registerBenchReplay, registerBenchRoot, registerBenchSnapshot } from './bench-chain.ts';
import { registerBenchEngine } from './bench-engine.ts';
import { registerBenchRemedy } from './bench-remedy.ts';
import { registerBenchStore } from './bench-store.ts';
import { registerBenchUpgrade } from './bench-upgrade.ts';
import type { Frame } from './command.ts';

/** Adds the command `bench` and the benchmarks under it. */
export function registerBench(program: Command, frame: Frame): void {
  const bench = program
    .command('bench')
    .summary('measure the engine, the journal, roots, snapshots, replay, remedy, store, upgrade')
    .description(
      'Measures one thing and prints its median, its best and its spread. Results are checked before they are reported: trades, ' +
        'volumes, events, states and roots. `docs/benchmarks.md` says how to read them.',
    )
    .addHelpText('after', '\nExamples:\n  $ makewhole bench engine\n      matching alone, and the whole engine');
  registerBenchEngine(bench, frame);
  registerBenchJournal(bench, frame);
  registerBenchRoot(bench, frame);
  registerBenchSnapshot(bench, frame);
  registerBenchReplay(bench, frame);
  registerBenchAmount(bench, frame);
  registerBenchRemedy(bench, frame);
  registerBenchStore(bench, frame);
  registerBenchUpgrade(bench, frame);
}
