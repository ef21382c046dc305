/**
 * What was read of whole tables before, and still holds: reading millions of rows again says nothing new when none of them was written
 * since. Whether one was, the database itself says of every row: each names the transaction that wrote it last.
 */
import type { SqlSession } from '../store/database.ts';
import { quoted } from './compare-rows.ts';

/** What a table was when something of it was read. */
interface Standing {
  /** Its files and its columns, as the catalogue has them. */
  readonly definition: string;
  readonly rows: number;
  /** Transactions from this one on came later. */
  readonly mark: string;
}

interface Kept {
  readonly standings: ReadonlyMap<string, Standing>;
  readonly value: unknown;
}

/** The standings that a session has found: true of it while its transaction lasts. */
interface Look {
  readonly role: string;
  readonly session: SqlSession;
  readonly mark: string;
  readonly standings: Map<string, Standing>;
}

const MARK = 'select pg_snapshot_xmin(pg_current_snapshot())::text as mark';

const DEFINITION = `select c.oid || ' ' || c.relfilenode || ' ' || (select string_agg(concat_ws(' ', a.attnum, a.attname,
    a.atttypid, a.atttypmod, a.atthasmissing, a.xmin), ',' order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0)
    as definition from pg_class c where c.oid = to_regclass($1)`;

/** The candidate's role in the session that looks at its pages while another one reads its rows. */
export const PAGES_ROLE = 'candidate pages';

export class ReadBefore {
  /** By the name of the database's role, then by what was read. */
  private readonly kept = new Map<string, Map<string, Kept>>();
  private readonly looks = new Map<string, Look>();
  /** Rows that were not read again in the looks that are open, of which the database says that they are as they were. */
  private readonly unwritten = new Map<string, number>();

  /** What was not read again, in words; empty where all was. */
  get about(): string {
    const own = [...this.unwritten].filter(([key]) => !key.startsWith(PAGES_ROLE));
    const rows = own.reduce((sum, [, n]) => sum + n, 0);
    return rows === 0 ? '' : `; ${rows} of both sides not written since they were read before, and not read again`;
  }

  /** Another database takes a role: nothing of it was read, in whatever session of it. */
  forget(role: string): void {
    for (const each of this.kept.keys()) if (each.startsWith(role)) this.kept.delete(each);
  }

  /**
   * What is known, for a copy that takes the candidate's role while the candidate keeps its own: what is read of the copy is not known of
   * the candidate. The control is the same for both.
   */
  ofCopy(): ReadBefore {
    const other = new ReadBefore();
    for (const [role, kept] of this.kept) other.kept.set(role, role === 'control' ? kept : new Map(kept));
    return other;
  }

  /** Begins a look at a database (`role`) in a session whose transaction sees one moment of it. */
  async begin(role: string, session: SqlSession): Promise<void> {
    const [row] = await session.query<{ mark: string }>(MARK);
    this.looks.set(role, { role, session, mark: row?.mark ?? '0', standings: new Map() });
    for (const key of this.unwritten.keys()) if (key.startsWith(`${role} `)) this.unwritten.delete(key);
  }

  /**
   * What `read` gives, which depends on nothing but the rows of `tables` (and on `key`). It is not called where it was before, and no row of
   * them was added, changed or removed since, nor a column.
   */
  async once<T>(role: string, tables: readonly string[], key: string, read: () => Promise<T>): Promise<T> {
    const look = this.looks.get(role);
    if (look === undefined) return read();
    const kept = this.kept.get(role) ?? new Map<string, Kept>();
    this.kept.set(role, kept);
    const what = `${key} of ${tables.join()}`;
    const found = kept.get(what);
    if (found !== undefined && (await this.stands(look, tables, found))) return found.value as T;
    const value = await read();
    const standings = new Map<string, Standing>();
    for (const table of tables) standings.set(table, await standingOf(look, table));
    kept.set(what, { standings, value });
    return value;
  }

  private async stands(look: Look, tables: readonly string[], { standings }: Kept): Promise<boolean> {
    for (const table of tables) {
      const before = standings.get(table);
      if (before === undefined || !(await isAsBefore(look, table, before))) return false;
    }
    for (const table of tables) this.unwritten.set(`${look.role} ${table}`, standings.get(table)?.rows ?? 0);
    return true;
  }
}

async function standingOf(look: Look, table: string): Promise<Standing> {
  const known = look.standings.get(table);
  if (known !== undefined) return known;
  const definition = await definitionOf(look, table);
  const [row] = await look.session.query<{ n: number }>(`select count(*) as n from ${quoted(table)}`);
  const standing = { definition, rows: row?.n ?? 0, mark: look.mark };
  look.standings.set(table, standing);
  return standing;
}

async function definitionOf({ session }: Look, table: string): Promise<string> {
  const [row] = await session.query<{ definition: string }>(DEFINITION, [`public.${quoted(table)}`]);
  return row?.definition ?? 'none';
}

/** True when every row there is was there before, by its transaction, and none is missing. */
async function isAsBefore(look: Look, table: string, before: Standing): Promise<boolean> {
  const known = look.standings.get(table);
  if (known !== undefined) {
    if (known.definition !== before.definition || known.rows !== before.rows) return false;
    // Not written since an earlier moment, so not since a later one either.
    if (BigInt(known.mark) <= BigInt(before.mark)) return true;
  } else if ((await definitionOf(look, table)) !== before.definition) return false;
  const [row] = await look.session.query<{ n: number; written: number }>(
    `select count(*) as n, count(*) filter (
        where age(xmin) <= age(($1::text::xid8)::xid)) as written from ${quoted(table)}`,
    [before.mark],
  );
  if (row?.n !== before.rows || row.written > 0) return false;
  // What was true then is true now: later looks begin from here as well.
  look.standings.set(table, before);
  return true;
}
