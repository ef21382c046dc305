/**
 * What goes wrong with a database, as an object that an outsider can write: the statements of a migration, of somebody's hand, of an old
 * writer. The database has the whole history of the venue and its state (the tables that `docs/operating.md` names).
 */
import type { CommandRecord } from '../../chain/command-value.ts';
import type { State } from '../../engine/state.ts';
import type { Declared } from '../../upgrade/upgrade-migration.ts';
import type { Random } from '../random.ts';
import type { Phase, Regime } from './fault.ts';

/** The phases in which a process starts from a database. */
export const DATABASE_PHASES: readonly Phase[] = ['upgrade', 'restart'];

/** A lagging copy is so many ticks behind; so long ago a branch that was given up parted. */
export const LAG_TICKS = 8;

/** When a database goes wrong, and what it should hold. A function of seed, regime and phase. */
export interface DatabaseScene {
  readonly regime: Regime;
  readonly phase: Phase;
  /** The state that the database holds: to read from. */
  readonly state: State;
  /** The state of so many ticks ago (`LAG_TICKS`): what a lagging replica or an older snapshot holds. */
  readonly earlier: State;
  /** The state of a branch of history that was given up: it parted as long ago, and half of the accounts did nothing on it. */
  readonly branch: State;
  /** As of any other scene (`FaultScene`). */
  readonly market: number;
  readonly otherMarket: number;
  readonly accounts: readonly number[];
  readonly random: Random;
}

/** A position as a database shows it, lots. */
export interface ShownPosition {
  readonly account: number;
  readonly market: number;
  readonly size_lots: number;
}

export interface DatabaseWork {
  /** Statements, each a transaction of its own. In the phase upgrade they are a migration, in the phase restart somebody's hand. */
  readonly up: readonly string[];
  /** The way back of the migration, which a rehearsal goes as well; one that does nothing unless said. */
  readonly down?: readonly string[];
  /** What the migration says to change; nothing unless said. Readers of the new release see what it declares. */
  readonly declared?: Declared;
  /** What a reader of the new release does to the tables that it reads, where that is another place than before. */
  readonly reading?: readonly string[];
  /**
   * Where it happens; `candidate` unless said, in the database that takes the place of the live one. `backup`: in the copy by which the
   * backup is proved, and with which it would be restored. `following`: the migration is applied while people trade, and what is written
   * behind it does not reach all places. `old writer`: a process that had the lease before writes once more. `projection`: the database
   * stopped to follow the journal some time ago, and people read from it.
   */
  readonly place?: 'candidate' | 'backup' | 'following' | 'old writer' | 'projection';
  /** What people do by what they read: of a `projection`, whose positions are given. */
  readonly acts?: (shown: readonly ShownPosition[]) => readonly CommandRecord[];
}
