/** Where the schema of a candidate differs from the control's in a way that its migration does not declare. */
import type { Findings } from './finding.ts';
import type { Schema, SchemaColumn, SchemaTable } from './read-schema.ts';
import { type Declared, NO_CHANGES } from './upgrade-migration.ts';

const NONE = 'none';

/** Adds what differs: tables, columns and their types, then indexes, constraints, triggers, functions, views, settings. */
export function compareSchemas(control: Schema, candidate: Schema, declared: Declared, findings: Findings): void {
  for (const name of new Set([...control.tables.keys(), ...candidate.tables.keys()])) {
    const [before, after] = [control.tables.get(name), candidate.tables.get(name)];
    if (before === undefined) {
      if (!(name in declared.newTables)) findings.add(`${name}/schema/table`, NONE, 'present');
    } else if (after === undefined) {
      if (!declared.droppedTables.includes(name)) findings.add(`${name}/schema/table`, 'present', NONE);
    } else compareColumns(before, after, declared, findings);
  }
  const isOfDeclaredTable = (table: string): boolean =>
    table in declared.newTables || declared.droppedTables.includes(table);
  for (const name of new Set([...control.facts.keys(), ...candidate.facts.keys()])) {
    const [before, after] = [control.facts.get(name), candidate.facts.get(name)];
    if (before?.definition === after?.definition || declared.schema.includes(name)) continue;
    // A record of the procedure that the candidate has more: that of its own statements.
    if (before === undefined && name.startsWith('record ')) continue;
    if (isOfDeclaredTable((before ?? after)?.table ?? '')) continue;
    findings.add(`schema/${name}`, before?.definition ?? NONE, after?.definition ?? NONE);
  }
}

function compareColumns(before: SchemaTable, after: SchemaTable, declared: Declared, findings: Findings): void {
  const { added, removed, changed } = declared.tables[before.name] ?? NO_CHANGES;
  for (const column of before.columns) {
    const twin = after.columns.find(({ name }) => name === column.name);
    const path = `${before.name}/schema/${column.name}`;
    if (twin === undefined) {
      if (!(column.name in removed)) findings.add(path, describe(column), NONE);
    } else if (describe(column) !== describe(twin) && !(column.name in changed)) {
      findings.add(path, describe(column), describe(twin));
    } else if (column.fallback !== twin.fallback && !(column.name in changed)) {
      findings.add(path, `default ${column.fallback ?? NONE}`, `default ${twin.fallback ?? NONE}`);
    }
  }
  for (const column of after.columns) {
    if (before.columns.some(({ name }) => name === column.name) || column.name in added) continue;
    findings.add(`${before.name}/schema/${column.name}`, NONE, describe(column));
  }
}

function describe({ type, isNullable, isGenerated }: SchemaColumn): string {
  return `${type}${isNullable ? '' : ' not null'}${isGenerated ? ' generated' : ''}`;
}
