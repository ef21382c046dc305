/** Where the databases of a matrix live: embedded ones in folders, or databases of a server, made and removed by us. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../store/database.ts';
import { openPglite } from '../../store/pglite-database.ts';
import { copyPglite } from '../../store/pglite-folders.ts';
import { openPostgres } from '../../store/postgres-database.ts';
import { quoted } from '../../upgrade/compare-rows.ts';
import { PgliteWorld } from '../../upgrade/pglite-world.ts';
import { PostgresWorld } from '../../upgrade/postgres-world.ts';
import type { World } from '../../upgrade/world.ts';

export interface DatabaseSite {
  readonly engine: World['engine'];
  /** For journals and evidence. */
  readonly folder: string;
  /** Opens a database of ours, or makes it. */
  open(name: string): Promise<Database>;
  /** Copies a database of ours that nobody has open. What stood in the other's place is gone. */
  copy(from: string, to: string): Promise<void>;
  /** A database of ours as the live one of upgrade `number`. */
  world(name: string, number: number): World;
  /** Removes all that is ours. */
  close(): Promise<void>;
}

/** A site of its own: on the server at a URL, else embedded. */
export function openSite(url: string | undefined): DatabaseSite {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-matrix-'));
  return url === undefined ? new EmbeddedSite(folder) : new ServerSite(folder, url);
}

class EmbeddedSite implements DatabaseSite {
  readonly engine = 'pglite';
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  open(name: string): Promise<Database> {
    return openPglite(join(this.folder, name));
  }

  copy(from: string, to: string): Promise<void> {
    copyPglite(join(this.folder, from), join(this.folder, to));
    return Promise.resolve();
  }

  world(name: string, number: number): World {
    return new PgliteWorld(join(this.folder, name), number);
  }

  close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}

/** The database by which a server is asked for others. */
const ADMINISTRATION = 'postgres';

class ServerSite implements DatabaseSite {
  readonly engine = 'postgres';
  readonly folder: string;
  private readonly url: string;
  private readonly prefix: string;

  constructor(folder: string, url: string) {
    this.folder = folder;
    this.url = url;
    // The folder's name is nobody else's.
    this.prefix = `mw_${(folder.split('-').at(-1) as string).toLowerCase()}${process.pid}_`;
  }

  async open(name: string): Promise<Database> {
    await this.administer(async (admin) => {
      const there = await admin.query('select 1 from pg_database where datname = $1', [this.prefix + name]);
      if (there.length === 0) await admin.query(`create database ${quoted(this.prefix + name)}`);
    });
    return openPostgres(this.urlOf(this.prefix + name));
  }

  copy(from: string, to: string): Promise<void> {
    return this.administer(async (admin) => {
      await admin.query(`drop database if exists ${quoted(this.prefix + to)} with (force)`);
      await admin.query(
        `create database ${quoted(this.prefix + to)} template ${quoted(this.prefix + from)} strategy file_copy`,
      );
    });
  }

  world(name: string, number: number): World {
    return new PostgresWorld(this.urlOf(this.prefix + name), number);
  }

  async close(): Promise<void> {
    await this.administer(async (admin) => {
      const own = await admin.query<{ datname: string }>(
        'select datname from pg_database where starts_with(datname, $1)',
        [this.prefix],
      );
      for (const { datname } of own) await admin.query(`drop database ${quoted(datname)} with (force)`);
    });
    rmSync(this.folder, { recursive: true, force: true });
  }

  private urlOf(name: string): string {
    const url = new URL(this.url);
    url.pathname = `/${encodeURIComponent(name)}`;
    return url.href;
  }

  private async administer(work: (admin: Database) => Promise<void>): Promise<void> {
    const admin = await openPostgres(this.urlOf(ADMINISTRATION));
    try {
      await work(admin);
    } finally {
      await admin.close();
    }
  }
}
