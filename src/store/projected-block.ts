/** A sealed block with all its rows, on its way into the database. */
import type { Block } from '../chain/block.ts';
import type { TableRows } from './row-lines.ts';
import type { StateRows } from './state-rows.ts';

/** What a block that restores an earlier one ended, and the certificate of the rollback as JSON. */
export interface ProjectedRollback {
  readonly deadFrom: number;
  readonly deadTo: number;
  readonly certificate: string;
}

export interface ProjectedBlock {
  readonly block: Block;
  readonly hash: Uint8Array;
  readonly tables: readonly TableRows[];
  readonly rollback: ProjectedRollback | undefined;
  /**
   * False of a block on a branch that a rollback ended whose state its commands do not lead to: something else was in the memory of the
   * process. What happened in it is not known, so it has no rows.
   */
  readonly isFollowed: boolean;
  /** What is to be written to the tables of the state, where the state at the end of this block is kept. */
  readonly state?: StateRows;
}

/** Rows of all tables of a block. */
export function rowsOf({ tables }: ProjectedBlock): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

/** The bytes of the lines of a block. */
export function bytesOf({ tables, state }: ProjectedBlock): number {
  const ofState = state?.tables.reduce((sum, { lines }) => sum + lines.length, 0) ?? 0;
  return tables.reduce((sum, { lines }) => sum + lines.length, ofState);
}
