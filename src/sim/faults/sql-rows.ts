/** Rows of a state as SQL that puts them into its tables in a database. */
import { TABLE_NAMES } from '../../chain/touched-pages.ts';
import type { State } from '../../engine/state.ts';
import type { TableName } from '../../engine/tables.ts';
import { quotedColumns, STATE_TABLES, type StateTable } from '../../store/state-columns.ts';

const ROWS_OF_STATEMENT = 1000;

/** Statements after which tables of the database hold those of a state, whole. */
export function statementsOf(state: State, tables: readonly TableName[] = TABLE_NAMES): string[] {
  return tables.flatMap((name) => {
    const table = tableOf(name);
    const { rows, free, live } = state[name];
    const count = `update state_table set rows = ${rows}, free = ${free}, live = ${live} where name = '${name}'`;
    return [`delete from ${table.name}`, ...insertsOf(state, table), count];
  });
}

function insertsOf(state: State, table: StateTable): string[] {
  const statements: string[] = [];
  const names = quotedColumns(table).join(', ');
  const { rows } = state[table.table];
  for (let from = 1; from < rows; from += ROWS_OF_STATEMENT) {
    const values: string[] = [];
    for (let row = from; row < Math.min(rows, from + ROWS_OF_STATEMENT); row++)
      values.push(valuesOf(state, table, row));
    statements.push(`insert into ${table.name} (${names}) values ${values.join(', ')}`);
  }
  return statements;
}

/** One statement after which columns of a table hold what they hold in a state, in the rows that both have. */
export function columnsFrom(state: State, name: TableName, columns: readonly string[]): string {
  const table = tableOf(name);
  const chosen = table.columns.filter((each) => columns.includes(each.name));
  const values: string[] = [];
  for (let row = 1; row < state[name].rows; row++) {
    const numbers = chosen.map(({ column, index }) => literal(state[name].read(row, column, index)));
    values.push(`(${[row, ...numbers].join(', ')})`);
  }
  const sets = chosen.map((each, at) => `"${each.name}" = v.c${at}`).join(', ');
  const names = ['row', ...chosen.map((_, at) => `c${at}`)].join(', ');
  return `update ${table.name} t set ${sets} from (values ${values.join(', ')}) as v (${names}) where t.row = v.row`;
}

function valuesOf(state: State, { table, columns }: StateTable, row: number): string {
  const numbers = columns.map(({ column, index }) => literal(state[table].read(row, column, index)));
  return `(${[row, ...numbers].join(', ')})`;
}

/** A number as SQL reads it back to the last bit. */
export function literal(value: number): string {
  if (Number.isInteger(value) && !Object.is(value, -0)) return String(value);
  return `'${Object.is(value, -0) ? '-0' : value}'::double precision`;
}

function tableOf(name: TableName): StateTable {
  return STATE_TABLES.find(({ table }) => table === name) as StateTable;
}
