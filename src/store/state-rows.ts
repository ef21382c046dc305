/**
 * What of the state goes to the database: first all of it, then the rows that changed since. Found in the pages that were written
 * meanwhile, compared with a copy of what was given last.
 */
import type { RootComputer } from '../chain/roots.ts';
import type { StateRoots } from '../chain/state-tree.ts';
import { TABLE_NAMES } from '../chain/touched-pages.ts';
import type { State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import type { TableName } from '../engine/tables.ts';
import { LineBuffer } from './line-buffer.ts';
import { STATE_TABLES, type StateTable } from './state-columns.ts';

/** The rows of one table of the state. */
interface StateTableRows {
  readonly table: TableName;
  readonly rows: number;
  readonly lines: Uint8Array<ArrayBuffer>;
}

export interface StateRows {
  readonly height: number;
  /** All rows of all tables; false: those that changed since the state was kept last. */
  readonly isWhole: boolean;
  readonly tables: readonly StateTableRows[];
  /** Rows, head of the free list and rows in use of each table. */
  readonly counts: readonly (readonly [table: TableName, rows: number, free: number, live: number])[];
}

interface Kept {
  bytes: Uint8Array;
  rows: number;
}

/** Hears of the pages that were written when their roots are asked for: whoever computes roots clears their marks. */
export class KeptState implements RootComputer {
  private readonly roots: RootComputer;
  private readonly touched = new Map<TableName, Uint8Array>();
  private kept: Map<TableName, Kept> | undefined;

  /** `kept` is the state that the database has, where it has one. */
  constructor(roots: RootComputer, kept?: State) {
    this.roots = roots;
    if (kept !== undefined) this.kept = new Map(TABLE_NAMES.map((name) => [name, copyOf(kept[name])]));
  }

  prepare(): void {
    // Pages that are taken ahead would not be heard of.
  }

  request(state: State): void {
    for (const name of TABLE_NAMES) this.note(name, state[name]);
    this.roots.request(state);
  }

  poll(): StateRoots | undefined {
    return this.roots.poll();
  }

  wait(): StateRoots {
    return this.roots.wait();
  }

  /** The rows to be written so that the database has the state at the end of the block at `height`, whose root was asked for. */
  take(state: State, height: number): StateRows {
    const isWhole = this.kept === undefined;
    this.kept ??= new Map(TABLE_NAMES.map((name) => [name, { bytes: new Uint8Array(), rows: 1 }]));
    const tables: StateTableRows[] = [];
    for (const each of STATE_TABLES) {
      const kept = this.kept.get(each.table) as Kept;
      const lines = linesOf(each, state[each.table], kept, isWhole ? undefined : this.touched.get(each.table));
      if (lines.rows > 0) tables.push({ table: each.table, rows: lines.rows, lines: lines.take() });
    }
    this.touched.clear();
    const counts = TABLE_NAMES.map((name) => [name, state[name].rows, state[name].free, state[name].live] as const);
    return { height, isWhole, tables, counts };
  }

  private note(name: TableName, { touched, pages }: Table): void {
    let own = this.touched.get(name);
    if (own === undefined || own.length < pages) {
      const grown = new Uint8Array(Math.max(64, pages * 2));
      if (own !== undefined) grown.set(own);
      own = grown;
      this.touched.set(name, own);
    }
    for (let page = touched.indexOf(1); page >= 0 && page < pages; page = touched.indexOf(1, page + 1)) own[page] = 1;
  }
}

function copyOf({ bytes, rows, schema }: Table): Kept {
  return { bytes: bytes.slice(0, rows * schema.rowBytes), rows };
}

/** The rows that are other than they were kept, of the touched pages (all pages: undefined); keeps them. */
function linesOf(
  { columns }: StateTable,
  table: Table,
  kept: Kept,
  touched: Uint8Array | undefined,
): { readonly rows: number; take(): Uint8Array<ArrayBuffer> } {
  const { rowBytes } = table.schema;
  const bytes = table.rows * rowBytes;
  if (kept.bytes.length < bytes) {
    const grown = new Uint8Array(touched === undefined ? bytes : bytes * 2);
    grown.set(kept.bytes);
    kept.bytes = grown;
  }
  const lines = new LineBuffer();
  const values = [0, ...columns.map(() => 0)];
  const rowsOfPage = 1 << table.pageShift;
  for (let page = 0; page < table.pages; page++) {
    if (touched !== undefined && touched[page] !== 1) continue;
    const end = Math.min(table.rows, (page + 1) * rowsOfPage);
    for (let row = Math.max(1, page * rowsOfPage); row < end; row++) {
      if (row < kept.rows && isSame(table.bytes, kept.bytes, row * rowBytes, rowBytes)) continue;
      values[0] = row;
      columns.forEach(({ column, index }, at) => {
        values[at + 1] = table.read(row, column, index);
      });
      lines.add(values);
      kept.bytes.set(table.bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * rowBytes);
    }
  }
  kept.rows = table.rows;
  return lines;
}

function isSame(a: Uint8Array, b: Uint8Array, from: number, length: number): boolean {
  for (let at = from; at < from + length; at++) if (a[at] !== b[at]) return false;
  return true;
}
