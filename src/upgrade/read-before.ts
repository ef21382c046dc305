/**
 * What was read of whole tables before, and still holds: reading millions of rows again says nothing new when none of them was written
 * since. Whether one was, the database itself says of every row: each names the transaction that wrote it last.
 */
import type { SqlSession } from '../store/database.ts';
import { quoted } from './compare-rows.ts';

/** A table as the catalogue has it: which files its rows are in, and its columns by their names. */
interface Definition {
  readonly files: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** What a table was when something of it was read. */
interface Standing extends Definition {
  readonly rows: number;
  /** Transactions from this one on came later. */
  readonly mark: string;
}

/**
 * What is read depends on the rows of tables and on all their columns; on those columns alone that a statement names; or on the pages of
 * the files, whatever columns the catalogue names.
 */
export type Of = 'rows' | 'pages' | { readonly statement: string };

interface Kept {
  readonly standings: ReadonlyMap<string, Standing>;
  readonly value: unknown;
}

/** The standings that a session has found: true of it while its transaction lasts. */
interface Look {
  readonly role: string;
  readonly session: SqlSession;
  /** Names the transaction and what it sees. */
  readonly moment: string;
  readonly mark: string;
  readonly standings: Map<string, Standing>;
  /** Whether a table is what it was, by its name and when; both sessions of one moment ask once. */
  readonly answers: Map<string, Promise<boolean>>;
}

const MARK = `select pg_snapshot_xmin(pg_current_snapshot())::text as mark,
  concat_ws(' ', pg_backend_pid(), extract(epoch from now()), pg_current_snapshot()) as moment`;

const DEFINITION = `select c.oid || ' ' || c.relfilenode as files, coalesce((select json_object_agg(a.attname, concat_ws(' ', a.attnum,
    a.atttypid, a.atttypmod, a.atthasmissing, a.xmin)) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0), '{}')
    as columns from pg_class c where c.oid = to_regclass($1)`;

/** The candidate's role in the session that looks at its pages and links while another one reads its rows. */
export const BESIDE_ROLE = 'candidate beside';

export class ReadBefore {
  /** By the name of the database's role, then by what was read. */
  private readonly kept = new Map<string, Map<string, Kept>>();
  private readonly looks = new Map<string, Look>();
  /** Rows that were not read again in the looks that are open, of which the database says that they are as they were. */
  private readonly unwritten = new Map<string, number>();

  /** What was not read again, in words; empty where all was. */
  get about(): string {
    const own = [...this.unwritten].filter(([key]) => !key.startsWith(BESIDE_ROLE));
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
    const look = this.looks.get('control');
    if (look !== undefined) other.looks.set('control', look);
    return other;
  }

  /** Begins a look at a database (`role`) in a session whose transaction sees one moment of it; in the same transaction it goes on. */
  async begin(role: string, session: SqlSession): Promise<void> {
    const [row] = await session.query<{ mark: string; moment: string }>(MARK);
    const { mark = '0', moment = '' } = row ?? {};
    this.nothingUnwritten(role);
    const found = this.looks.get(role);
    if (found?.session === session && found.moment === moment) return;
    this.looks.set(role, { role, session, moment, mark, standings: new Map(), answers: new Map() });
  }

  /** Begins the look of another session that sees the same moment of the same database as the look of `other` does. */
  beginBeside(role: string, session: SqlSession, other: string): void {
    const look = this.looks.get(other);
    if (look !== undefined) this.looks.set(role, { ...look, role, session });
    this.nothingUnwritten(role);
  }

  private nothingUnwritten(role: string): void {
    for (const key of this.unwritten.keys()) if (key.startsWith(`${role} `)) this.unwritten.delete(key);
  }

  /**
   * What `read` gives, which depends on nothing but the rows of `tables` (and on `key`), or on the pages that hold them. It is not called
   * where it was before, and no row of them was added, changed or removed since, nor, for what depends on rows, a column.
   */
  async once<T>(
    role: string,
    tables: readonly string[],
    key: string,
    read: () => Promise<T>,
    of: Of = 'rows',
  ): Promise<T> {
    const look = this.looks.get(role);
    if (look === undefined) return read();
    const kept = this.kept.get(role) ?? new Map<string, Kept>();
    this.kept.set(role, kept);
    const what = `${key} of ${tables.join()}`;
    const found = kept.get(what);
    if (found !== undefined && (await this.stands(look, tables, found, of))) return found.value as T;
    const value = await read();
    const standings = new Map<string, Standing>();
    for (const table of tables) standings.set(table, await standingOf(look, table));
    kept.set(what, { standings, value });
    return value;
  }

  private async stands(look: Look, tables: readonly string[], { standings }: Kept, of: Of): Promise<boolean> {
    for (const table of tables) {
      const before = standings.get(table);
      if (before === undefined) return false;
      const now = look.standings.get(table) ?? (await definitionOf(look, table));
      if (now.files !== before.files || !hasColumnsOf(before, now, of)) return false;
      if (!(await hasRowsOf(look, table, before, now))) return false;
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
  const standing = { ...definition, rows: row?.n ?? 0, mark: look.mark };
  look.standings.set(table, standing);
  return standing;
}

async function definitionOf({ session }: Look, table: string): Promise<Definition> {
  const [row] = await session.query<Definition>(DEFINITION, [`public.${quoted(table)}`]);
  return row ?? { files: 'none', columns: {} };
}

function hasColumnsOf({ columns: before }: Definition, { columns: now }: Definition, of: Of): boolean {
  if (of === 'pages') return true;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const words = of === 'rows' ? undefined : new Set(of.statement.match(/\w+/g));
  return names.every((name) => before[name] === now[name] || words?.has(name) === false);
}

/** True when every row there is was there before, by its transaction, and none is missing. */
async function hasRowsOf(look: Look, table: string, before: Standing, now: Definition): Promise<boolean> {
  const known = look.standings.get(table);
  if (known !== undefined && known.rows !== before.rows) return false;
  // Not written since an earlier moment, so not since a later one either.
  if (known !== undefined && BigInt(known.mark) <= BigInt(before.mark)) return true;
  const question = `${table} ${before.mark}`;
  const asked = look.answers.get(question) ?? askForRows(look, table, before);
  look.answers.set(question, asked);
  if (!(await asked)) return false;
  // What was true then is true now: later looks begin from here as well.
  const { files, columns } = now;
  look.standings.set(table, { files, columns, rows: before.rows, mark: before.mark });
  return true;
}

async function askForRows({ session }: Look, table: string, { mark, rows }: Standing): Promise<boolean> {
  const [row] = await session.query<{ n: number; written: number }>(
    `select count(*) as n, count(*) filter (
        where age(xmin) <= age(($1::text::xid8)::xid)) as written from ${quoted(table)}`,
    [mark],
  );
  return row?.n === rows && row.written === 0;
}
