/**
 * The correction set of an incident: what was wrong in the history, and what is right in its place. Only what came from outside is
 * corrected; whatever followed from it (a liquidation, a trigger, a charge of funding) is derived anew, never edited.
 */
import type { CommandRecord } from '../chain/command-value.ts';
import type { CorrectedSeries } from './correction-series.ts';
import type { Deviation } from './deviation.ts';

/** A command that should have been others: one, several, or none: a wrong price, an operator's slip. */
export interface CorrectedCommand {
  readonly sequence: number;
  readonly commands: readonly CommandRecord[];
}

export interface CorrectionSet {
  readonly commands: readonly CorrectedCommand[];
  /** Samples of one source in one market over a time, corrected together. */
  readonly series?: readonly CorrectedSeries[];
  readonly deviations: readonly Deviation[];
  /** True: what halted the venue (a status, a paused operation) halts the counterfactual as well. No default: it changes claims. */
  readonly keepHalts: boolean;
  /** The engine release that should have run, where its code was wrong; without it the one that ran. */
  readonly release?: number;
  /** Forks of the dead branches within the window: what was done there and not carried is void in both worlds. */
  readonly voidedBranches?: readonly number[];
}
