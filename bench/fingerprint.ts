/** Whether two states are the same, quickly: not the state root, which is measured itself. */
import { createHash } from 'node:crypto';
import type { State } from '../src/engine/state.ts';

/** SHA-256 of all rows of all tables that were ever used, and of where their free lists begin. */
export function fingerprint(state: State): string {
  const hash = createHash('sha256');
  for (const [name, table] of state.tables()) {
    hash.update(`${name} ${table.rows} ${table.free}\n`);
    hash.update(table.bytes.subarray(0, table.rows * table.schema.rowBytes));
  }
  return hash.digest('hex');
}

/** A run that ended in another state than it must: nothing it measured counts. */
export class StateDiffers extends Error {
  constructor(what: string, found: string, expected: string) {
    super(`${what} ended in state ${found}, but its recording left ${expected}`);
    this.name = 'StateDiffers';
  }
}

/** Refuses (throws) a state that is not the expected one. */
export function requireState(what: string, state: State, expected: string): void {
  const found = fingerprint(state);
  if (found !== expected) throw new StateDiffers(what, found, expected);
}
