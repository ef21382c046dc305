/** The migrations that a release brings and a database lacks, as one migration of the guarded procedure. */
import type { Database } from '../store/database.ts';
import { appliedMigrations, requireKnown } from '../store/migrate.ts';
import { type Migration, migrationHash } from '../store/migration.ts';
import { type Declared, NOTHING_DECLARED, type UpgradeMigration } from './upgrade-migration.ts';

/**
 * What each released migration changes of what is compared. Those before the fence (`0003-lease`) are not brought to a database with
 * rows: one of that age is filled anew from the journal. `0004-upgrade` makes the record of the procedure itself, which is not compared.
 * The views of `0005-incidents` have nothing of their own.
 */
const DECLARED: Readonly<Record<string, Declared>> = {
  '0004-upgrade': NOTHING_DECLARED,
  '0005-incidents': {
    ...NOTHING_DECLARED,
    newTables: { incident_document: null, claim_document: null },
    schema: [
      'index refund_of_account',
      'function transfer_reference',
      'view as_of',
      'view refund_act',
      'view refund_movement',
      'view claim',
      'view incident',
    ],
  },
};

/** The schema of a database is that of this release, or lacks what no upgrade brings. Nothing was done. */
class NoPendingUpgrade extends Error {
  readonly code: 'nothing_pending' | 'schema_too_old';
  constructor(code: NoPendingUpgrade['code'], message: string) {
    super(message);
    this.name = 'NoPendingUpgrade';
    this.code = code;
  }
}

/**
 * All of `migrations` (in their order) that a database lacks. Refuses (throws) a database that lacks none, or one that is not declared
 * (`NoPendingUpgrade`), and one with a migration that is not among them or was another one (`MigrationRefused`).
 */
export async function pendingUpgrade(
  database: Database,
  migrations: readonly Migration[],
  declared: Readonly<Record<string, Declared>> = DECLARED,
): Promise<UpgradeMigration> {
  const [there] = await database.query<{ is_there: boolean }>(
    "select to_regclass('migration_hash') is not null as is_there",
  );
  const applied = there?.is_there === true ? await appliedMigrations(database) : [];
  if (applied.length > 0) await requireKnown(database, migrations);
  const pending = migrations.filter(({ name }) => !applied.some((each) => each.name === name));
  const undeclared = pending.find(({ name }) => declared[name] === undefined);
  if (applied.length === 0 || undeclared !== undefined) {
    const lacks = undeclared === undefined ? 'a schema' : undeclared.name;
    const how = 'start on an empty database, which is filled from the journal';
    throw new NoPendingUpgrade('schema_too_old', `the database lacks ${lacks}, which no upgrade brings: ${how}`);
  }
  const last = pending.at(-1);
  if (last === undefined) {
    const name = migrations.at(-1)?.name ?? 'none';
    throw new NoPendingUpgrade('nothing_pending', `the database has the schema of this release, up to ${name}`);
  }
  return {
    name: last.name,
    up: pending.flatMap((migration) => [...migration.up, ...marked(migration)]),
    down: [...pending].reverse().flatMap((migration) => [...migration.down, ...unmarked(migration)]),
    declared: joined([OWN_RECORD, ...pending.map(({ name }) => declared[name] as Declared)]),
    brings: pending.map(({ name }) => name),
  };
}

/** What the record of a release's own migrations is brought by. */
const OWN_RECORD: Declared = {
  ...NOTHING_DECLARED,
  schema: ['record kysely_migration', 'record migration_hash'],
};

/** The record that the migrator would have made of a migration. Names are those of a release: digits, letters, hyphens. */
function marked(migration: Migration): string[] {
  const { name } = migration;
  const now = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return [
    `insert into migration_hash (name, hash) values ('${name}', '${migrationHash(migration)}')`,
    `insert into kysely_migration (name, timestamp) values ('${name}', ${now})`,
  ];
}

function unmarked({ name }: Migration): string[] {
  return [`delete from kysely_migration where name = '${name}'`, `delete from migration_hash where name = '${name}'`];
}

/** What several declare, as one. Two that declare the same table are brought one after the other: a mistake of the release. */
function joined(all: readonly Declared[]): Declared {
  const names = all.flatMap(({ tables }) => Object.keys(tables));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two migrations of one release declare ${twice}`);
  return {
    tables: Object.assign({}, ...all.map(({ tables }) => tables)) as Declared['tables'],
    newTables: Object.assign({}, ...all.map(({ newTables }) => newTables)) as Declared['newTables'],
    droppedTables: all.flatMap(({ droppedTables }) => droppedTables),
    schema: all.flatMap(({ schema }) => schema),
  };
}
