// `makewhole serve`: an exchange that keeps running.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { answerAsk, statusOf } from '../server/control-asks.ts';
import { ControlSocket } from '../server/control-socket.ts';
import { DataDir } from '../server/data-dir.ts';
import { LiveExchange } from '../server/live-exchange.ts';
import type { StartKind } from '../server/find-start.ts';
import type { Notice } from '../server/notice.ts';
import { writeServedRecord } from '../server/served-record.ts';
import { EndlessSession } from '../sim/endless-session.ts';
import type { Database } from '../store/database.ts';
import { openPglite } from '../store/pglite-database.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openDay } from './open-day.ts';
import type { Output } from './output.ts';
import { inputsDigest } from './run-inputs.ts';

interface ServeOptions {
  readonly dataDir: string;
  readonly database?: string;
  readonly data?: string;
  readonly market?: string[];
  readonly day?: string;
  readonly traders: 'on' | 'off';
  readonly accounts: number;
  readonly seed: number;
  readonly tick: number;
  readonly speed: number;
  readonly paused?: boolean;
  readonly from: StartKind;
}

const DAY_MS = 86_400_000;
const PROGRAM = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** Adds the command `serve`. */
export function registerServe(program: Command, frame: Frame): void {
  addCommand(program, 'serve', {
    summary: 'an exchange that keeps running',
    description:
      'Keeps an exchange running in real time, with seeded traders on a recorded or modelled market: journal, blocks, snapshots, the guard,\n' +
      'and a database that follows. It starts from whatever it was left in, opens its markets step by step, and stops sealed on SIGTERM\n' +
      'or SIGINT. `makewhole control` talks to it.',
    examples: [
      ['serve', 'in the folder makewhole-data, with an embedded database in it'],
      ['serve --data-dir venue --database postgres://localhost/makewhole', 'a PostgreSQL server as the database'],
      ['serve --data-dir venue --speed 60 --traders off', 'an hour a minute, prices alone'],
    ],
  })
    .option('--data-dir <folder>', 'where everything of the exchange is kept', 'makewhole-data')
    .option(
      '--database <url|none>',
      'a PostgreSQL server (default: DATABASE_URL, else the embedded one); none: the journal alone',
    )
    .option('--data <path>', 'recorded price bars, walked through again and again (default: the modelled day)')
    .option('--market <name>', 'trade only this market of the data; may be given again', collect)
    .option('--day <YYYY-MM-DD>', 'the day of the data (default: its last full one)')
    .addOption(new Option('--traders <on|off>', 'whether seeded traders trade').choices(['on', 'off']).default('on'))
    .option('--accounts <n>', 'accounts that trade', wholeNumber(10, 1_000_000), 2000)
    .option('--seed <n>', 'decides what the traders do', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--tick <ms>', 'time between two ticks of the clock', wholeNumber(100, 30_000), 1000)
    .option('--speed <n>', 'the exchange’s time goes so many times as fast as the clock', wholeNumber(1, 10_000), 1)
    .option(
      '--paused',
      'holds all commands until `control resume`: how an upgrade starts a release that is to take over',
    )
    .action(action<ServeOptions>(frame, serve));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function serve(output: Output, options: ServeOptions): Promise<ExitCode> {
  const { data, market, day: utcDay, seed, accounts, tick, speed, traders } = options;
  if (DAY_MS % tick !== 0) throw new CommandError('bad_tick', `a day is no whole number of ticks of ${tick} ms`);
  const day = openDay({ data, market, day: utcDay, tickMs: tick, seed });
  for (const { code, message } of day.findings.slice(0, 5)) output.warn(`${code}: ${message}`);
  if (options.from === 'database' && options.database === 'none') {
    throw new CommandError('no_database', 'without a database nothing starts from one');
  }
  const traffic = new EndlessSession({ day, seed, accounts });
  const dir = DataDir.open(options.dataDir, inputsDigest(day, seed, accounts));
  try {
    const live = await LiveExchange.open({
      dir,
      openDatabase: databaseOf(options, dir),
      traffic,
      hasTraders: traders === 'on',
      speed,
      from: options.from,
      isPaused: options.paused === true,
      tell: (notice) => tell(output, notice),
    });
    writeServedRecord(dir.path, { program: PROGRAM, args: argumentsOf(options, dir), process: process.pid });
    await runListening(output, live, dir);
    const { height, fork, stateRoot } = live.head;
    output.say(`Stopped: block ${height} on fork ${fork}, root ${stateRoot}.`);
    output.result({ exchange: live.birth.exchange, height, fork, stateRoot, sequence: live.exchange.sequence });
    return exitCodes.ok;
  } finally {
    dir.close();
  }
}

/** The arguments that start the same exchange again, wherever from. */
function argumentsOf(options: ServeOptions, dir: DataDir): string[] {
  const { data, market = [], day, traders, accounts, seed, tick, speed } = options;
  const database = options.database ?? process.env['DATABASE_URL'] ?? '';
  const always = { 'data-dir': dir.path, traders, accounts, seed, tick, speed };
  return [
    ...Object.entries(always).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(database === '' ? [] : ['--database', database]),
    ...(data === undefined ? [] : ['--data', resolve(data)]),
    ...market.flatMap((name) => ['--market', name]),
    ...(day === undefined ? [] : ['--day', day]),
  ];
}

/** Runs the exchange with its control socket, until it is told to stop. */
async function runListening(output: Output, live: LiveExchange, dir: DataDir): Promise<void> {
  const stop = (): void => live.stop();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, stop);
  let control: ControlSocket | undefined;
  try {
    try {
      control = await ControlSocket.listen(dir.socket, (request) => answerAsk(live, request));
    } catch (error) {
      await live.close();
      throw error;
    }
    live.readiness.announced();
    const { height, process: pid } = live.birth;
    output.say(`Exchange ${live.birth.exchange} runs as process ${pid} from block ${height} on; SIGTERM stops it.`);
    output.say(`${JSON.stringify((statusOf(live) as { readonly asOf: object }).asOf)}`);
    await live.run();
  } finally {
    await control?.close();
    for (const signal of signals) process.off(signal, stop);
  }
}

/** What opens the database that the options name; undefined: none is wanted. */
function databaseOf({ database }: ServeOptions, dir: DataDir): (() => Promise<Database>) | undefined {
  const named = database ?? process.env['DATABASE_URL'];
  if (named === 'none') return undefined;
  return named === undefined || named === '' ? () => openPglite(dir.database) : () => openPostgres(named);
}

function tell(output: Output, { name, message, isTrouble }: Notice): void {
  if (isTrouble) output.warn(`${name}: ${message}`);
  else output.say(`${name}: ${message}`);
}
