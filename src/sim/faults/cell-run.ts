/** What a run of a cell of the matrix comes to. */
import type { State } from '../../engine/state.ts';
import type { Detection } from './detection.ts';
import type { ActionKind } from './dues.ts';
import type { ForcedEvent, Outcome } from './outcome.ts';
import type { Venue } from './venue.ts';
import type { WrongInputs } from './wrong-inputs.ts';

/** A hold of the guard: a forced action that it did not let happen, or a command that it did not take. */
export interface Hold {
  readonly kind: ActionKind | 'command';
  readonly account: number;
  readonly market: number;
  /** What the action hits (`targetOf`) as the true world names it; 0 for a command. */
  readonly target: number;
  readonly check: string;
  readonly tick: number;
  /** True when a fault made the command, or what is held depends on what the fault touched. */
  readonly isOfFault: boolean;
}

/** All that a run of a cell came to. */
export interface CellRun {
  readonly outcome: Outcome;
  readonly detections: readonly Detection[];
  readonly holds: readonly Hold[];
  /** Components in quarantine at the end, and those of them that do not depend on what the fault touched. */
  readonly quarantined: readonly string[];
  readonly outside: readonly string[];
  /** Sequence and time at which the fault struck. */
  readonly struckSequence: number;
  readonly struckMs: number;
  /** Why the exchange stands still; undefined while it runs. */
  readonly stopped: string | undefined;
  readonly state: State;
  readonly venue: Venue;
  /** What the fault did, where no guard was. */
  readonly wrong: WrongInputs;
  /** The true world's id of an order, undefined when it has none. */
  readonly trueOrder: (id: number) => number | undefined;
  /** True for a forced action that is due at the true world's prices, of an account to which the fault wrote nothing. */
  readonly isDue: (forced: ForcedEvent) => boolean;
}
