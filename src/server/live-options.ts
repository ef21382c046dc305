/** What an exchange that keeps running is given: where it lives, what happens at it of its own accord, and what it tells. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import type { ExchangeOptions } from '../exchange/exchange.ts';
import type { Disk } from '../journal/disk.ts';
import type { Database } from '../store/database.ts';
import { type DatabaseState, readStateAtOnce } from '../store/recover-from-database.ts';
import type { DataDir } from './data-dir.ts';
import type { StartKind } from './find-start.ts';
import type { Notice } from './notice.ts';

/** What happens at an exchange of its own accord: prices, and those who trade. Times are multiples of `tickMs`. */
interface Traffic {
  readonly tickMs: number;
  readonly accounts: number;
  /** The first commands of all, up to a tick. */
  opening(timeMs: number, state: State, buffer: CommandBuffer): void;
  /** What comes up to the tick at `timeMs`, which is last; prices alone where nobody is to trade. */
  step(timeMs: number, state: State, buffer: CommandBuffer, hasTraders: boolean): void;
}

export interface LiveOptions {
  readonly dir: DataDir;
  /** Undefined: no database by the operator's word. */
  readonly openDatabase: (() => Promise<Database>) | undefined;
  readonly traffic: Traffic;
  readonly hasTraders: boolean;
  readonly speed: number;
  /** What it starts from, at best: a snapshot unless said. From a database only where there is one. */
  readonly from?: StartKind | undefined;
  /** Begins with all commands held, until `resume`. */
  readonly isPaused?: boolean;
  readonly tell: (notice: Notice) => void;
  /** Is given each batch once it is durable. */
  readonly onPublish?: ExchangeOptions['onPublish'];
  /** Clocks as of `LiveClock`; those of the machine unless said. */
  readonly wallMs?: () => number;
  readonly countMs?: () => number;
  readonly disk?: Disk;
}

/** What a database has of the state, where it is to be started from. */
export async function stateOfDatabase({ from, openDatabase }: LiveOptions): Promise<DatabaseState | undefined> {
  if (from !== 'database' || openDatabase === undefined) return undefined;
  const database = await openDatabase();
  try {
    return await readStateAtOnce(database);
  } finally {
    await database.close();
  }
}
