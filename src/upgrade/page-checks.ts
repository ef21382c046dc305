/** Check 6: what the database says of its own pages and indexes (PostgreSQL's `amcheck`, page checksums), where it can. */
import { type SqlSession, SqlFailed } from '../store/database.ts';
import type { Findings } from './finding.ts';
import type { ReadBefore } from './read-before.ts';

export interface PagesVerdict {
  readonly indexes: number;
  /** What could not be checked, and why. */
  readonly absent: readonly string[];
}

/**
 * Checks every B-tree index against its table, those of some tables excepted, in a transaction that is rolled back: nothing is left in the
 * database.
 */
export async function checkPages(
  session: SqlSession,
  findings: Findings,
  before: ReadBefore | undefined,
  role = 'candidate',
  excepted: readonly string[] = [],
): Promise<PagesVerdict> {
  const absent: string[] = [];
  const [sums] = await session.query<{ data_checksums: string }>('show data_checksums');
  if (sums?.data_checksums !== 'on') absent.push('page checksums: the server was made without them');
  const [known] = await session.query<{ n: number }>(
    "select count(*) as n from pg_available_extensions where name = 'amcheck'",
  );
  if ((known?.n ?? 0) === 0) return { indexes: 0, absent: [...absent, 'amcheck: the server does not have it'] };
  await session.query('savepoint pages');
  let indexes = 0;
  try {
    await session.query('create extension if not exists amcheck');
    const names = await session.query<{ name: string; table_name: string; files: string }>(
      `select c.relname as name, t.relname as table_name, c.oid || ' ' || c.relfilenode as files from pg_index i join pg_class c on c.oid = i.indexrelid
        join pg_class t on t.oid = i.indrelid join pg_am a on a.oid = c.relam
        where a.amname = 'btree' and c.relnamespace = 'public'::regnamespace and i.indisvalid order by 1`,
    );
    for (const { name, table_name: table, files } of names) {
      if (excepted.includes(table)) continue;
      const check = async (): Promise<string> => {
        await session.query('savepoint one');
        try {
          await session.query('select bt_index_check($1::regclass, true)', [`public."${name}"`]);
          return '';
        } catch (error) {
          if (!(error instanceof SqlFailed)) throw error;
          await session.query('rollback to savepoint one');
          return error.message;
        }
      };
      const what =
        before === undefined ? await check() : await before.once(role, [table], `pages ${files}`, check, 'pages');
      if (what !== '') findings.add(`${table}/index/${name}`, 'whole', what.slice(0, 200));
      indexes++;
    }
  } catch (error) {
    if (!(error instanceof SqlFailed)) throw error;
    absent.push(`amcheck: ${error.message.slice(0, 200)}`);
  }
  await session.query('rollback to savepoint pages');
  return { indexes, absent };
}
