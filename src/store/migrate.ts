/**
 * Brings a database to the schema that this release knows: Kysely's migrator (one at a time by its lock, all pending migrations in one
 * transaction), and the hash of each migration that was applied, so that one which was changed afterwards is refused.
 */
import { type Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Database } from './database.ts';
import { kyselyOf } from './kysely-dialect.ts';
import { type Migration, migrationHash } from './migration.ts';

/** A database whose schema this release must not touch. Nothing was changed. */
export class MigrationRefused extends Error {
  readonly migration: string;
  constructor(migration: string, why: string) {
    super(`migration ${migration}: ${why}`);
    this.name = 'MigrationRefused';
    this.migration = migration;
  }
}

interface Applied {
  readonly name: string;
  readonly hash: string;
}

const HASHES = 'migration_hash';

/**
 * Applies the migrations that the database lacks; returns their names. Refuses (throws `MigrationRefused`) a database with a migration
 * that is not known here, or that was another one when it was applied; a statement that fails leaves the schema as it was.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  await database.query(`create table if not exists ${HASHES} (name text primary key, hash text not null)`);
  await requireKnown(database, migrations);
  const { error, results = [] } = await migratorOf(database, migrations).migrateToLatest();
  if (error !== undefined) throw failed(error, results);
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
}

/** Takes the newest migration back; returns its name, undefined when none is applied. Refuses as `migrate` does. */
export async function migrateDown(database: Database, migrations: readonly Migration[]): Promise<string | undefined> {
  await requireKnown(database, migrations);
  const { error, results = [] } = await migratorOf(database, migrations).migrateDown();
  if (error !== undefined) throw failed(error, results);
  return results[0]?.migrationName;
}

/** Names and hashes of what was applied, in order. */
export function appliedMigrations(database: Database): Promise<Applied[]> {
  return database.query<Applied>(`select name, hash from ${HASHES} order by name`);
}

/** Refuses (throws `MigrationRefused`) a database with a migration that is not among these, or was another one when it was applied. */
export async function requireKnown(database: Database, migrations: readonly Migration[]): Promise<void> {
  const known = new Map(migrations.map((migration) => [migration.name, migrationHash(migration)]));
  for (const { name, hash } of await appliedMigrations(database)) {
    const own = known.get(name);
    if (own === undefined) throw new MigrationRefused(name, 'was applied by another release and is not known here');
    if (own !== hash) throw new MigrationRefused(name, `was ${hash} when it was applied and is ${own} here`);
  }
}

function migratorOf(database: Database, migrations: readonly Migration[]): Migrator {
  const db = kyselyOf<Record<string, never>>(database);
  const provided = Object.fromEntries(
    migrations.map((migration) => [
      migration.name,
      {
        up: async (transaction: Kysely<unknown>) => {
          for (const statement of migration.up) await sql.raw(statement).execute(transaction);
          const values = sql`(${migration.name}, ${migrationHash(migration)})`;
          await sql`insert into ${sql.table(HASHES)} (name, hash) values ${values}`.execute(transaction);
        },
        down: async (transaction: Kysely<unknown>) => {
          for (const statement of migration.down) await sql.raw(statement).execute(transaction);
          await sql`delete from ${sql.table(HASHES)} where name = ${migration.name}`.execute(transaction);
        },
      },
    ]),
  );
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(provided) } });
}

function failed(
  error: unknown,
  results: readonly { readonly status: string; readonly migrationName: string }[],
): Error {
  const name = results.find(({ status }) => status === 'Error')?.migrationName ?? 'of this release';
  return new MigrationRefused(name, error instanceof Error ? error.message : String(error));
}
