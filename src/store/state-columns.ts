/**
 * The tables of the state in SQL: one column for each column of the engine (one for each element of one that is several wide), one row
 * for each row that a table ever used, free ones too, since the state root is over all of them.
 */
import { TABLE_NAMES } from '../chain/touched-pages.ts';
import type { Column } from '../engine/table.ts';
import { SCHEMAS, type TableName } from '../engine/tables.ts';

interface StateColumn {
  /** Its name in SQL. */
  readonly name: string;
  /** The engine's column, and which of its elements. */
  readonly column: Column;
  readonly index: number;
}

export interface StateTable {
  readonly table: TableName;
  /** Its name in SQL. */
  readonly name: string;
  readonly columns: readonly StateColumn[];
}

/** All of them, in the order in which they are hashed. */
export const STATE_TABLES: readonly StateTable[] = TABLE_NAMES.map((table) => ({
  table,
  name: `state_${table.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
  columns: SCHEMAS[table].columns.flatMap(columnsOf),
}));

function columnsOf(column: Column): StateColumn[] {
  const name = column.name.toLowerCase();
  return Array.from({ length: column.count }, (_, index) => ({
    name: column.count === 1 ? name : `${name}_${index}`,
    column,
    index,
  }));
}

/** The names of a table's columns as SQL takes them (`order` is a word of its own), the row's number first. */
export function quotedColumns({ columns }: StateTable): string[] {
  return ['row', ...columns.map(({ name }) => name)].map((name) => `"${name}"`);
}
