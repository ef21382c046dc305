/** The exchange that uses the database of an upgrade, as the procedure needs it: running, or stopped. */

import type { UpgradeFinding } from './finding.ts';

export interface Venue {
  /** What is not calm in its markets now; an exchange that is stopped has none. */
  unrest?(): Promise<readonly UpgradeFinding[]>;
  /** False: nothing trades, and nothing has the database open. */
  readonly isRunning: boolean;
  /** Lets go of the database while trading goes on: its lease is given back and it is closed. */
  releaseDatabase(): Promise<void>;
  /** Takes it up again, and follows the journal from where it stands. */
  reopenDatabase(): Promise<void>;
  /** Takes no commands any more, makes the last block durable and projected, and lets go of the database. Twice is once. */
  pause(): Promise<void>;
  /** Takes the database up again, and then commands. Twice is once. `migrations`: names that the database has more than it knows. */
  resume(migrations?: readonly string[]): Promise<void>;
}

/** An exchange that is stopped: whoever upgrades holds its folder, so that none is started meanwhile. */
export const STOPPED: Venue = {
  isRunning: false,
  releaseDatabase: () => Promise.resolve(),
  reopenDatabase: () => Promise.resolve(),
  pause: () => Promise.resolve(),
  resume: () => Promise.resolve(),
};
