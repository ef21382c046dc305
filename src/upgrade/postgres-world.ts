/** Copies and exchange of databases of a PostgreSQL server: by template, and by two renames in one transaction. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, SqlFailed } from '../store/database.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { quoted } from './compare-rows.ts';
import type { CopyRole, World } from './world.ts';

/** SQLSTATE of a database that others use. */
const IN_USE = '55006';
const ATTEMPTS = 20;
const PAUSE_MS = 100;
/** The database by which the server is asked for others. */
const ADMINISTRATION = 'postgres';
/** Names longer than this PostgreSQL would cut. */
const NAME_BYTES = 63;

/** A server on which the procedure cannot work. Nothing was done. */
class UnfitServer extends Error {
  readonly code = 'database_unfit';
  constructor(what: string) {
    super(what);
    this.name = 'UnfitServer';
  }
}

export class PostgresWorld implements World {
  readonly engine = 'postgres';
  private readonly url: string;
  private readonly database: string;
  private readonly number: number;
  private readonly statementMs: number | undefined;

  /** The database at a URL as the live one of upgrade `number`; no statement on a copy may take longer than `statementMs`. */
  constructor(url: string, number: number, statementMs?: number) {
    this.url = url;
    this.statementMs = statementMs;
    this.database = decodeURIComponent(new URL(url).pathname.slice(1));
    this.number = number;
    if (this.database === '' || this.database === ADMINISTRATION) {
      throw new UnfitServer(`the URL must name a database of its own, not "${this.database}"`);
    }
    if (Buffer.byteLength(this.nameOf('candidate')) > NAME_BYTES) {
      throw new UnfitServer(`the name of database ${this.database} is too long for copies beside it`);
    }
  }

  get name(): string {
    return this.database;
  }

  openLive(): Promise<Database> {
    return openPostgres(this.url);
  }

  open(role: CopyRole): Promise<Database> {
    return openPostgres(this.urlOf(this.nameOf(role)), this.statementMs);
  }

  has(role: CopyRole): Promise<boolean> {
    return this.administer((database) => isThere(database, this.nameOf(role)));
  }

  async copy(from: 'live' | CopyRole, to: CopyRole): Promise<void> {
    const source = from === 'live' ? this.database : this.nameOf(from);
    await this.drop(to);
    await this.alone([source], (database) =>
      database.query(`create database ${quoted(this.nameOf(to))} template ${quoted(source)} strategy file_copy`),
    );
  }

  async drop(role: CopyRole): Promise<void> {
    await this.administer((database) =>
      database.query(`drop database if exists ${quoted(this.nameOf(role))} with (force)`),
    );
  }

  async swap(from: CopyRole, aside: CopyRole): Promise<void> {
    const [copy, old] = [this.nameOf(from), this.nameOf(aside)];
    if (await this.administer(async (admin) => !(await isThere(admin, copy)) && (await isThere(admin, old)))) return;
    await this.alone([this.database, copy], (admin) =>
      admin.transaction(async (session) => {
        await session.query(`alter database ${quoted(this.database)} rename to ${quoted(old)}`);
        await session.query(`alter database ${quoted(copy)} rename to ${quoted(this.database)}`);
      }),
    );
  }

  private nameOf(role: CopyRole): string {
    return `${this.database}_u${this.number}_${role}`;
  }

  private urlOf(name: string): string {
    const url = new URL(this.url);
    url.pathname = `/${encodeURIComponent(name)}`;
    return url.href;
  }

  private async administer<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await openPostgres(this.urlOf(ADMINISTRATION));
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  /** Turns everybody else out of databases for as long as a statement takes that needs them alone. They may come back at once. */
  private alone(names: readonly string[], work: (database: Database) => Promise<unknown>): Promise<void> {
    return this.administer(async (database) => {
      for (let attempt = 1; ; attempt++) {
        await database.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = any($1::text[]) and pid <> pg_backend_pid()',
          [[...names]],
        );
        try {
          await work(database);
          return;
        } catch (error) {
          if (!(error instanceof SqlFailed) || error.code !== IN_USE || attempt === ATTEMPTS) throw error;
        }
        await sleep(PAUSE_MS);
      }
    });
  }
}

async function isThere(database: Database, name: string): Promise<boolean> {
  const rows = await database.query('select 1 from pg_database where datname = $1', [name]);
  return rows.length > 0;
}
