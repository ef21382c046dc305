/**
 * The correction set of an incident: what was wrong in the history, and what is right in its place. Only what came from outside is
 * corrected; whatever followed from it (a liquidation, a trigger, a charge of funding) is derived anew, never edited.
 */
import { type CommandRecord, camelCase } from '../chain/command-value.ts';
import type { State } from '../engine/state.ts';
import type { TableName } from '../engine/tables.ts';

/** A command that should have been another one, or none (`null`): a wrong price, an operator's slip. */
interface CorrectedCommand {
  readonly sequence: number;
  readonly command: CommandRecord | null;
}

/** A value that was written into the state other than by a command: what a process loaded and nobody checked. */
interface StateWrite {
  readonly table: TableName;
  readonly row: number;
  readonly column: string;
  readonly index: number;
  readonly value: number;
}

/**
 * Where the actual world left its own history: after this command its state had these values. The proof that they are all of it is a
 * replay with them that agrees with every recorded root.
 */
export interface Deviation {
  readonly afterSequence: number;
  readonly writes: readonly StateWrite[];
}

export interface CorrectionSet {
  readonly commands: readonly CorrectedCommand[];
  readonly deviations: readonly Deviation[];
  /** True: what halted the venue (a status, a paused operation) halts the counterfactual as well. No default: it changes claims. */
  readonly keepHalts: boolean;
}

/** A column that no table has: a mistake of who wrote the correction. */
class UnknownColumn extends Error {
  constructor({ table, row, column }: StateWrite) {
    super(`${table}/${row}/${column} is no place of the state`);
    this.name = 'UnknownColumn';
  }
}

/** Writes the values of a deviation into a state, as the process that loaded them had them. Refuses (throws) unknown places. */
export function deviate(state: State, { writes }: Deviation): void {
  for (const write of writes) {
    const table = state[write.table];
    const column = table.schema.columns.find(({ name }) => camelCase(name) === write.column);
    const isThere = write.row > 0 && write.row < table.rows;
    if (column === undefined || !isThere || !(write.index >= 0 && write.index < column.count)) {
      throw new UnknownColumn(write);
    }
    const at = column.offset + write.index;
    if (column.kind === 'f64') table.f64[write.row * table.rowFloats + at] = write.value;
    else table.i32[write.row * table.rowWords + at] = write.value;
    table.touch(write.row);
  }
  state.index.restore(state);
}
