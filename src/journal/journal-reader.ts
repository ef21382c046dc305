/** A journal in files as a reader finds it: the exchange may be running; nothing is locked, nothing is changed. */
import type { Block } from '../chain/block.ts';
import type { ReadableHistory, Restore } from '../chain/branches.ts';
import type { Entry } from '../chain/entry.ts';
import { BlockIndex } from './block-index.ts';
import { JournalCorrupt } from './journal.ts';
import { JournalWalk } from './journal-walk.ts';
import { crc32 } from './node-digest.ts';
import { indexEntry } from './index-entry.ts';

export class JournalReader implements ReadableHistory {
  private readonly folder: string;
  private readonly index = new BlockIndex();
  /** How many commands all branches have. */
  readonly commands: number;
  /** Where the bytes are not what was written; what stands behind is not read. */
  readonly damage: JournalCorrupt | undefined;
  /** The walk that was made last: where it stands, and whether the end was torn. */
  walk: JournalWalk;

  /** Walks the journal in a folder once. Damage is kept for whoever asks. */
  constructor(folder: string) {
    this.folder = folder;
    this.walk = new JournalWalk(folder, crc32);
    let commands = 0;
    try {
      for (const entry of this.walk.entries()) {
        indexEntry(this.index, this.walk, entry);
        if (entry.kind === 'commands') commands += entry.commands;
      }
    } catch (error) {
      if (!(error instanceof JournalCorrupt)) throw error;
      this.damage = error;
    }
    this.commands = commands;
  }

  get height(): number {
    return this.index.height;
  }

  get restores(): readonly Restore[] {
    return this.index.restores;
  }

  block(height: number): Block | undefined {
    return this.index.block(height);
  }

  /** Refuses (throws `RangeError`) a height that no block has, and `JournalCorrupt` where the damage begins. */
  entries(afterHeight: number): Iterable<Entry> {
    const from = afterHeight < 0 ? undefined : this.index.end(afterHeight);
    if (afterHeight >= 0 && from === undefined) throw new RangeError(`the journal has no block ${afterHeight}`);
    this.walk = new JournalWalk(this.folder, crc32, from);
    return this.walk.entries();
  }
}
