/** Compares rows that a table should have with those that it has: byte for byte, and where they differ by row and column. */
import type { SqlSession, SqlValue } from './database.ts';
import { columnsOfLines, LineBuffer } from './line-buffer.ts';
import type { ColumnType } from './projected-tables.ts';

/** A table that can be compared with the journal. */
export interface ComparedTable {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
  /** Columns that tell rows apart, in the order in which rows stand; the height of their block comes before. */
  readonly order: readonly string[];
  /** The column that says which block a row is of; `height` unless said. */
  readonly height?: string;
  /** A condition of SQL that the compared rows fulfil; all rows unless said. */
  readonly only?: string;
}

/** The first place where the database is not what the journal says. */
export interface RowDifference {
  readonly table: string;
  /** What names the row: `height 12 trade 17`. */
  readonly row: string;
  /** `row` where one is missing or too many. */
  readonly column: string;
  readonly journal: string;
  readonly database: string;
}

/** `trade/height 12 trade 17/price_ticks: journal 100, database 101`. */
export function describeRowDifference({ table, row, column, journal, database }: RowDifference): string {
  return `${table}/${row}/${column}: journal ${journal}, database ${database}`;
}

/** The lines of a table's rows of the blocks from one height to another. */
export async function linesBetween(
  session: SqlSession,
  table: ComparedTable,
  from: number,
  to: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, columns, order, height = 'height', only = 'true' } = table;
  const sorted = [...new Set([height, ...order])].map((column) => {
    const isText = columns.some(([own, type]) => own === column && type === 'text');
    return isText ? `${name}.${column} collate "C"` : `${name}.${column}`;
  });
  const rows = await session.query<Record<string, SqlValue>>(
    `select ${columns.map(selected).join(', ')} from ${name} where ${height} between $1 and $2 and ${only} order by ${sorted.join(', ')}`,
    [from, to],
  );
  const lines = new LineBuffer();
  const values: SqlValue[] = columns.map(() => null);
  for (const row of rows) {
    for (let at = 0; at < columns.length; at++) values[at] = row[columns[at]?.[0] ?? ''] ?? null;
    lines.add(values);
  }
  return lines.take();
}

/** As text where the database's text is ours: no number is too great for that. */
function selected([name, type]: readonly [string, ColumnType]): string {
  return type === 'float' || type === 'truth' || type === 'text' ? name : `${name}::text as ${name}`;
}

/** The first difference between the lines that should be there and those that are; undefined where they are the same. */
export function firstDifference(
  table: ComparedTable,
  expected: Uint8Array,
  found: Uint8Array,
): RowDifference | undefined {
  if (isSame(expected, found)) return undefined;
  const [ours, theirs] = [columnsOfLines(expected), columnsOfLines(found)];
  const at = ours.findIndex((row, n) => row.join('\t') !== theirs[n]?.join('\t'));
  const [own, other] = at < 0 ? [undefined, theirs[ours.length]] : [ours[at], theirs[at]];
  return differenceOf(table, own, other, theirs, ours);
}

type Row = readonly string[];

function differenceOf(
  table: ComparedTable,
  own: Row | undefined,
  other: Row | undefined,
  theirs: readonly Row[],
  ours: readonly Row[],
): RowDifference {
  const keyed = (row: Row): string => keyOf(table, row);
  const isThere = (rows: readonly Row[], row: Row): boolean => rows.some((each) => keyed(each) === keyed(row));
  const difference = { table: table.name };
  // The same row otherwise, one that is missing, or one too many.
  if (own !== undefined && !(other !== undefined && keyed(own) === keyed(other)) && !isThere(theirs, own)) {
    return { ...difference, row: keyed(own), column: 'row', journal: own.join(' '), database: 'none' };
  }
  if (other !== undefined && (own === undefined || !isThere(ours, other))) {
    return { ...difference, row: keyed(other), column: 'row', journal: 'none', database: other.join(' ') };
  }
  const same = own as Row;
  const twin = theirs.find((row) => keyed(row) === keyed(same)) as Row;
  const column = Math.max(
    0,
    same.findIndex((value, n) => value !== twin[n]),
  );
  return {
    ...difference,
    row: keyed(same),
    column: table.columns[column]?.[0] ?? 'row',
    journal: same[column] as string,
    database: twin[column] as string,
  };
}

function keyOf({ columns, order, height = 'height' }: ComparedTable, row: Row): string {
  return [...new Set([height, ...order])]
    .map((name) => `${name} ${row[columns.findIndex(([own]) => own === name)]}`)
    .join(' ');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
