/**
 * Check 7: no value is absent, and none came from a default. A column that is not new has no default that it did not have, and as many
 * empty and zero values as before; a new one has what its declaration says, and no default behind which a forgotten value could hide.
 */
import type { SqlSession } from '../store/database.ts';
import { quoted } from './compare-rows.ts';
import type { Findings } from './finding.ts';
import type { ReadBefore } from './read-before.ts';
import type { Schema, SchemaTable } from './read-schema.ts';
import { type Declared, NO_CHANGES } from './upgrade-migration.ts';

interface Counted {
  readonly nulls: number;
  readonly zeros: number;
}

/** Checks the tables whose definition or rows may have changed (`tables`), and the defaults of all. */
export async function checkAbsentValues(
  control: SqlSession,
  candidate: SqlSession,
  schemas: { readonly control: Schema; readonly candidate: Schema },
  declared: Declared,
  tables: ReadonlySet<string>,
  findings: Findings,
  known: ReadBefore,
): Promise<number> {
  let columns = 0;
  for (const [name, after] of schemas.candidate.tables) {
    const before = schemas.control.tables.get(name);
    if (before === undefined) continue;
    const { added, changed } = declared.tables[name] ?? NO_CHANGES;
    columns += after.columns.length;
    for (const column of after.columns) {
      const own = before.columns.find((each) => each.name === column.name);
      const fallback = column.isGenerated ? null : column.fallback;
      const path = `${name}/default/${column.name}`;
      if (own === undefined && column.name in added && fallback !== null) findings.add(path, 'none', fallback);
      if (own !== undefined && (own.isGenerated ? null : own.fallback) !== fallback) {
        findings.add(path, own.fallback ?? 'none', fallback ?? 'none');
      }
    }
    if (!tables.has(name)) continue;
    const shared = after.columns
      .map((column) => column.name)
      .filter((column) => before.columns.some((each) => each.name === column) && !(column in changed));
    const [ours, theirs] = await Promise.all([
      known.once('control', [name], `absent ${shared.join()}`, () => count(control, before, shared)),
      known.once('candidate', [name], `absent ${shared.join()}`, () => count(candidate, after, shared)),
    ]);
    for (const column of shared) {
      const [own, other] = [ours.get(column) as Counted, theirs.get(column) as Counted];
      for (const what of ['nulls', 'zeros'] as const) {
        if (other[what] > own[what]) findings.add(`${name}/${what}/${column}`, String(own[what]), String(other[what]));
      }
    }
  }
  return columns;
}

/** How many values of each column are absent, and how many are what a default would be: 0, nothing, false. */
async function count(
  session: SqlSession,
  { name, columns: all }: SchemaTable,
  columns: readonly string[],
): Promise<Map<string, Counted>> {
  const counts = columns.flatMap((column, n) => [
    `count(*) filter (where ${quoted(column)} is null) as n${n}`,
    `count(*) filter (where ${isZero(quoted(column), all.find((each) => each.name === column)?.type)}) as z${n}`,
  ]);
  const [row] = await session.query<Record<string, number>>(`select ${counts.join(', ')} from ${quoted(name)}`);
  return new Map(
    columns.map((column, n) => [column, { nulls: row?.[`n${n}`] as number, zeros: row?.[`z${n}`] as number }]),
  );
}

/** What a default would be, by the type where it has one such value: a number is compared sooner than its text is made. */
function isZero(value: string, type: string | undefined): string {
  if (type === 'boolean') return `not ${value}`;
  if (type === 'text') return `${value} in ('0', '', 'false', '{}', '\\x')`;
  return NUMBERS.has(type ?? '') ? `${value} = 0` : `${value}::text in ('0', '', 'false', '{}', '\\x')`;
}

const NUMBERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'numeric', 'double precision']);
