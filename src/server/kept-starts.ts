/**
 * What a later start goes on from: the guard's memory every so many blocks, and every so many times the state as well. What cannot be
 * kept is told: the journal is the truth, without them it only takes longer to read.
 */
import type { Block } from '../chain/block.ts';
import type { State } from '../engine/state.ts';
import { pruneSnapshots, saveSnapshot, snapshotHeights } from '../journal/snapshot-folder.ts';
import { STATE_BLOCKS } from '../store/follow-journal.ts';
import { pruneGuards, type Remembering, saveGuard } from './guard-record.ts';
import type { Notice } from './notice.ts';

/** The memory of the guard is kept at the blocks whose state goes to the database. */
export const KEEP_BLOCKS = STATE_BLOCKS;
const SNAPSHOT_BLOCKS = 10 * KEEP_BLOCKS;
/** Older ones go. */
const SNAPSHOTS_KEPT = 8;
const GUARDS_KEPT = 8;

export class KeptStarts {
  private readonly folder: string;
  private readonly remembering: Remembering;
  private readonly tell: (notice: Notice) => void;
  private due: Block | undefined;
  /** The first one behind a start is whole: the replay that led to it need not be made again. */
  private isFirst = true;

  constructor(folder: string, remembering: Remembering, tell: (notice: Notice) => void) {
    this.folder = folder;
    this.remembering = remembering;
    this.tell = tell;
  }

  /** The batch that is being published ended this block. */
  becomeDue(block: Block): void {
    this.due = block;
  }

  /** Keeps what is due, of this state, which is still that of the block. */
  keepDue(state: State): void {
    const { due } = this;
    this.due = undefined;
    if (due === undefined) return;
    this.orTell(() => this.keep(state, due, this.isFirst || due.height % SNAPSHOT_BLOCKS === 0));
  }

  /** Keeps the end of a block whole; throws what a disk does. Returns false where the guard's memory is not kept: something is in quarantine. */
  keepWhole(state: State, block: Block): boolean {
    return this.keep(state, block, true);
  }

  /** Keeps the end of a block whole, where that can be done. */
  tryWhole(state: State, block: Block): void {
    this.orTell(() => this.keep(state, block, true));
  }

  private keep(state: State, block: Block, isWhole: boolean): boolean {
    const { folder, remembering } = this;
    const isRemembered = saveGuard(folder, remembering, block);
    if (isWhole) {
      saveSnapshot(folder, state, block);
      pruneSnapshots(folder, SNAPSHOTS_KEPT);
      this.isFirst = false;
    }
    const whole = new Set(snapshotHeights(folder));
    pruneGuards(folder, (height, newer) => newer < GUARDS_KEPT || whole.has(height));
    return isRemembered;
  }

  private orTell(work: () => void): void {
    try {
      work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.tell({ name: 'snapshot_failed', message, isTrouble: true });
    }
  }
}
