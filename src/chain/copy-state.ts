/** A second state with the same tables: where two worlds part. */
import { State } from '../engine/state.ts';
import { touchAll } from './touched-pages.ts';

/** A state of its own with the same rows, no events, and every page marked as touched. */
export function copyState(from: State): State {
  const state = new State({ accounts: from.account.rows, positions: from.position.rows, orders: from.order.rows });
  for (const [name, table] of from.tables()) {
    const to = state[name];
    to.reserve(table.rows);
    to.bytes.set(table.bytes.subarray(0, table.rows * table.schema.rowBytes));
    to.rows = table.rows;
    to.free = table.free;
    to.live = table.live;
  }
  touchAll(state);
  state.index.restore(state);
  return state;
}
