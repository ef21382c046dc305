/** Which pages of the state were written since they were last taken: what a new state root has to hash anew. */
import type { State } from '../engine/state.ts';
import { PAGE_BYTES } from '../engine/table.ts';
import { SCHEMAS, type TableName } from '../engine/tables.ts';

/** Tables in the order in which they are hashed, and their number of rows, head of the free list and rows in use. */
export const TABLE_NAMES = Object.keys(SCHEMAS) as readonly TableName[];
export const TABLE_COUNT = TABLE_NAMES.length;
export const COUNTS = { ROWS: 0, FREE: 1, LIVE: 2 } as const;
export const COUNT_FIELDS = 3;

/** Is given runs of touched pages: the number of the table, the first page, and the bytes of all pages of the run. */
export type PageVisitor = (table: number, page: number, bytes: Uint8Array) => void;

/** Where a pass over the pages of all tables stands. */
export interface PageCursor {
  table: number;
  page: number;
}

/**
 * Shows touched pages to `visit` and clears their marks: from `cursor` on, which it moves, and at most `limit` of them. True
 * when it came to the end of the pass, and the cursor is back at the start. What `visit` is given is the live state: copy or hash it.
 */
export function takeTouched(
  state: State,
  visit: PageVisitor,
  limit = Number.POSITIVE_INFINITY,
  cursor: PageCursor = { table: 0, page: 0 },
): boolean {
  let left = limit;
  for (; cursor.table < TABLE_COUNT; cursor.table++, cursor.page = 0) {
    const { touched, bytes, pages } = state[TABLE_NAMES[cursor.table] as TableName];
    for (
      let page = touched.indexOf(1, cursor.page);
      page >= 0 && page < pages;
      page = touched.indexOf(1, cursor.page)
    ) {
      if (left === 0) return false;
      const next = touched.indexOf(0, page);
      const end = Math.min(next < 0 ? pages : next, pages, page + left);
      touched.fill(0, page, end);
      visit(cursor.table, page, bytes.subarray(page * PAGE_BYTES, end * PAGE_BYTES));
      left -= end - page;
      cursor.page = end;
    }
  }
  cursor.table = 0;
  return true;
}

/** Marks every page that holds rows, so that the next root is built from all of them. */
export function touchAll(state: State): void {
  for (const name of TABLE_NAMES) state[name].touched.fill(1, 0, state[name].pages);
}

/** Writes the counts of all tables to `into` (`COUNT_FIELDS` each). */
export function writeCounts(state: State, into: Int32Array): void {
  for (let number = 0; number < TABLE_COUNT; number++) {
    const { rows, free, live } = state[TABLE_NAMES[number] as TableName];
    into[number * COUNT_FIELDS + COUNTS.ROWS] = rows;
    into[number * COUNT_FIELDS + COUNTS.FREE] = free;
    into[number * COUNT_FIELDS + COUNTS.LIVE] = live;
  }
}
