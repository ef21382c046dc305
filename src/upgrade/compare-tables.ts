/**
 * Check 1, rows: every table both ways. Forwards: each row of the control, as the migration declares to change it, is the candidate's;
 * backwards: each row of the candidate gives the control's again. What was not declared is equal in both.
 */
import type { SqlSession } from '../store/database.ts';
import { compareRows, keyOf, quoted, readRowsAhead } from './compare-rows.ts';
import type { Findings } from './finding.ts';
import type { ReadBefore } from './read-before.ts';
import type { Schema, SchemaTable } from './read-schema.ts';
import { type Declared, type DeclaredTable, NO_CHANGES } from './upgrade-migration.ts';

export interface TablesComparison {
  readonly control: SqlSession;
  readonly candidate: SqlSession;
  readonly schemas: { readonly control: Schema; readonly candidate: Schema };
  readonly declared: Declared;
  readonly checkTime: () => void;
  readonly before?: ReadBefore | undefined;
}

/** Compares all tables that both have, and the new ones with the query that says what must be in them. Returns the rows of the control. */
export async function compareTables(comparison: TablesComparison, findings: Findings): Promise<number> {
  const { control, candidate, schemas, declared, checkTime } = comparison;
  let rows = 0;
  for (const [name, before] of schemas.control.tables) {
    checkTime();
    const after = schemas.candidate.tables.get(name);
    if (after !== undefined) rows += await compareTable(comparison, before, after, findings);
  }
  for (const [name, query] of Object.entries(declared.newTables)) {
    const table = schemas.candidate.tables.get(name);
    if (table === undefined) {
      findings.add(`${name}/schema/table`, 'declared', 'none');
      continue;
    }
    const columns = table.columns.map((column) => column.name);
    const expressions = columns.map(quoted);
    await compareRows(
      {
        table: name,
        columns,
        key: table.key,
        control:
          query === null
            ? { role: 'control', session: candidate, from: `(select * from ${quoted(name)} limit 0)`, expressions }
            : { role: 'control', session: control, from: `(${query})`, expressions },
        candidate: { role: 'candidate', session: candidate, from: quoted(name), expressions },
        checkTime,
      },
      findings,
    );
  }
  return rows;
}

/** Reads ahead what will be compared of the control, of all tables that a migration leaves as they are. */
export async function readTablesAhead(
  session: SqlSession,
  schema: Schema,
  declared: Declared,
  before: ReadBefore,
  checkTime: () => void,
): Promise<void> {
  for (const table of schema.tables.values()) {
    checkTime();
    if (!(table.name in declared.tables)) await readRowsAhead(table, session, before, checkTime);
  }
}

async function compareTable(
  { control, candidate, schemas, declared, checkTime, before: known }: TablesComparison,
  before: SchemaTable,
  after: SchemaTable,
  findings: Findings,
): Promise<number> {
  const { name } = before;
  const typesOf = (compared: Compared): (string | undefined)[] =>
    compared.map(([column, own]) => (own === quoted(column) ? sameType(column, before, after) : undefined));
  const changes = declared.tables[name] ?? NO_CHANGES;
  const forwards = forwardsOf(before, after, changes);
  const from = quoted(name);
  const all = { control: [...schemas.control.tables.keys()], candidate: [...schemas.candidate.tables.keys()] };
  const rows = await compareRows(
    {
      table: name,
      columns: forwards.map(([column]) => column),
      key: keyOf(before, namesOf(forwards)),
      types: typesOf(forwards),
      control: { role: 'control', session: control, from, expressions: forwards.map(([, expression]) => expression) },
      candidate: {
        role: 'candidate',
        session: candidate,
        from,
        expressions: forwards.map(([column]) => quoted(column)),
      },
      checkTime,
      before: known,
      all,
    },
    findings,
  );
  const backwards = backwardsOf(before, after, changes);
  // Without declared changes both directions ask the same.
  if (backwards === undefined) return rows;
  await compareRows(
    {
      table: name,
      columns: backwards.map(([column]) => column),
      key: keyOf(before, namesOf(backwards)),
      control: { role: 'control', session: control, from, expressions: backwards.map(([column]) => quoted(column)) },
      candidate: {
        role: 'candidate',
        session: candidate,
        from,
        expressions: backwards.map(([, expression]) => expression),
      },
      checkTime,
      before: known,
      all,
    },
    findings,
  );
  return rows;
}

/** The type of a column that both sides have alike. */
function sameType(column: string, before: SchemaTable, after: SchemaTable): string | undefined {
  const [own, other] = [before, after].map(({ columns }) => columns.find(({ name }) => name === column)?.type);
  return own === other ? own : undefined;
}

type Compared = readonly (readonly [column: string, expression: string])[];

const namesOf = (compared: Compared): string[] => compared.map(([name]) => name);

/** The candidate's columns, each with the control's expression for it. Undeclared new columns are findings of the schema. */
function forwardsOf(before: SchemaTable, after: SchemaTable, { added, changed }: DeclaredTable): Compared {
  return after.columns.flatMap(({ name }) => {
    const expression = added[name] ?? changed[name]?.value;
    if (expression !== undefined) return [[name, `(${expression})`] as const];
    return before.columns.some((column) => column.name === name) ? [[name, quoted(name)] as const] : [];
  });
}

/** The control's columns, each with the candidate's expression for it. */
function backwardsOf(
  before: SchemaTable,
  after: SchemaTable,
  { removed, changed }: DeclaredTable,
): Compared | undefined {
  if (Object.keys(removed).length === 0 && Object.keys(changed).length === 0) return undefined;
  return before.columns.flatMap(({ name }) => {
    const expression = removed[name] ?? changed[name]?.back;
    if (typeof expression === 'string') return [[name, `(${expression})`] as const];
    return after.columns.some((column) => column.name === name) ? [[name, quoted(name)] as const] : [];
  });
}
