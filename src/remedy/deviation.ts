/** Where the actual world left its own history: values that no command wrote, because a process loaded what nobody had checked. */
import { camelCase } from '../chain/command-value.ts';
import type { State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import type { TableName } from '../engine/tables.ts';

/**
 * A value that was written into the state other than by a command: what a process loaded and nobody checked. Row 0, which no table uses,
 * stands for the table's counts (`rows`, `free`, `live`); the column `byte` for a byte that belongs to no column.
 */
export interface StateWrite {
  readonly table: TableName;
  readonly row: number;
  readonly column: string;
  readonly index: number;
  readonly value: number;
}

/**
 * Where the actual world left its own history: after this command its state had these values. The proof that they are all of it is a
 * replay with them that agrees with every recorded root.
 */
export interface Deviation {
  readonly afterSequence: number;
  readonly writes: readonly StateWrite[];
}

/** A column that no table has: a mistake of who wrote the correction. */
export class UnknownPlace extends Error {
  readonly code = 'unknown_place';
  constructor({ table, row, column, index }: StateWrite) {
    super(`${table}/${row}/${column}${index === 0 ? '' : `[${index}]`} is no place of the state`);
    this.name = 'UnknownPlace';
  }
}

const COUNTS = ['rows', 'free', 'live'] as const;
type Count = (typeof COUNTS)[number];

/** Writes the values of a deviation into a state, as the process that loaded them had them. Refuses (throws) unknown places. */
export function deviate(state: State, { writes }: Deviation): void {
  for (const write of writes) {
    const table = state[write.table] as Table | undefined;
    if (table === undefined) throw new UnknownPlace(write);
    if (write.row === 0) writeCount(table, write);
    else writeValue(state, write);
  }
  state.index.restore(state);
}

function writeCount(table: Table, write: StateWrite): void {
  const count = COUNTS.find((name) => name === write.column) as Count | undefined;
  if (count === undefined || write.index !== 0) throw new UnknownPlace(write);
  if (!(Number.isInteger(write.value) && write.value >= 0 && write.value <= table.rowLimit)) {
    throw new UnknownPlace(write);
  }
  if (count === 'rows') {
    table.reserve(write.value);
    table.touched.fill(1, 0, Math.ceil((write.value * table.schema.rowBytes) / 4096));
  }
  table[count] = write.value;
}

/** Writes one value into a row; what is derived of it is the caller's to make anew. Refuses (throws) unknown places. */
export function writeValue(state: State, write: StateWrite): void {
  const table: Table = state[write.table];
  const { row, index, value } = write;
  if (!(row > 0 && row < table.rows)) throw new UnknownPlace(write);
  if (write.column === 'byte') {
    if (!(index >= 0 && index < table.schema.rowBytes)) throw new UnknownPlace(write);
    table.bytes[row * table.schema.rowBytes + index] = value;
  } else {
    const column = table.schema.columns.find(({ name }) => camelCase(name) === write.column);
    if (column === undefined || !(index >= 0 && index < column.count)) throw new UnknownPlace(write);
    const at = column.offset + index;
    if (column.kind === 'f64') table.f64[row * table.rowFloats + at] = value;
    else table.i32[row * table.rowWords + at] = value;
  }
  table.touch(row);
}
