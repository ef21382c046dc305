/** Sums of whole numbers over the rows of a table: from lines, and by the database itself. */
import type { SqlSession } from './database.ts';
import { PROJECTED_TABLES, type ProjectedName, type ProjectedTable } from './projected-tables.ts';

/** Columns that are summed up where an audit compares totals. */
const SUMMED: Partial<Record<ProjectedName, readonly string[]>> = {
  trade: ['size_lots', 'maker_fee', 'taker_fee', 'maker_profit', 'taker_profit'],
  order_version: ['size_lots', 'remaining_lots'],
  position_version: ['size_lots', 'cost', 'realised_profit', 'realised_funding'],
  balance_version: ['balance', 'pending', 'receivable'],
  funding_payment: ['amount'],
  money_movement: ['amount'],
  liquidation: ['penalty', 'equity', 'maintenance'],
  position_taking: ['size_lots', 'profit'],
  bar: ['volume_lots', 'trades'],
};

export interface TableTotals {
  readonly rows: number;
  /** By the names of the columns. */
  readonly sums: Readonly<Record<string, bigint>>;
}

const TAB = 9;
const LINE_FEED = 10;
const MINUS = 45;
const ZERO = 48;
/** So many digits fit a number exactly. */
const EXACT_DIGITS = 15;

/** Sums up lines as they come. */
export class SumsOfLines {
  private readonly columns: readonly (readonly [index: number, name: string])[];
  private readonly sums: bigint[];
  private rows = 0;

  constructor({ name, columns }: ProjectedTable) {
    this.columns = columns.flatMap(([column], index) => (summedOf(name).includes(column) ? [[index, column]] : []));
    this.sums = this.columns.map(() => 0n);
  }

  add(lines: Uint8Array, rows: number): void {
    this.rows += rows;
    if (this.columns.length === 0) return;
    const small = this.columns.map(() => 0);
    let [column, wanted, start] = [0, 0, 0];
    for (let at = 0; at < lines.length; at++) {
      const byte = lines[at];
      if (byte !== TAB && byte !== LINE_FEED) continue;
      if (this.columns[wanted]?.[0] === column) {
        const value = numberAt(lines, start, at);
        const sum = (small[wanted] as number) + (value ?? 0);
        if (value === undefined || !Number.isSafeInteger(sum)) {
          const text = new TextDecoder().decode(lines.subarray(start, at));
          this.sums[wanted] = (this.sums[wanted] as bigint) + BigInt(text);
        } else small[wanted] = sum;
        wanted++;
      }
      start = at + 1;
      column++;
      if (byte === LINE_FEED) [column, wanted] = [0, 0];
    }
    small.forEach((sum, n) => {
      this.sums[n] = (this.sums[n] as bigint) + BigInt(sum);
    });
  }

  get totals(): TableTotals {
    const named = this.columns.map(([, name], n) => [name, this.sums[n] as bigint] as const);
    return { rows: this.rows, sums: Object.fromEntries(named) };
  }
}

/** The whole number in these bytes; undefined when it has too many digits to be exact. */
function numberAt(bytes: Uint8Array, from: number, to: number): number | undefined {
  const isNegative = bytes[from] === MINUS;
  const first = isNegative ? from + 1 : from;
  if (to - first > EXACT_DIGITS) return undefined;
  let value = 0;
  for (let at = first; at < to; at++) value = value * 10 + ((bytes[at] as number) - ZERO);
  return isNegative ? -value : value;
}

/** The totals of a table in the database, over the blocks up to a height. */
export async function totalsOf(session: SqlSession, name: ProjectedName, height: number): Promise<TableTotals> {
  const { columns } = PROJECTED_TABLES.find((table) => table.name === name) as ProjectedTable;
  const names = columns.flatMap(([column]) => (summedOf(name).includes(column) ? [column] : []));
  const isFloat = (column: string): boolean => columns.some(([own, type]) => own === column && type === 'float');
  // A float of whole numbers: its sum as floats would round.
  const sums = names.map(
    (column) => `coalesce(sum(${column}${isFloat(column) ? '::bigint' : ''}), 0)::text as ${column}`,
  );
  const [row] = await session.query<Record<string, string | number>>(
    `select ${['count(*) as rows', ...sums].join(', ')} from ${name} where height between 0 and $1`,
    [height],
  );
  const found = row as Record<string, string | number>;
  return {
    rows: found['rows'] as number,
    sums: Object.fromEntries(names.map((column) => [column, BigInt(found[column] as string)])),
  };
}

function summedOf(name: ProjectedName): readonly string[] {
  return SUMMED[name] ?? [];
}
