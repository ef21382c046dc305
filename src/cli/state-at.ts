// The state as a journal has it at the end of a block.
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';

export interface StateAt {
  readonly state: State;
  readonly block: Block;
}

/**
 * Replays the journal in a folder up to the end of the block at `height` (the last one when left out), checking every root on the
 * way. Refuses a height that is not there, and a history that diverges.
 */
export function stateAt(folder: string, height: number | undefined): StateAt {
  openForReading(folder);
  const walk = new JournalWalk(folder, crc32);
  const last = height ?? lastHeight(folder);
  const state = genesis();
  let block: Block | undefined;
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), BEFORE_GENESIS);
  const found = replay(state, upTo(walk.entries(), last), {
    sealer,
    hash: sha256,
    amend: null,
    onBlock: (made) => {
      block = made;
    },
  });
  if (found.firstDivergence !== null) {
    const { what, height: at } = found.firstDivergence;
    throw new CommandError('journal_diverges', `block ${at}: ${what}; see \`makewhole verify\``, exitCodes.corruption);
  }
  if (block?.height !== last) {
    const end = block === undefined ? 'it holds no block' : `its last block is ${block.height}`;
    throw new CommandError('block_not_found', `there is no block ${last} in ${folder}: ${end}`);
  }
  return { state, block };
}

/** The entries up to the end of a block, and that block: batches of later ones may stand before it. */
function* upTo(entries: Iterable<Entry>, height: number): Generator<Entry> {
  let open = 0;
  for (const entry of entries) {
    if (entry.kind === 'block') {
      yield entry;
      if (entry.block.height >= height) return;
    } else if (open <= height) {
      yield entry;
      if (entry.closesBlock) open++;
    }
  }
}

function lastHeight(folder: string): number {
  let height = -1;
  for (const entry of new JournalWalk(folder, crc32).entries()) if (entry.kind === 'block') height = entry.block.height;
  if (height < 0) throw new CommandError('block_not_found', `${folder} holds no sealed block`);
  return height;
}
