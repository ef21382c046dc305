/** How much memory a state takes, by what it is for. */
import type { State } from '../src/engine/state.ts';
import { SCHEMAS } from '../src/engine/tables.ts';
import { collectGarbage, rounded } from './series.ts';

/** Bytes of one thing: those of its row, and all that is reserved for such things divided by how many there are. */
export interface BytesEach {
  readonly row: number;
  /** With what finds it fast, and with the room kept for growth. */
  readonly reserved: number;
}

export interface Memory {
  readonly account: BytesEach;
  readonly position: BytesEach;
  /** Per order that was ever live at the same time. */
  readonly order: BytesEach;
  /** Queues of the books by price. */
  readonly ladderBytes: number;
  /** All buffers of the state. */
  readonly stateBytes: number;
  /** Of the process: the state, the session's commands, the program. */
  readonly residentBytes: number;
}

/** Measures the memory of a live state. */
export function memoryOf(state: State): Memory {
  const { account, accountKey, position, order, index } = state;
  const each = (parts: readonly object[], rowBytes: number, count: number): BytesEach => ({
    row: rowBytes,
    reserved: count === 0 ? 0 : rounded(bufferBytes(parts) / count, 1),
  });
  collectGarbage();
  return {
    account: each(
      [account, accountKey, index.bounds, index.accountKeys],
      SCHEMAS.account.rowBytes + SCHEMAS.accountKey.rowBytes,
      account.live,
    ),
    position: each([position, index.positions], SCHEMAS.position.rowBytes, position.live),
    order: each([order], SCHEMAS.order.rowBytes, order.rows - 1),
    ladderBytes: bufferBytes([index.heap]),
    stateBytes: bufferBytes([state]),
    residentBytes: process.memoryUsage.rss(),
  };
}

/** Bytes of all buffers that can be reached from these objects, each counted once. */
function bufferBytes(roots: readonly object[]): number {
  const seen = new Set<object>();
  const open: object[] = [...roots];
  let bytes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next instanceof ArrayBuffer || next instanceof SharedArrayBuffer) bytes += next.byteLength;
    else if (ArrayBuffer.isView(next)) open.push(next.buffer);
    else for (const value of Object.values(next)) if (typeof value === 'object' && value !== null) open.push(value);
  }
  return bytes;
}
