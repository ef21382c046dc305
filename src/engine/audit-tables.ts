/** Audit of the tables as such: every number is an exact integer, every free list is proper. */
import { LIMB } from './amount.ts';
import type { Findings } from './audit-finding.ts';
import { GENERATION_LIMIT } from './order-id.ts';
import type { State } from './state.ts';
import type { Column, Table } from './table.ts';
import { CLIENT_ID, ORDER, type TableName, WITHDRAWAL } from './tables.ts';

/** Checks every number of every row that was ever used, and that row 0 is empty. */
export function auditNumbers(state: State, findings: Findings): void {
  for (const [name, table] of state.tables()) {
    for (const column of table.schema.columns) auditColumn(name, table, column, findings);
  }
}

function auditColumn(name: TableName, table: Table, column: Column, findings: Findings): void {
  const isLow = column.name.endsWith('_LOW');
  // A step of 10,000 units of a coin that costs next to nothing is 1e16: it is stated, and no sum is made of it.
  const isStated = column.name === 'SIZE_STEP';
  for (let row = 0; row < table.rows; row++) {
    for (let index = 0; index < column.count; index++) {
      const value = table.read(row, column, index);
      const add = (message: string): void => findings.add('exact_integer', name, row, column.name, message);
      if (row === 0 && value !== 0) add(`row 0 is none, but holds ${value}`);
      if (column.kind !== 'f64') continue;
      if (!(isStated ? Number.isInteger(value) : Number.isSafeInteger(value))) add(`${value} is no exact integer`);
      else if (Object.is(value, -0)) add('is −0');
      else if (isLow && !(value >= 0 && value < LIMB)) add(`a low limb of ${value}`);
    }
  }
}

/** The column that is not 0 while a row is live, of the tables whose rows are given back. */
const LIVE_COLUMNS: Partial<Record<TableName, string>> = { order: 'SIZE', clientId: 'LENGTH', withdrawal: 'STATUS' };
const LIVE_OFFSETS: Partial<Record<TableName, number>> = {
  order: ORDER.SIZE,
  clientId: CLIENT_ID.LENGTH,
  withdrawal: WITHDRAWAL.STATUS,
};

/** Checks that a free list holds each free row once, and that live, free and retired rows are all there are. */
export function auditFreeLists(state: State, findings: Findings): void {
  for (const [name, table] of state.tables()) {
    const free = freeRows(name, table, findings);
    const offset = LIVE_OFFSETS[name];
    let live = 0;
    let retired = 0;
    for (let row = 1; row < table.rows; row++) {
      const isLive = offset === undefined || table.i32[row * table.rowWords + offset] !== 0;
      if (isLive) live++;
      else if (name === 'order' && isRetired(table, row)) retired++;
      if (isLive === free.has(row) && isLive) {
        findings.add('free_list', name, row, LIVE_COLUMNS[name] ?? '', 'a live row is in the free list');
      }
    }
    findings.expect('free_list', name, 0, 'live', table.live, live);
    findings.expect('free_list', name, 0, 'free', free.size, table.rows - 1 - live - retired);
  }
}

function isRetired(orders: Table, row: number): boolean {
  return (orders.i32[row * orders.rowWords + ORDER.GENERATION] as number) >= GENERATION_LIMIT;
}

function freeRows(name: TableName, table: Table, findings: Findings): Set<number> {
  const rows = new Set<number>();
  for (let row = table.free; row !== 0; row = table.i32[row * table.rowWords] as number) {
    if (!(row > 0 && row < table.rows) || rows.has(row)) {
      findings.add('free_list', name, row, 'free', 'the free list leaves the table or runs in a circle');
      return rows;
    }
    rows.add(row);
  }
  return rows;
}
