/** Check 6: what the database says of its own pages and indexes (PostgreSQL's `amcheck`, page checksums), where it can. */
import { type SqlSession, SqlFailed } from '../store/database.ts';
import type { Findings } from './finding.ts';
import { BESIDE_ROLE, type ReadBefore } from './read-before.ts';

export interface PagesVerdict {
  readonly indexes: number;
  /** Of these, those that were compared with all rows of their table. */
  readonly whole: number;
  /** What could not be checked, and why. */
  readonly absent: readonly string[];
}

/** What the migration left as it is: tables that it does not declare to change, with indexes whose files are those of the control. */
export interface Untouched {
  readonly isDeclared: (table: string) => boolean;
  /** Object and file of each index of the control, by its name. */
  readonly files: ReadonlyMap<string, string>;
}

interface IndexRow {
  readonly name: string;
  readonly table_name: string;
  readonly files: string;
}

const INDEXES = `select c.relname as name, t.relname as table_name, c.oid || ' ' || c.relfilenode as files
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid join pg_am a on a.oid = c.relam
  where a.amname = 'btree' and c.relnamespace = 'public'::regnamespace and i.indisvalid order by 1`;

/** The files of the indexes of a control. */
export async function indexFilesOf(control: SqlSession): Promise<ReadonlyMap<string, string>> {
  const indexes = await control.query<IndexRow>(INDEXES);
  return new Map(indexes.map(({ name, files }) => [name, files]));
}

/**
 * Checks every B-tree index, in a transaction that is rolled back: nothing is left in the database. Each must be in order; one that a
 * migration made or may have written must have an entry for every row of its table besides, for which all rows are read.
 */
export async function checkPages(
  session: SqlSession,
  findings: Findings,
  before: ReadBefore,
  untouched: Untouched,
): Promise<PagesVerdict> {
  const absent: string[] = [];
  const [sums] = await session.query<{ data_checksums: string }>('show data_checksums');
  if (sums?.data_checksums !== 'on') absent.push('page checksums: the server was made without them');
  const [known] = await session.query<{ n: number }>(
    "select count(*) as n from pg_available_extensions where name = 'amcheck'",
  );
  if ((known?.n ?? 0) === 0)
    return { indexes: 0, whole: 0, absent: [...absent, 'amcheck: the server does not have it'] };
  await session.query('savepoint pages');
  let indexes = 0;
  let whole = 0;
  try {
    await session.query('create extension if not exists amcheck');
    for (const { name, table_name: table, files } of await session.query<IndexRow>(INDEXES)) {
      const isWhole = untouched.isDeclared(table) || untouched.files.get(name) !== files;
      const check = async (): Promise<string> => {
        await session.query('savepoint one');
        try {
          await session.query('select bt_index_check($1::regclass, $2)', [`public."${name}"`, isWhole]);
          return '';
        } catch (error) {
          if (!(error instanceof SqlFailed)) throw error;
          await session.query('rollback to savepoint one');
          return error.message;
        }
      };
      const key = `${isWhole ? 'rows' : 'order'} of index ${files}`;
      const what = await before.once(BESIDE_ROLE, [table], key, check, 'pages');
      if (what !== '') findings.add(`${table}/index/${name}`, 'whole', what.slice(0, 200));
      indexes++;
      if (isWhole) whole++;
    }
  } catch (error) {
    if (!(error instanceof SqlFailed)) throw error;
    absent.push(`amcheck: ${error.message.slice(0, 200)}`);
  }
  await session.query('rollback to savepoint pages');
  return { indexes, whole, absent };
}
