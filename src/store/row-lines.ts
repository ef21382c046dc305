/** Rows of the projected tables as they gather while a block is replayed: lines of COPY, how many, and their hash. */
import { sha256 } from '../journal/node-digest.ts';
import type { SqlValue } from './database.ts';
import { LineBuffer } from './line-buffer.ts';
import { PROJECTED_TABLES, type ProjectedName } from './projected-tables.ts';

/** The rows of one table in one block, in the order of the table. */
export interface TableRows {
  readonly table: ProjectedName;
  readonly rows: number;
  readonly lines: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the lines. */
  readonly hash: Uint8Array;
}

export class RowLines {
  private readonly buffers = new Map<ProjectedName, LineBuffer>();

  /** Adds a row: its values in the order of the table's columns. */
  add(table: ProjectedName, ...values: readonly SqlValue[]): void {
    let buffer = this.buffers.get(table);
    if (buffer === undefined) {
      buffer = new LineBuffer();
      this.buffers.set(table, buffer);
    }
    buffer.add(values);
  }

  /** Rows of a table so far. */
  rowsOf(table: ProjectedName): number {
    return this.buffers.get(table)?.rows ?? 0;
  }

  /** Gives what gathered, tables in their order, and begins anew. */
  take(): TableRows[] {
    const taken: TableRows[] = [];
    for (const { name: table } of PROJECTED_TABLES) {
      const buffer = this.buffers.get(table);
      if (buffer === undefined || buffer.rows === 0) continue;
      const { rows } = buffer;
      const lines = buffer.take();
      taken.push({ table, rows, lines, hash: sha256(lines) });
    }
    return taken;
  }
}

/** A whole number without the sign that a zero may have. */
export function whole(value: number): number {
  return value === 0 ? 0 : value;
}
