/** Rows of the projected tables as they gather while a block is replayed: lines of COPY, and how many. */
import type { SqlValue } from './database.ts';
import { copyLine } from './database.ts';
import { PROJECTED_TABLES, type ProjectedName } from './projected-tables.ts';

export interface TableRows {
  readonly table: ProjectedName;
  readonly rows: number;
  readonly lines: string;
}

export class RowLines {
  private readonly lines = new Map<ProjectedName, string[]>();

  /** Adds a row: its values in the order of the table's columns. */
  add(table: ProjectedName, ...values: readonly SqlValue[]): void {
    const line = copyLine(values);
    const own = this.lines.get(table);
    if (own === undefined) this.lines.set(table, [line]);
    else own.push(line);
  }

  /** Gives what gathered, tables in their order, and begins anew. */
  take(): TableRows[] {
    const taken = PROJECTED_TABLES.flatMap(({ name }) => {
      const lines = this.lines.get(name);
      return lines === undefined ? [] : [{ table: name, rows: lines.length, lines: lines.join('') }];
    });
    this.lines.clear();
    return taken;
  }
}

/** A whole number without the sign that a zero may have. */
export function whole(value: number): number {
  return value === 0 ? 0 : value;
}
