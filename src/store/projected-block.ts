/** A sealed block with all its rows, on its way into the database. */
import type { Block } from '../chain/block.ts';
import type { TableRows } from './row-lines.ts';

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
}

/** Rows of all tables of a block. */
export function rowsOf({ tables }: ProjectedBlock): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}
