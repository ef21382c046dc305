/** What an audit finds beside the rows of blocks: totals that differ, and rows that are of no block. */
import type { AuditedTable } from './audit-store.ts';
import type { RowDifference } from './compare-rows.ts';
import type { SqlSession } from './database.ts';
import { PROJECTED_TABLES, type ProjectedName } from './projected-tables.ts';
import { type TableTotals, totalsOf } from './table-sums.ts';

/** Totals by the journal beside those by the database, and the first that differs. */
export async function compareTotals(
  session: SqlSession,
  totals: readonly (readonly [ProjectedName, TableTotals])[],
  height: number,
): Promise<{ readonly tables: AuditedTable[]; readonly difference: RowDifference | undefined }> {
  const tables: AuditedTable[] = [];
  for (const [table, journal] of totals) {
    tables.push({ table, journal, database: await totalsOf(session, table, height) });
  }
  return { tables, difference: tables.map(differenceOf).find((found) => found !== undefined) };
}

function differenceOf({ table, journal, database }: AuditedTable): RowDifference | undefined {
  const named = (totals: TableTotals): [string, string][] =>
    Object.entries({ rows: totals.rows, ...totals.sums }).map(([name, value]) => [name, String(value)]);
  const theirs = new Map(named(database));
  const found = named(journal).find(([name, value]) => theirs.get(name) !== value);
  if (found === undefined) return undefined;
  const [column, value] = found;
  return { table, row: 'total', column, journal: value, database: theirs.get(column) ?? 'none' };
}

/** Tables beside the projected ones whose rows are of a block, and the column that says which. */
const BESIDE = [
  ['projected_block', 'height'],
  ['rollback', 'height'],
  ['dead_range', 'since_height'],
] as const;

/** A row that is of no block: before the first, or behind the last without one of its own. */
export async function orphanOf(session: SqlSession, last: number): Promise<RowDifference | undefined> {
  for (const [name, height] of [...PROJECTED_TABLES.map((table) => [table.name, 'height'] as const), ...BESIDE]) {
    const [row] = await session.query<{ height: number; row: string }>(
      `select ${height} as height, ${name}::text as row from ${name} where ${height} < 0 or
        (${height} > $1 and not exists (select 1 from block where block.height = ${name}.${height})) order by 1 limit 1`,
      [last],
    );
    if (row === undefined) continue;
    return { table: name, row: `height ${row.height}`, column: 'row', journal: 'none', database: row.row };
  }
  return undefined;
}
