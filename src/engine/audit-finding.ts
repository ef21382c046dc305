/** What an audit found: a value that names the place, so that it can be shown, counted or compared. */
import type { TableName } from './tables.ts';

export interface Finding {
  /** What should hold, in one word. */
  readonly invariant: string;
  readonly table: TableName;
  /** 0 when it is the table as a whole. */
  readonly row: number;
  readonly column: string;
  readonly message: string;
}

/** Collects findings. */
export class Findings {
  readonly found: Finding[] = [];

  add(invariant: string, table: TableName, row: number, column: string, message: string): void {
    this.found.push({ invariant, table, row, column, message });
  }

  /** Adds a finding unless both are the same number. */
  expect(
    invariant: string,
    table: TableName,
    row: number,
    column: string,
    actual: number | undefined,
    expected: number,
  ): void {
    if (actual !== expected) this.add(invariant, table, row, column, `is ${actual}, should be ${expected}`);
  }
}
