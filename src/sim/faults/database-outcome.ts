/** What came of a database that went wrong. */
import type { CommandRecord } from '../../chain/command-value.ts';
import type { State } from '../../engine/state.ts';
import type { Abort } from '../../upgrade/states.ts';
import type { World } from '../../upgrade/world.ts';

/** How it was looked at. */
export type LookedAt = 'procedure' | 'verification' | 'backup' | 'start' | 'fence' | 'readiness';

/** Who refused a database, and what it named. */
export interface Refused {
  readonly check: string;
  readonly about: string;
}

export interface DatabaseStrike {
  readonly engine: World['engine'];
  /** Undefined where nobody looked. */
  readonly by: LookedAt | undefined;
  readonly refused: Refused | undefined;
  /** The state that a process has which loads what the database holds then; text: why it cannot be loaded at all. */
  readonly loaded: State | string;
  /** How a procedure went back. */
  readonly abort: Abort | null;
  /** Paths of what was found, the first ones. */
  readonly findings: readonly string[];
  /** What people do by what it showed them, once commands are taken. */
  readonly acts: readonly CommandRecord[];
  /** Whether a procedure left the live database as it was, row by row; null where none ran. */
  readonly isLiveUntouched: boolean | null;
}

/** Rows that were changed, and whether anybody noticed. */
export interface MutatedRows {
  readonly name: string;
  readonly up: readonly string[];
  readonly outcome: 'noticed' | 'without effect' | 'unnoticed';
  readonly about: string;
}
