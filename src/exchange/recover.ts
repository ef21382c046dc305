/**
 * Starting: from nothing, or from what a journal holds. Every start is a replay that compares each block's roots with the
 * recorded ones; a state that does not agree is never traded on.
 */
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import type { Hash } from '../chain/digest.ts';
import { type ReplayOptions, type ReplayResult, replay } from '../chain/replay.ts';
import type { RootComputer } from '../chain/roots.ts';
import { type Capacity, genesis, type State } from '../engine/state.ts';
import type { Journal } from '../journal/journal.ts';

export interface RecoverOptions extends Pick<ReplayOptions, 'onBlock' | 'onEvents'> {
  readonly hash: Hash;
  readonly roots: RootComputer;
  readonly capacity?: Capacity;
}

export interface Recovered {
  readonly state: State;
  /** Stands at the end of the journal. */
  readonly sealer: BlockSealer;
  /** What the replay found. Trade on the state only when `equal`. */
  readonly replay: ReplayResult;
}

/**
 * The state that the journal leads to, checked block by block. An empty journal gets its first block: the state before the
 * first command. Blocks that a crash left unrecorded are appended. When the replay diverges nothing is appended.
 */
export function recover(journal: Journal, { hash, roots, capacity, ...told }: RecoverOptions): Recovered {
  const state = genesis(capacity);
  const sealer = new BlockSealer(hash, roots, BEFORE_GENESIS);
  const result = replay(state, journal.entries(), { sealer, hash, amend: null, ...told });
  if (result.equal) {
    for (const block of result.unrecorded) journal.appendBlock(block);
    if (journal.height < 0 && sealer.openHeight === 0) {
      journal.append({ bytes: new Uint8Array(), commands: 0, firstSequence: 1, closesBlock: true });
      sealer.close(state);
    }
    journal.sync();
  }
  return { state, sealer, replay: result };
}
