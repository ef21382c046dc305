/** A journal that keeps nothing and roots that are none: for a world that is measured while it runs and never replayed. */
import type { Block } from '../../chain/block.ts';
import { NO_DIGEST } from '../../chain/digest.ts';
import type { Entry } from '../../chain/entry.ts';
import type { RootComputer } from '../../chain/roots.ts';
import type { StateRoots } from '../../chain/state-tree.ts';
import { takeTouched } from '../../chain/touched-pages.ts';
import type { State } from '../../engine/state.ts';
import type { Batch, Journal } from '../../journal/journal.ts';

export class ForgetfulJournal implements Journal {
  sequence = 0;
  height = -1;
  readonly restores = [];
  readonly fork = 0;
  readonly bytes = 0;

  append({ commands }: Batch): void {
    this.sequence += commands;
  }

  appendWarrants(): void {}

  appendActs(): void {}

  appendHolds(): void {}

  appendRestore(): void {}

  appendBlock(block: Block): void {
    this.height = block.height;
  }

  sync(): void {}

  beginSync(): void {}

  awaitSync(): void {}

  block(): Block | undefined {
    return undefined;
  }

  entries(): Iterable<Entry> {
    return [];
  }

  close(): void {}
}

const NO_ROOTS: StateRoots = { stateRoot: NO_DIGEST, rulesHash: NO_DIGEST };

/** Answers every request with no root; marks of touched pages are cleared as a real one clears them. */
export class NoRoots implements RootComputer {
  private requested = 0;

  prepare(): void {}

  request(state: State): void {
    takeTouched(state, () => undefined);
    this.requested++;
  }

  poll(): StateRoots | undefined {
    if (this.requested === 0) return undefined;
    this.requested--;
    return NO_ROOTS;
  }

  wait(): StateRoots {
    const roots = this.poll();
    if (roots === undefined) throw new Error('no root was requested');
    return roots;
  }
}
