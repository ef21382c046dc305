// The state as a journal has it at the end of a block, whichever branch the block is on.
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, type ChainHead, headOf } from '../chain/block-sealer.ts';
import { type History, isPassed, passedOver } from '../chain/branches.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { loadNewestSnapshot } from '../journal/snapshot-folder.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';

export interface StateAt {
  readonly state: State;
  readonly block: Block;
  /** Height of the block that restores an earlier one and so ended the branch of this one; undefined when its branch goes on. */
  readonly endedBy: number | undefined;
}

/**
 * The state at the end of the block at `height` (the last one when left out): from the newest snapshot on the way to it that its block
 * vouches for, and a replay that checks every root from there. A block of a branch that a rollback ended is read like any other.
 * Refuses a height that is not there, and a history that diverges.
 */
export function stateAt(folder: string, height: number | undefined): StateAt {
  openForReading(folder);
  const reader = new JournalReader(folder);
  const target = reader.block(height ?? reader.height);
  if (target === undefined) {
    if (reader.damage !== undefined) throw reader.damage;
    const end = reader.height < 0 ? 'it holds no block' : `its last block is ${reader.height}`;
    throw new CommandError('block_not_found', `there is no block ${height ?? 0} in ${folder}: ${end}`);
  }
  const { state, head } = startFor(folder, reader, target.height);
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), head);
  const between = entriesUpTo(reader.entries(head.height), head.height, target.height);
  const options = { sealer, hash: sha256, history: reader, head: target.height, amend: null };
  const { firstDivergence } = replay(state, between, options);
  if (firstDivergence !== null) {
    const { what, height: at } = firstDivergence;
    throw new CommandError('journal_diverges', `block ${at}: ${what}; see \`makewhole verify\``, exitCodes.corruption);
  }
  return { state, block: target, endedBy: endOf(reader, target.height) };
}

/** The newest snapshot on the way to a height that its block vouches for, else the state before the first command. */
function startFor(folder: string, history: History, height: number): { state: State; head: ChainHead } {
  const passed = passedOver(history.restores, height);
  const { loaded } = loadNewestSnapshot(folder, (at) => {
    return at <= height && !isPassed(passed, at) ? history.block(at) : undefined;
  });
  if (loaded === undefined) return { state: genesis(), head: BEFORE_GENESIS };
  return { state: loaded.state, head: headOf(loaded.block, sha256) };
}

/** The rollback that a block is not on the way behind. */
function endOf({ restores }: History, height: number): number | undefined {
  return restores.find((each) => each.height > height && each.restores < height)?.height;
}
