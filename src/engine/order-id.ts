/** Order ids: the row of the order and how often that row was used, in one number. An id names one order for ever. */
import type { State } from './state.ts';
import { ORDER } from './tables.ts';

const { GENERATION, SIZE } = ORDER;
const ROWS = 2 ** 24;
const ROWS_INVERSE = 2 ** -24;
/** A row that was used so often would give ids that floats do not tell apart: it is not used again. */
export const GENERATION_LIMIT = 2 ** 29;

/** The id of the order in a row: generation × 2^24 + row. */
export function orderId(state: State, row: number): number {
  return (state.order.i32[row * 16 + GENERATION] as number) * ROWS + row;
}

/** The row of a live order, or 0 when there is no live order of this id. */
export function orderRow(state: State, id: number): number {
  // By multiplication with the exact inverse: the platform's remainder of floats is a slow library call.
  const generation = Math.floor(id * ROWS_INVERSE);
  const row = id - generation * ROWS;
  if (!(row > 0 && row < state.order.rows && Number.isInteger(row))) return 0;
  const at = row * 16;
  const { i32 } = state.order;
  if (i32[at + SIZE] === 0 || i32[at + GENERATION] !== generation) return 0;
  return row;
}
