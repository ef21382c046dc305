/** Where two states differ: table, row and column, in the order of the tables. */
import type { State } from '../engine/state.ts';
import type { Column, Table } from '../engine/table.ts';
import { camelCase } from './command-value.ts';
import { TABLE_NAMES } from './touched-pages.ts';

export interface StateDifference {
  readonly table: string;
  /** 0, which no table uses, for a difference of the table's counts (`rows`, `free`, `live`). */
  readonly row: number;
  /** The column in camel case; `byte` for bytes that belong to no column. */
  readonly column: string;
  /** Which element of a column that is several wide; of `byte`, its place in the row. */
  readonly index: number;
  /** Undefined where the row is beyond the table. */
  readonly control: number | undefined;
  readonly candidate: number | undefined;
}

/** The first `limit` differences between two states; none when every table is the same to the last bit. */
export function diffStates(control: State, candidate: State, limit = 1): StateDifference[] {
  const found: StateDifference[] = [];
  for (const name of TABLE_NAMES) {
    if (found.length < limit) diffTables(name, control[name], candidate[name], limit, found);
  }
  return found;
}

/** One line for a person: `market/3/fundingIndex: control 600000000000, candidate 0`. */
export function describeDifference({ table, row, column, index, control, candidate }: StateDifference): string {
  const place = `${table}/${row}/${column}${index === 0 ? '' : `[${index}]`}`;
  return `${place}: control ${control ?? 'none'}, candidate ${candidate ?? 'none'}`;
}

function diffTables(table: string, control: Table, candidate: Table, limit: number, found: StateDifference[]): void {
  for (const column of ['rows', 'free', 'live'] as const) {
    if (found.length >= limit) return;
    if (control[column] === candidate[column]) continue;
    found.push({ table, row: 0, column, index: 0, control: control[column], candidate: candidate[column] });
  }
  const rows = Math.max(control.rows, candidate.rows);
  const words = control.rowWords;
  for (let at = nextDifference(control.i32, candidate.i32, 0, rows * words); at >= 0 && found.length < limit; ) {
    const row = Math.floor(at / words);
    diffRows(table, row, control, candidate, limit, found);
    at = nextDifference(control.i32, candidate.i32, (row + 1) * words, rows * words);
  }
}

/** The first word from `from` on in which they differ, -1 if there is none up to `to`. What is beyond an array is zero. */
function nextDifference(a: Int32Array, b: Int32Array, from: number, to: number): number {
  const both = Math.min(to, a.length, b.length);
  for (let at = from; at < both; at++) if (a[at] !== b[at]) return at;
  for (let at = Math.max(from, both); at < to; at++) if ((a[at] ?? 0) !== (b[at] ?? 0)) return at;
  return -1;
}

function diffRows(
  table: string,
  row: number,
  control: Table,
  candidate: Table,
  limit: number,
  found: StateDifference[],
): void {
  const before = found.length;
  for (const column of control.schema.columns) {
    for (let index = 0; index < column.count && found.length < limit; index++) {
      const ours = valueOf(control, row, column, index);
      const theirs = valueOf(candidate, row, column, index);
      if (Object.is(ours, theirs)) continue;
      found.push({ table, row, column: camelCase(column.name), index, control: ours, candidate: theirs });
    }
  }
  if (found.length === before && found.length < limit) diffBytes(table, row, control, candidate, found);
}

function valueOf(table: Table, row: number, column: Column, index: number): number | undefined {
  return row < table.rows ? table.read(row, column, index) : undefined;
}

/** No column differs: bytes between the columns do, or the bits of a value that is no number. */
function diffBytes(table: string, row: number, control: Table, candidate: Table, found: StateDifference[]): void {
  const from = row * control.schema.rowBytes;
  for (let index = 0; index < control.schema.rowBytes; index++) {
    const ours = control.bytes[from + index];
    const theirs = candidate.bytes[from + index];
    if ((ours ?? 0) === (theirs ?? 0)) continue;
    found.push({ table, row, column: 'byte', index, control: ours, candidate: theirs });
    return;
  }
}
