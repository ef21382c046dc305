/** The record of upgrades in the database, brought to what the files say. It is where another process sees that one is active. */
import { type SqlSession, SqlFailed } from '../store/database.ts';
import { type Evidence, evidenceHash, evidenceText } from './evidence.ts';

/** Another upgrade of this database has not ended. Nothing was done. */
export class UpgradeActive extends Error {
  readonly code = 'upgrade_active';
  constructor(id: string) {
    super(`upgrade ${id} has not ended: \`makewhole upgrade resume\` or \`makewhole upgrade abort\``);
    this.name = 'UpgradeActive';
  }
}

const UNIQUE_VIOLATION = '23505';

/** Where an upgrade stands. */
export interface UpgradeHead {
  readonly id: string;
  readonly migration: string;
  readonly migrationHash: string;
  readonly isActive: boolean;
}

/**
 * Writes what the record lacks of an upgrade's documents. Refuses (throws `UpgradeActive`) while another is active. Does nothing in a
 * database whose schema has no such record yet.
 */
export async function writeRecord(session: SqlSession, head: UpgradeHead, chain: readonly Evidence[]): Promise<void> {
  if (!(await hasRecord(session))) return;
  const [first, last] = [chain[0], chain.at(-1)];
  const { id, migration, migrationHash, isActive } = head;
  // One whose plan was never written was never begun.
  await session.query(
    `update upgrade set is_active = false where is_active and id <> $1
      and not exists (select 1 from upgrade_step s where s.upgrade = upgrade.id)`,
    [id],
  );
  const [other] = await session.query<{ id: string }>('select id from upgrade where is_active and id <> $1', [id]);
  if (isActive && other !== undefined) throw new UpgradeActive(other.id);
  try {
    await session.query(
      `insert into upgrade (id, migration, migration_hash, began_ms, ended_ms, state, verdict, abort, is_active)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (id) do update set began_ms = excluded.began_ms, ended_ms = excluded.ended_ms, state = excluded.state, verdict = excluded.verdict,
          abort = excluded.abort, is_active = excluded.is_active`,
      [
        id,
        migration,
        migrationHash,
        first?.beganMs ?? 0,
        isActive ? null : (last?.endedMs ?? 0),
        last?.state ?? 'PLAN',
        isActive ? null : (last?.verdict ?? null),
        last?.abort ?? null,
        isActive,
      ],
    );
  } catch (error) {
    throw error instanceof SqlFailed && error.code === UNIQUE_VIOLATION
      ? new UpgradeActive('that others began')
      : error;
  }
  const known = new Set(await recordedHashes(session, id));
  for (const evidence of chain) {
    const hash = evidenceHash(evidence);
    if (known.has(hash)) continue;
    await session.query(
      `insert into upgrade_step (upgrade, ordinal, state, verdict, began_ms, ended_ms, evidence_hash, evidence)
        values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        id,
        evidence.ordinal,
        evidence.state,
        evidence.verdict,
        evidence.beganMs,
        evidence.endedMs,
        hash,
        evidenceText(evidence).trimEnd(),
      ],
    );
  }
}

async function hasRecord(session: SqlSession): Promise<boolean> {
  const [there] = await session.query<{ is_there: boolean }>(
    "select to_regclass('upgrade_step') is not null as is_there",
  );
  return there?.is_there === true;
}

/** Hashes of the documents that the database's record has of an upgrade, in their order; none where its schema has no such record yet. */
export async function recordedHashes(session: SqlSession, id: string): Promise<string[]> {
  if (!(await hasRecord(session))) return [];
  const rows = await session.query<{ evidence_hash: string }>(
    'select evidence_hash from upgrade_step where upgrade = $1 order by ordinal',
    [id],
  );
  return rows.map(({ evidence_hash: hash }) => hash);
}
