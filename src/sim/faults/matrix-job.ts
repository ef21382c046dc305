/** Jobs of a matrix, as they go to a worker and come back: half a cell each, so that one that hangs is known by name. */
import type { Harm, Phase, Regime } from './fault.ts';
import type { MutatedRows } from './database-outcome.ts';
import type { GuardedHalf } from './row.ts';

export interface MatrixJob {
  readonly number: number;
  readonly regime: Regime;
  readonly phase: Phase;
  readonly half: 'guarded' | 'unguarded';
  /** It strikes in a database. */
  readonly isStored: boolean;
  /** A case by its id; a mutation by its number, of memory and inputs or of rows in the database; or nothing goes wrong. */
  readonly what:
    | { readonly case: string }
    | { readonly mutation: number }
    | { readonly rows: number }
    | { readonly control: true };
}

export interface WorkerStart {
  readonly seed: number;
  /** A module of an outsider's faults, as a URL. */
  readonly faultFile: string | undefined;
  /** URL of a server for the databases; undefined: they are embedded. */
  readonly database: string | undefined;
}

export type JobResult =
  | { readonly guarded: GuardedHalf }
  | { readonly harm: readonly Harm[] }
  | { readonly rows: MutatedRows }
  | { readonly error: string };

export interface JobAnswer {
  readonly number: number;
  readonly result: JobResult;
}
