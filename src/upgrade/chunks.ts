/**
 * Runs a migration on a copy, statement by statement. Each is one transaction with its marker: whatever interrupts it, the next run goes
 * on behind the last statement that was committed, and a second run does nothing.
 */
import type { Database, SqlSession } from '../store/database.ts';
import { type UpgradeMigration, upgradeMigrationHash } from './upgrade-migration.ts';

const MARKERS = `create table if not exists upgrade_chunk (
  migration text not null, ordinal integer not null, hash text not null, primary key (migration, ordinal))`;

/** A copy holds markers of a migration of the same name that was another one. Nothing was done. */
class OtherMigration extends Error {
  readonly code = 'migration_changed';
  constructor(name: string, theirs: string, ours: string) {
    super(`${name} was ${theirs} when it was begun and is ${ours} now`);
    this.name = 'OtherMigration';
  }
}

/** Told of each statement before its transaction ends and behind it; what it throws interrupts the run there. */
export type OnChunk = (ordinal: number, place: 'before_commit' | 'after_commit') => void;

/**
 * Says the epoch of the copy itself in a transaction that writes to it: nobody else does. A database without a fence needs none. Also
 * makes the time zone that of all comparisons.
 */
export async function sayEpoch(session: SqlSession): Promise<void> {
  await session.query("set local timezone = 'UTC'");
  const [there] = await session.query<{ is_there: boolean }>("select to_regclass('fence') is not null as is_there");
  if (there?.is_there !== true) return;
  await session.query("select set_config('makewhole.epoch', (select epoch from fence)::text, true)");
}

/** Runs what is left of a migration; returns how many statements that were. Refuses (throws) as the database does. */
export async function migrateInChunks(
  database: Database,
  migration: UpgradeMigration,
  onChunk: OnChunk = () => undefined,
): Promise<number> {
  const hash = upgradeMigrationHash(migration);
  await database.query(MARKERS);
  const begun = await appliedChunks(database, migration.name);
  const other = begun.find((each) => each.hash !== hash);
  if (other !== undefined) throw new OtherMigration(migration.name, other.hash, hash);
  let run = 0;
  for (const [ordinal, statement] of migration.up.entries()) {
    if (begun.some((each) => each.ordinal === ordinal)) continue;
    await database.transaction(async (session) => {
      await sayEpoch(session);
      await session.query(statement);
      const values = [migration.name, ordinal, hash];
      await session.query('insert into upgrade_chunk (migration, ordinal, hash) values ($1, $2, $3)', values);
      onChunk(ordinal, 'before_commit');
    });
    run++;
    onChunk(ordinal, 'after_commit');
  }
  return run;
}

/** Takes a migration back, its markers too, in the transaction that the session is in. */
export async function migrateBack(session: SqlSession, { name, down }: UpgradeMigration): Promise<void> {
  await sayEpoch(session);
  for (const statement of down) await session.query(statement);
  await session.query('delete from upgrade_chunk where migration = $1', [name]);
}

/** The statements of a migration that a database has run. */
export async function appliedChunks(
  session: SqlSession,
  name: string,
): Promise<{ readonly ordinal: number; readonly hash: string }[]> {
  const [there] = await session.query<{ is_there: boolean }>(
    "select to_regclass('upgrade_chunk') is not null as is_there",
  );
  if (there?.is_there !== true) return [];
  return session.query('select ordinal, hash from upgrade_chunk where migration = $1 order by ordinal', [name]);
}
