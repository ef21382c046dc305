/** A copy that follows the live journal while the procedure does something else. */
import type { Database, SqlSession } from '../store/database.ts';
import { Follower } from '../store/follow-journal.ts';
import { sayEpoch } from './chunks.ts';
import type { CopyRole, World } from './world.ts';

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

  /** Resolves when the copy has the block at a height; rejects when it cannot have it. */
  async reached(height: number): Promise<void> {
    this.at?.follower.wake();
    await this.at?.follower.reached(height);
  }

  /** Lets go of the copy. */
  async end(): Promise<void> {
    const { at } = this;
    this.at = undefined;
    await at?.follower.stop();
    await at?.database.close();
  }
}
