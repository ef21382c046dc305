// A command that writes to a database: with the schema of this release, and with the lease where an exchange once had one.
import { randomBytes } from 'node:crypto';
import { blockHash } from '../chain/block.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { Database, SqlSession } from '../store/database.ts';
import { type DurableBlock, takeLease } from '../store/lease.ts';
import { appliedMigrations, migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import { CommandError } from './errors.ts';

/** Longer than any rebuild; it is given back at the end. */
const LEASE_MS = 3_600_000;
/** Where a command sits: an exchange that sits elsewhere and has the lease keeps it out. */
const SEAT = 'makewhole store';

/** Refuses (named) a database without the schema, or with that of an earlier release. One that is empty gets it where `isWriter`. */
export async function requireSchema(database: Database, isWriter: boolean): Promise<void> {
  const [hashes] = await database.query<{ is_there: boolean }>(
    "select to_regclass('migration_hash') is not null as is_there",
  );
  const applied = hashes?.is_there === true ? await appliedMigrations(database) : [];
  if (applied.length === 0) {
    if (!isWriter) throw new CommandError('database_empty', 'the database holds nothing: `makewhole store rebuild`');
    await migrate(database, MIGRATIONS);
    return;
  }
  const missing = MIGRATIONS.filter(({ name }) => !applied.some((each) => each.name === name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new CommandError('schema_behind', `the database lacks ${names}: \`makewhole upgrade\` brings them`);
}

/**
 * Runs `work`, which writes, with what each of its transactions runs first. Refuses (throws) while an exchange has the lease, and a journal
 * that lacks what the last one had made durable.
 */
export async function asWriter(
  database: Database,
  folder: string,
  work: (before: ((session: SqlSession) => Promise<void>) | undefined) => Promise<void>,
): Promise<void> {
  const [last] = await database.query<{ exchange: string }>('select exchange from lease order by epoch desc limit 1');
  if (last === undefined) return work(undefined);
  const reader = new JournalReader(folder);
  const durable = durableOf(reader);
  const lease = await takeLease(database, {
    exchange: last.exchange,
    seat: SEAT,
    birthId: randomBytes(16).toString('hex'),
    birth: { process: process.pid, seat: SEAT },
    timeMs: LEASE_MS,
    durable,
    hashAt: (height) => {
      const block = reader.block(height);
      return block === undefined ? undefined : blockHash(block, sha256);
    },
  });
  try {
    await work((session) => lease.fence(session));
  } finally {
    await lease.release(durable);
  }
}

function durableOf(reader: JournalReader): DurableBlock | undefined {
  const block = reader.block(reader.height);
  return block === undefined ? undefined : { height: block.height, hash: blockHash(block, sha256) };
}
