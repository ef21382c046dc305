/** A copy that follows the live journal while the procedure does something else. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, SqlSession } from '../store/database.ts';
import { Follower } from '../store/follow-journal.ts';
import { sayEpoch } from './chunks.ts';
import type { CopyRole, World } from './world.ts';

const LOOK_MS = 1000;

export class Following {
  private readonly world: World;
  private readonly journal: string;
  private at: { readonly role: CopyRole; readonly database: Database; readonly follower: Follower } | undefined;

  constructor(world: World, journal: string) {
    this.world = world;
    this.journal = journal;
  }

  /** Begins to follow with a copy, unless it does already; returns its database. */
  async begin(role: CopyRole): Promise<Database> {
    if (this.at?.role === role) return this.at.database;
    await this.end();
    const database = await this.world.open(role);
    // The state is kept behind every block: whenever people are kept waiting, it is that of the last one.
    const before = (session: SqlSession): Promise<void> => sayEpoch(session);
    const follower = new Follower({ folder: this.journal, database, before, stateBlocks: 1 });
    this.at = { role, database, follower };
    return database;
  }

  /** Resolves when the copy has the block at a height; rejects when it cannot have it, and with what `checkTime` throws meanwhile. */
  async reached(height: number, checkTime: () => void): Promise<void> {
    if (this.at === undefined) return;
    const { follower } = this.at;
    follower.wake();
    const there = follower.reached(height).then(() => true);
    there.catch(() => undefined);
    const waiting = new AbortController();
    try {
      for (;;) {
        const look = sleep(LOOK_MS, false, { signal: waiting.signal }).catch(() => false);
        if (await Promise.race([there, look])) return;
        checkTime();
      }
    } finally {
      waiting.abort();
    }
  }

  /** Lets go of the copy. */
  async end(): Promise<void> {
    const { at } = this;
    this.at = undefined;
    await at?.follower.stop();
    await at?.database.close();
  }
}
