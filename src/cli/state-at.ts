// The state as a journal has it at the end of a block.
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, type ChainHead, headOf } from '../chain/block-sealer.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { loadNewestSnapshot } from '../journal/snapshot-folder.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';

export interface StateAt {
  readonly state: State;
  readonly block: Block;
}

/**
 * The state at the end of the block at `height` (the last one when left out): from the newest snapshot below it that its block
 * vouches for, and a replay that checks every root from there. Refuses a height that is not there, and a history that diverges.
 */
export function stateAt(folder: string, height: number | undefined): StateAt {
  openForReading(folder);
  const blocks = blocksOf(folder, height ?? Number.POSITIVE_INFINITY);
  const target = blocks[height ?? blocks.length - 1];
  if (target === undefined) {
    const end = blocks.length === 0 ? 'it holds no block' : `its last block is ${blocks.length - 1}`;
    throw new CommandError('block_not_found', `there is no block ${height ?? 0} in ${folder}: ${end}`);
  }
  const { state, head } = startFor(folder, blocks, target.height);
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), head);
  const walk = new JournalWalk(folder, crc32);
  const between = entriesBetween(walk.entries(), head.height, target.height);
  const { firstDivergence } = replay(state, between, { sealer, hash: sha256, amend: null });
  if (firstDivergence !== null) {
    const { what, height: at } = firstDivergence;
    throw new CommandError('journal_diverges', `block ${at}: ${what}; see \`makewhole verify\``, exitCodes.corruption);
  }
  return { state, block: target };
}

/** The newest snapshot at or below a height that its block vouches for, else the state before the first command. */
function startFor(folder: string, blocks: readonly Block[], height: number): { state: State; head: ChainHead } {
  const { loaded } = loadNewestSnapshot(folder, (at) => (at <= height ? blocks[at] : undefined));
  if (loaded === undefined) return { state: genesis(), head: BEFORE_GENESIS };
  return { state: loaded.state, head: headOf(loaded.block, sha256) };
}

/** The blocks up to a height: what stands behind it is not read. */
function blocksOf(folder: string, height: number): Block[] {
  const blocks: Block[] = [];
  for (const entry of new JournalWalk(folder, crc32).entries()) {
    if (entry.kind === 'block') blocks.push(entry.block);
    if (blocks.length > height) break;
  }
  return blocks;
}

/** The entries behind the end of block `after` up to the end of block `height`, and their blocks: batches of later blocks may stand before a block. */
function* entriesBetween(entries: Iterable<Entry>, after: number, height: number): Generator<Entry> {
  let open = 0;
  for (const entry of entries) {
    if (entry.kind === 'block') {
      if (entry.block.height > after) yield entry;
      if (entry.block.height >= height) return;
      continue;
    }
    if (open > after && open <= height) yield entry;
    if (entry.closesBlock) open++;
  }
}
