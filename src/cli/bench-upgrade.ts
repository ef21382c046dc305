// `makewhole bench upgrade`: how long people are kept waiting by a guarded upgrade of a large database, and what it takes in all.
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { measureInChild } from '../../bench/in-child.ts';
import type { UpgradeBenchResult } from '../../bench/upgrade.ts';
import { modelledMarketDay } from '../sim/modelled-market-day.ts';
import { wholeNumber } from './arguments.ts';
import { startMachine } from './bench-options.ts';
import { action, addCommand, type Frame } from './command.ts';
import { exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import { inputsDigest } from './run-inputs.ts';
import { textTable } from './table.ts';

interface UpgradeBenchOptions {
  readonly fills: number;
  readonly accounts: number;
  readonly seed: number;
  readonly tick: number;
  readonly speed: number;
  readonly soak: number;
  readonly traders: 'on' | 'off';
  readonly migration: string;
  readonly database?: string;
  readonly folder?: string;
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../upgrade/samples/0100-trade-notional.json', import.meta.url));

/** Adds `bench upgrade`. */
export function registerBenchUpgrade(bench: Command, frame: Frame): void {
  addCommand(bench, 'upgrade', {
    summary: 'a guarded upgrade under load: how long orders wait',
    description:
      'Makes a venue with a long history, serves it with its traders, and upgrades its database while a client in another process sends ' +
      'orders all the time. Reports the longest time between two orders that were taken, and the seconds of each step.',
    examples: [
      ['bench upgrade', 'two million fills, 100,000 accounts, on a server that it brings itself'],
      [
        'bench upgrade --folder kept --database postgres://localhost/venue',
        'a venue that is kept for the next time, and a server; the database gets the history if it is empty',
      ],
      ['bench upgrade --fills 20000 --accounts 1000 --json', 'a small one, as JSON'],
    ],
  })
    .option('--fills <n>', 'fills of the history', wholeNumber(1, 100_000_000), 2_000_000)
    .option('--accounts <n>', 'accounts that trade', wholeNumber(10, 1_000_000), 100_000)
    .option('--seed <n>', 'decides what the traders do', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--tick <ms>', 'time between two ticks of the exchange', wholeNumber(100, 30_000), 5000)
    .option('--speed <n>', 'the exchange’s time goes so many times as fast as the clock', wholeNumber(1, 10_000), 1)
    .option('--soak <seconds>', 'how long the old database is kept warm', wholeNumber(0, 86_400), 0)
    .addOption(new Option('--traders <on|off>', 'whether seeded traders trade').choices(['on', 'off']).default('on'))
    .option('--migration <file>', 'a migration that passes', SAMPLE)
    .option('--database <url>', 'a database on a PostgreSQL server (default: a server of its own)')
    .option('--folder <folder>', 'where the venue is kept for the next time (default: it is not kept)')
    .action(
      action<UpgradeBenchOptions>(frame, async (output, options) => {
        const machine = startMachine(output);
        const { fills, accounts, seed, tick: tickMs, speed, soak, traders, migration, database, folder } = options;
        const inputs = inputsDigest(modelledMarketDay({ seed, tickMs }), seed, accounts);
        const request = {
          venue: { fills, accounts, seed, tickMs, inputs },
          speed,
          hasTraders: traders === 'on',
          program: MAIN,
          migration,
          soakSeconds: soak,
          ...(database !== undefined && { url: database }),
          ...(folder !== undefined && { folder }),
        };
        const result = await measureInChild('upgrade', request, (text) => output.say(text));
        output.result({ ...result, ...machine });
        output.say(`\n${upgradeText(result)}`);
        return exitCodes.ok;
      }),
    );
}

function upgradeText(result: UpgradeBenchResult): string {
  const { outcome, client, longestGapMs, database, venue } = result;
  const rows = client.map(({ name, sent, taken, longestGapMs: longest, gapP50Ms, gapP99Ms }) =>
    [name, readableCount(sent), readableCount(taken), gapP50Ms, gapP99Ms, longest].map(String),
  );
  return [
    `Longest gap between two orders ${longestGapMs} ms; the procedure says ${outcome.tradingPauseMs} ms, and took ${outcome.seconds} s.`,
    `${readableCount(venue.made)} fills, ${readableCount(venue.accounts)} accounts, ${readableCount(database.rows)} rows in ${readableCount(database.megabytes)} MB.`,
    '',
    textTable([['client', 'sent', 'taken', 'p50 ms', 'p99 ms', 'longest ms'], ...rows]),
    '',
    textTable([['step', 'seconds'], ...outcome.steps.map(({ state, seconds }) => [state, String(seconds)])]),
  ].join('\n');
}
