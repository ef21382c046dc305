/**
 * A table of fixed-width rows in one buffer: what the state is made of.
 *
 * A row is a whole number of 64-byte cache lines (or a divisor of one), a column is an offset inside the row, read through
 * one of two views of the same bytes. So a snapshot is a copy of one buffer, a state root rehashes only touched pages, and
 * a difference between two states names table, row and column. Row 0 is never used: 0 means "none" in every reference.
 */

type ColumnKind = 'i32' | 'f64';

/** A column: its name, its view and its offset in elements of that view; `count` elements wide (1 unless said). */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly offset: number;
  readonly count: number;
}

/** The fixed layout of a table: its name, the bytes of a row and its columns in the order they are declared. */
export interface Schema {
  readonly name: string;
  readonly rowBytes: number;
  readonly columns: readonly Column[];
}

/** Bytes of one page: the unit that is marked as touched and rehashed. A multiple of every row width. */
export const PAGE_BYTES = 4096;

/** The table has no more rows to give: its limit is part of the release. A bug or an attack upstream, never a refusal. */
class TableFull extends Error {
  constructor(name: string, limit: number) {
    super(`table ${name} is full: ${limit} rows`);
    this.name = 'TableFull';
  }
}

export class Table {
  readonly schema: Schema;
  /** The rows as 64-bit floats and as 32-bit integers. Read them anew after any allocation: growing replaces them. */
  f64: Float64Array;
  i32: Int32Array;
  bytes: Uint8Array;
  /** One byte a page: 1 where a row was written since the last `clearTouched`. */
  touched: Uint8Array;
  /** How many rows were ever used, row 0 included. */
  rows = 1;
  /** Head of the list of freed rows (linked through the first i32 of the row), 0 when there is none. */
  free = 0;
  /** Rows in use now. */
  live = 0;
  /** `row >> pageShift` is the page of a row. */
  readonly pageShift: number;
  readonly rowFloats: number;
  readonly rowWords: number;
  readonly rowLimit: number;

  /** An empty table with room for `capacity` rows; grows by doubling up to `rowLimit`. */
  constructor(schema: Schema, capacity: number, rowLimit = 1 << 24) {
    this.schema = schema;
    this.rowFloats = schema.rowBytes / 8;
    this.rowWords = schema.rowBytes / 4;
    this.pageShift = 31 - Math.clz32(PAGE_BYTES / schema.rowBytes);
    this.rowLimit = rowLimit;
    const buffer = new ArrayBuffer(wholePages(capacity * schema.rowBytes));
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.touched = new Uint8Array(buffer.byteLength / PAGE_BYTES);
    this.touched[0] = 1;
  }

  /** How many pages hold rows that were ever used. */
  get pages(): number {
    return ((this.rows - 1) >> this.pageShift) + 1;
  }

  /** Marks the page of `row` as written. Every write of a row is followed by this. */
  touch(row: number): void {
    this.touched[row >> this.pageShift] = 1;
  }

  /** Returns a row to write: a freed one if there is one, else the next. What it held before is still in it. */
  allocate(): number {
    this.live++;
    const row = this.free;
    if (row !== 0) {
      this.free = this.i32[row * this.rowWords] as number;
      return row;
    }
    this.reserve(this.rows + 1);
    return this.rows++;
  }

  /** Gives `row` back. Its first i32 becomes the free list's link; its other columns keep what they held. */
  release(row: number): void {
    this.i32[row * this.rowWords] = this.free;
    this.free = row;
    this.live--;
    this.touch(row);
  }

  /** Takes `row` out of use for good: it is not live and never given out again. */
  retire(row: number): void {
    this.live--;
    this.touch(row);
  }

  /** Makes room for `rows` rows. Refuses more than the table's limit (`TableFull`). */
  reserve(rows: number): void {
    const bytes = rows * this.schema.rowBytes;
    if (bytes <= this.bytes.length) return;
    if (rows > this.rowLimit) throw new TableFull(this.schema.name, this.rowLimit);
    let capacity = this.bytes.length;
    while (capacity < bytes) capacity *= 2;
    const buffer = new ArrayBuffer(wholePages(capacity));
    const grown = new Uint8Array(buffer);
    grown.set(this.bytes);
    const touched = new Uint8Array(buffer.byteLength / PAGE_BYTES);
    touched.set(this.touched);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.bytes = grown;
    this.touched = touched;
  }

  /** The value of a column of a row; element `index` of a column that is several wide. */
  read(row: number, column: Column, index = 0): number {
    const values = column.kind === 'f64' ? this.f64 : this.i32;
    const width = column.kind === 'f64' ? this.rowFloats : this.rowWords;
    return values[row * width + column.offset + index] as number;
  }
}

function wholePages(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES)) * PAGE_BYTES;
}

type Layout = Readonly<Record<string, readonly [ColumnKind, number] | readonly [ColumnKind, number, number]>>;

/**
 * Builds a schema and the offsets of its columns from one literal: `{ PRICE: ['i32', 0], … }`.
 * Refuses (throws) columns that overlap or do not fit the row: a layout is checked once, when the program starts.
 */
export function defineTable<L extends Layout>(
  name: string,
  rowBytes: number,
  layout: L,
): { schema: Schema; offsets: { readonly [K in keyof L]: number } } {
  if (PAGE_BYTES % rowBytes !== 0) throw new Error(`${name}: ${rowBytes} does not divide a page`);
  const used = new Uint8Array(rowBytes);
  const columns: Column[] = [];
  const offsets: Record<string, number> = {};
  for (const [column, [kind, offset, count = 1]] of Object.entries(layout)) {
    const size = kind === 'f64' ? 8 : 4;
    for (let at = offset * size; at < (offset + count) * size; at++) {
      if (at >= rowBytes || used[at] === 1) throw new Error(`${name}.${column} overlaps or leaves the row at ${at}`);
      used[at] = 1;
    }
    columns.push({ name: column, kind, offset, count });
    offsets[column] = offset;
  }
  return { schema: { name, rowBytes, columns }, offsets: offsets as { readonly [K in keyof L]: number } };
}
