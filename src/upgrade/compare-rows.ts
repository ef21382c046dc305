/**
 * Compares the rows of a table on both sides: first by the sum of their hashes in the databases, then, where that differs, by those of
 * groups of rows, and of the groups that differ row by row and column by column, so that each difference has its path.
 */
import type { SqlSession } from '../store/database.ts';
import type { Findings } from './finding.ts';
import type { ReadBefore } from './read-before.ts';
import type { SchemaTable } from './read-schema.ts';

/** One side of a comparison: a session, and the expressions of the compared columns over the rows of its table. */
interface RowsSide {
  readonly role: 'control' | 'candidate';
  readonly session: SqlSession;
  /** A table's name, or a query in brackets. */
  readonly from: string;
  readonly expressions: readonly string[];
}

export interface RowsComparison {
  readonly table: string;
  /** Names of the compared columns, and which of them tell rows apart: none, the whole row does. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly control: RowsSide;
  readonly candidate: RowsSide;
  /** Type of each column where both sides have the same, for which its values can be told apart as they are; else as text. */
  readonly types?: readonly (string | undefined)[];
  readonly checkTime: () => void;
  readonly before?: ReadBefore | undefined;
  /** All tables of each side: what an expression of a declaration may look at. */
  readonly all?: { readonly control: readonly string[]; readonly candidate: readonly string[] };
}

interface Sum {
  readonly n: number;
  readonly sum: string | null;
}

interface Group extends Sum {
  readonly bucket: number;
}

/** Groups of rows by their hash, and rows that are held in memory at once, about. */
const GROUPS = 1024;
const SLICE_ROWS = 50_000;

/** An identifier as SQL takes it, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Compares a table; returns how many rows the control has. Both sides must be at rest. */
export async function compareRows(comparison: RowsComparison, findings: Findings): Promise<number> {
  const { control, candidate } = comparison;
  const [own, other] = await Promise.all([sumOf(control, comparison), sumOf(candidate, comparison)]);
  if (own.n !== other.n || own.sum !== other.sum) await compareGroups(comparison, findings);
  return own.n;
}

async function compareGroups(comparison: RowsComparison, findings: Findings): Promise<void> {
  const { control, candidate } = comparison;
  const [before, after] = await Promise.all([groupsOf(control, comparison), groupsOf(candidate, comparison)]);
  const differing = Array.from({ length: GROUPS }, (_, bucket) => bucket).filter((bucket) => {
    const [own, other] = [before.get(bucket), after.get(bucket)];
    return own?.n !== other?.n || own?.sum !== other?.sum;
  });
  const affected = differing.reduce((sum, bucket) => sum + (before.get(bucket)?.n ?? 0), 0);
  const slices = Math.max(1, Math.ceil(affected / SLICE_ROWS));
  for (let slice = 0; slice < slices; slice++) {
    comparison.checkTime();
    await compareSlice(comparison, differing, slice, slices, findings);
  }
}

/** Types whose values have a hash of their own that tells all of them apart; floats and wide numbers by their bytes. */
const HASHED: Readonly<Record<string, (value: string) => string>> = {
  smallint: (value) => value,
  integer: (value) => value,
  bigint: (value) => value,
  boolean: (value) => value,
  text: (value) => value,
  bytea: (value) => value,
  numeric: (value) => `numeric_send(${value})`,
  'double precision': (value) => `float8send(${value})`,
};

/**
 * The rows with a hash of each. A record's own hash is linear in those of its columns: without the second one, values that were swapped
 * between two rows would leave the sum of both as it was.
 */
function hashed({ from, expressions }: RowsSide, { columns, types = [] }: RowsComparison): string {
  const named = expressions.map((expression, n) => `${expression} as ${quoted(columns[n] as string)}`);
  const values = columns.map((name, n) => {
    const value = `t.${quoted(name)}`;
    return HASHED[types[n] ?? '']?.(value) ?? `${value}::text`;
  });
  return `(select t.*, hashint8extended(hash_record_extended(row(${values.join(', ')}), 0), 0) as row_hash
    from (select ${named.join(', ')} from ${from} s) t)`;
}

/** Of all rows at once: a database that groups millions of rows by what it cannot estimate sorts them, whole. */
function sumOf(side: RowsSide, comparison: RowsComparison): Promise<Sum> {
  const { table, columns, before, all } = comparison;
  const text = `select count(*) as n, sum(row_hash)::text as sum from ${hashed(side, comparison)} h`;
  const read = async (): Promise<Sum> => {
    const [sum] = await side.session.query<Sum>(text);
    return sum as Sum;
  };
  // What a declaration says may look at other tables as well.
  const isPlain = side.from === quoted(table) && side.expressions.every((each, n) => each === quoted(columns[n] ?? ''));
  const tables = isPlain ? [table] : all?.[side.role];
  return before === undefined || tables === undefined ? read() : before.once(side.role, tables, text, read);
}

async function groupsOf(side: RowsSide, comparison: RowsComparison): Promise<Map<number, Group>> {
  const groups = await side.session.query<Group>(
    `select (row_hash & ${GROUPS - 1})::integer as bucket, count(*) as n, sum(row_hash)::text as sum
      from ${hashed(side, comparison)} h group by 1`,
  );
  return new Map(groups.map((group) => [group.bucket, group]));
}

/** Reads what `compareRows` will ask of the control of a table that a migration leaves as it is. */
export async function readRowsAhead(
  { name, columns }: SchemaTable,
  session: SqlSession,
  before: ReadBefore,
  checkTime: () => void,
): Promise<void> {
  const names = columns.map((column) => column.name);
  const side: RowsSide = { role: 'control', session, from: quoted(name), expressions: names.map(quoted) };
  const types = columns.map(({ type }) => type);
  await sumOf(side, {
    table: name,
    columns: names,
    key: [],
    control: side,
    candidate: side,
    types,
    checkTime,
    before,
  });
}

type Row = readonly (string | null)[];

async function compareSlice(
  comparison: RowsComparison,
  differing: readonly number[],
  slice: number,
  slices: number,
  findings: Findings,
): Promise<void> {
  const { table, columns, key, control, candidate } = comparison;
  const [before, after] = await Promise.all([
    sliceOf(control, comparison, differing, slice, slices),
    sliceOf(candidate, comparison, differing, slice, slices),
  ]);
  const label = (row: Row): string => labelOf(row, columns, key);
  for (const [id, rows] of before) {
    const others = after.get(id) ?? [];
    rows.forEach((row, n) => {
      const other = others[n];
      if (other === undefined) return findings.add(`${table}/${label(row)}/row`, textOf(row), 'none');
      columns.forEach((column, at) => {
        if (row[at] !== other[at]) {
          findings.add(`${table}/${label(row)}/${column}`, row[at] ?? 'null', other[at] ?? 'null');
        }
      });
    });
  }
  for (const [id, rows] of after) {
    for (const row of rows.slice(before.get(id)?.length ?? 0)) {
      findings.add(`${table}/${label(row)}/row`, 'none', textOf(row));
    }
  }
}

/** The rows of one slice, by what tells them apart; several where that does not. */
async function sliceOf(
  side: RowsSide,
  comparison: RowsComparison,
  differing: readonly number[],
  slice: number,
  slices: number,
): Promise<Map<string, Row[]>> {
  const { columns, key } = comparison;
  const keys = key.length === 0 ? columns : key;
  const identity = keys.map((name) => `coalesce(h.${quoted(name)}::text, '')`).join(" || ' ' || ");
  const texts = columns.map((name, n) => `h.${quoted(name)}::text as c${n}`);
  const rows = await side.session.query<Record<string, string | null>>(
    `select ${identity} as id, ${texts.join(', ')} from ${hashed(side, comparison)} h
      where (row_hash & ${GROUPS - 1})::integer = any($1::integer[])
        and (hashtextextended(${identity}, 0) & 2147483647) % $2 = $3
      order by ${keys.map((name) => `h.${quoted(name)}`).join(', ')}`,
    [`{${differing.join(',')}}`, slices, slice],
  );
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const values = columns.map((_, n) => row[`c${n}`] ?? null);
    const same = found.get(row['id'] as string);
    if (same === undefined) found.set(row['id'] as string, [values]);
    else same.push(values);
  }
  return found;
}

function labelOf(row: Row, columns: readonly string[], key: readonly string[]): string {
  const value = (name: string): string => row[columns.indexOf(name)] ?? 'null';
  if (key.length === 0) return textOf(row);
  return key.length === 1 ? value(key[0] as string) : key.map((name) => `${name} ${value(name)}`).join(' ');
}

const LONGEST_TEXT = 200;

function textOf(row: Row): string {
  const text = row.map((value) => value ?? 'null').join(' ');
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}

/** Columns and key of a table as both directions of a comparison need them. */
export function keyOf({ key, columns }: SchemaTable, compared: readonly string[]): readonly string[] {
  return key.length > 0 && key.every((name) => compared.includes(name) && columns.some((each) => each.name === name))
    ? key
    : [];
}
