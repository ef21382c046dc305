/**
 * `bench upgrade`: a guarded upgrade under load. A venue with a long history is served by a process, a client in another sends
 * orders all the time, and the procedure runs in a third, as an operator would run it. What is reported is the longest time in which the
 * client's orders were not taken, and what each step took.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askControl, ExchangeNotRunning } from '../src/server/control-client.ts';
import { socketPath } from '../src/server/data-dir.ts';
import type { Database } from '../src/store/database.ts';
import { catchUp } from '../src/store/follow-journal.ts';
import { appliedMigrations, migrate } from '../src/store/migrate.ts';
import { MIGRATIONS } from '../src/store/migrations.ts';
import { startPostgres } from '../src/store/postgres.fixture.ts';
import { openPostgres } from '../src/store/postgres-database.ts';
import { lastHeight } from '../src/store/write-blocks.ts';
import { sayEpoch } from '../src/upgrade/chunks.ts';
import type { UpgradeOutcome } from '../src/upgrade/procedure.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { rounded, type Tell } from './series.ts';
import type { ClientPart, ClientRequest } from './upgrade-client.ts';
import { makeVenue, type VenueRecord, type VenueRequest } from './upgrade-venue.ts';

export interface UpgradeRequest {
  readonly venue: VenueRequest;
  /** Of a database on a server: it gets the history unless it has it, and copies of it are made beside it. Else a server is brought. */
  readonly url?: string;
  /** Where the venue is kept for the next time. */
  readonly folder?: string;
  readonly hasTraders: boolean;
  /** Of the exchange's time while it is served. */
  readonly speed: number;
  /** The program whose commands are run. */
  readonly program: string;
  readonly migration: string;
  readonly soakSeconds: number;
}

export interface UpgradeBenchResult {
  readonly venue: VenueRecord;
  /** Of the projection of the whole journal; null where the database had it. */
  readonly projection: { readonly rows: number; readonly seconds: number; readonly rowsPerSecond: number } | null;
  readonly database: { readonly rows: number; readonly megabytes: number };
  /** From the start of the process until markets were open. */
  readonly startSeconds: number;
  readonly openSeconds: number;
  readonly outcome: Pick<UpgradeOutcome, 'verdict' | 'abort' | 'tradingPauseMs' | 'rows' | 'seconds'> & {
    readonly steps: readonly { readonly state: string; readonly seconds: number }[];
  };
  /** As the client saw it: before, during, behind. */
  readonly client: readonly ClientPart[];
  readonly longestGapMs: number;
}

const CLIENT = fileURLToPath(new URL('./upgrade-client.ts', import.meta.url));
/** How long the client trades before and behind, to compare with. */
const BESIDE_MS = 15_000;
const LOOK_MS = 250;
/** Gates behind which a market that is open takes orders, whatever another one waits for; and blocks that the database may be behind. */
const TRADING: readonly string[] = ['cancel_only', 'post_only', 'trade', 'triggers', 'liquidations'];
const BEHIND_BLOCKS = 8;
/** The first account that is no maker's and its market; orders rest this far below the last trade. */
const MARKET = 1;
const BELOW = 0.99;

/** Measures one upgrade. Throws unless it was committed. */
export async function measureUpgrade(request: UpgradeRequest, tell: Tell): Promise<UpgradeBenchResult> {
  const { folder } = request;
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const work = async (path: string): Promise<UpgradeBenchResult> => {
    if (request.url !== undefined) return measureOn(request, path, request.url, tell);
    const server = await startPostgres();
    try {
      return await measureOn(request, path, await server.createDatabase('venue'), tell);
    } finally {
      await server.stop();
    }
  };
  return folder === undefined ? withScratchFolder(undefined, work) : work(folder);
}

async function measureOn(
  request: UpgradeRequest,
  folder: string,
  url: string,
  tell: Tell,
): Promise<UpgradeBenchResult> {
  const path = join(folder, 'venue');
  const venue = makeVenue(path, request.venue, tell);
  tell(`${venue.made} fills of ${venue.commands} commands in ${venue.blocks} blocks`);
  const base = await openPostgres(url);
  let projection: UpgradeBenchResult['projection'];
  let database: UpgradeBenchResult['database'];
  try {
    projection = await projected(base, join(path, 'journal'), tell);
    database = await sizeOf(base);
  } finally {
    await base.close();
  }
  const copy = await copied(url);
  rmSync(join(path, 'upgrades'), { recursive: true, force: true });
  try {
    return { venue, projection, database, ...(await upgraded(request, path, copy, tell)) };
  } finally {
    await dropped(copy);
  }
}

/** Brings a database to the end of a journal; says what that took where it had none of it. */
async function projected(database: Database, journal: string, tell: Tell): Promise<UpgradeBenchResult['projection']> {
  const [hashes] = await database.query<{ is_there: boolean }>(
    "select to_regclass('migration_hash') is not null as is_there",
  );
  const isThere = hashes?.is_there === true && (await appliedMigrations(database)).length > 0;
  if (!isThere) await migrate(database, MIGRATIONS);
  const isEmpty = (await lastHeight(database)) < 0;
  const startMs = performance.now();
  let rows = 0;
  await catchUp({ folder: journal, database, before: sayEpoch, onWritten: (written) => (rows = written.rows) });
  const seconds = (performance.now() - startMs) / 1000;
  if (!isEmpty) return null;
  tell(`${rows} rows projected in ${rounded(seconds, 1)} s`);
  await database.query('vacuum analyze');
  return { rows, seconds: rounded(seconds, 3), rowsPerSecond: Math.round(rows / seconds) };
}

async function sizeOf(database: Database): Promise<UpgradeBenchResult['database']> {
  const [size] = await database.query<{ bytes: number; rows: number }>(
    `select pg_database_size(current_database()) as bytes, sum(reltuples)::bigint as rows from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 0`,
  );
  return { rows: size?.rows ?? 0, megabytes: Math.round((size?.bytes ?? 0) / 1e6) };
}

function named(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

/** A copy of a database beside it: the upgrade changes that. */
async function copied(url: string): Promise<string> {
  const copy = named(url, `${nameOf(url)}_bench`);
  await dropped(copy);
  await administered(url, (database) =>
    database.query(`create database "${nameOf(copy)}" template "${nameOf(url)}" strategy file_copy`),
  );
  return copy;
}

/** Drops a database and whatever an upgrade made beside it. */
async function dropped(url: string): Promise<void> {
  const name = nameOf(url);
  await administered(url, async (database) => {
    const found = await database.query<{ datname: string }>(
      'select datname from pg_database where datname = $1 or starts_with(datname, $2)',
      [name, `${name}_u`],
    );
    for (const { datname } of found) await database.query(`drop database "${datname}" with (force)`);
  });
}

async function administered(url: string, work: (database: Database) => Promise<unknown>): Promise<void> {
  const database = await openPostgres(named(url, 'postgres'));
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

type Upgraded = Pick<UpgradeBenchResult, 'startSeconds' | 'openSeconds' | 'outcome' | 'client' | 'longestGapMs'>;

async function upgraded(request: UpgradeRequest, path: string, url: string, tell: Tell): Promise<Upgraded> {
  const { speed, program } = request;
  const { accounts, seed, tickMs } = request.venue;
  const socket = socketPath(path);
  const startMs = performance.now();
  const words = ['--data-dir', path, '--database', url];
  const traffic = ['--accounts', accounts, '--seed', seed, '--tick', tickMs, '--speed', speed].map(String);
  const serve = started(program, ['serve', ...words, ...traffic, '--traders', request.hasTraders ? 'on' : 'off'], tell);
  const secondsSince = (): number => rounded((performance.now() - startMs) / 1000, 1);
  try {
    await until(serve, () => askControl(socket, { ask: 'status' }).then(() => true));
    const startSeconds = secondsSince();
    tell(`served after ${startSeconds} s`);
    await until(serve, () => isOpen(socket));
    const openSeconds = secondsSince();
    tell(`open after ${openSeconds} s`);
    const client = startClient({ socket, market: MARKET, ...(await orderOf(url)), everyMs: 2 });
    client.stdin?.write('before\n');
    await sleep(BESIDE_MS);
    client.stdin?.write('during\n');
    const run = ['upgrade', 'run', ...words, '--migration', request.migration, '--soak', request.soakSeconds, '--json'];
    const outcome = JSON.parse(await output(started(program, run.map(String), tell))) as UpgradeOutcome;
    client.stdin?.write('after\n');
    await sleep(BESIDE_MS);
    client.stdin?.end();
    const parts = JSON.parse(await output(client)) as ClientPart[];
    if (outcome.verdict !== 'pass') throw new Error(`the upgrade was not committed: ${JSON.stringify(outcome)}`);
    const { verdict, abort, tradingPauseMs, rows, seconds, steps } = outcome;
    return {
      startSeconds,
      openSeconds,
      outcome: {
        verdict,
        abort,
        tradingPauseMs,
        rows,
        seconds,
        steps: steps.map((step) => ({ state: step.state, seconds: step.seconds })),
      },
      client: parts.filter(({ name }) => name !== 'start'),
      longestGapMs: parts.find(({ name }) => name === 'during')?.longestGapMs ?? 0,
    };
  } finally {
    await ended(serve);
  }
}

function started(program: string, words: readonly string[], tell: Tell): ChildProcess {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const isServe = words[0] === 'serve';
  // What serve tells is the way of its markets: of interest where it ends.
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    for (const line of part.trimEnd().split('\n')) if (!line.startsWith('reopening_')) tell(`${words[0]}: ${line}`);
  });
  if (isServe) child.stdout?.resume();
  return child;
}

function startClient(request: ClientRequest): ChildProcess {
  return spawn(process.execPath, [CLIENT, JSON.stringify(request)], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function output(child: ChildProcess): Promise<string> {
  return text(child.stdout as NonNullable<ChildProcess['stdout']>);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** Waits until it is so; refuses (throws) when the process ends before. */
async function until(serve: ChildProcess, isSo: () => Promise<boolean>): Promise<void> {
  for (;;) {
    if (serve.exitCode !== null) throw new Error(`serve ended with ${serve.exitCode}`);
    try {
      if (await isSo()) return;
    } catch (error) {
      if (!(error instanceof ExchangeNotRunning)) throw error;
    }
    await sleep(LOOK_MS);
  }
}

/** True when the client's market has come back to all that it does, and the database is near. */
async function isOpen(socket: string): Promise<boolean> {
  const { ready, reopening, projection } = (await askControl(socket, { ask: 'status' })) as {
    readonly ready: string;
    readonly reopening: readonly { readonly market: number }[];
    readonly projection: { readonly lagBlocks: number | null };
  };
  const isBack = reopening.every(({ market }) => market !== MARKET);
  return isBack && TRADING.includes(ready) && (projection.lagBlocks ?? Infinity) <= BEHIND_BLOCKS;
}

/** An account with money, and a price at which its order rests. */
async function orderOf(url: string): Promise<Pick<ClientRequest, 'account' | 'priceTicks' | 'sizeLots'>> {
  const database = await openPostgres(url);
  try {
    const [last] = await database.query<{ price_ticks: number; size_lots: number }>(
      'select price_ticks, size_lots from trade where market = $1 order by trade desc limit 1',
      [MARKET],
    );
    const [rich] = await database.query<{ account: number }>(
      `select row as account from state_account order by balance_high desc, row limit 1 offset 3`,
    );
    if (last === undefined || rich === undefined) throw new Error('nobody has traded');
    return { account: rich.account, priceTicks: Math.floor(last.price_ticks * BELOW), sizeLots: last.size_lots };
  } finally {
    await database.close();
  }
}
