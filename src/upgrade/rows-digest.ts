/** A digest of all that a database holds but for the record of who writes and of upgrades: whoever did not touch it finds it as it was. */
import { createHash } from 'node:crypto';
import type { SqlSession } from '../store/database.ts';
import { quoted } from './compare-rows.ts';
import { readSchema } from './read-schema.ts';

/** SHA-256 over every row of every table, as text, and over the schema; hexadecimal digits. */
export async function rowsDigest(session: SqlSession): Promise<string> {
  await session.query("set timezone = 'UTC'");
  const { tables, facts } = await readSchema(session);
  const digest = createHash('sha256');
  for (const name of [...tables.keys()].sort()) {
    const columns = tables.get(name)?.columns.map((column) => quoted(column.name)) ?? [];
    // Sums of hashes do not depend on the order in which rows lie.
    const [row] = await session.query<{ n: number; first: string; second: string }>(
      `select count(*) as n, coalesce(sum(hashtextextended(line, 1)::numeric), 0)::text as first,
        coalesce(sum(hashtextextended(line, 2)::numeric), 0)::text as second
        from (select row(${columns.join(', ')})::text as line from ${quoted(name)}) lines`,
    );
    digest.update(`${name} ${columns.join(' ')} ${row?.n} ${row?.first} ${row?.second}\n`);
  }
  for (const [name, { definition }] of [...facts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith('record ')) digest.update(`${name} ${definition}\n`);
  }
  return digest.digest('hex');
}
