// The state as a journal has it at the end of a block, whichever branch the block is on.
import type { Block } from '../chain/block.ts';
import { endingOf } from '../chain/branches.ts';
import type { State } from '../engine/state.ts';
import { deadStateAt } from '../incident/dead-state.ts';
import { NoSuchState, stateAtBlock } from '../incident/state-at-block.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import type { IncidentCase } from '../remedy/incident-case.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';

export interface BlockAt {
  readonly reader: JournalReader;
  readonly block: Block;
  /** Height of the block that restores an earlier one and so ended the branch of this one; undefined when its branch goes on. */
  readonly endedBy: number | undefined;
}

/** A block, and the state at its end. */
export interface StateAt extends BlockAt {
  readonly state: State;
}

/** The block at `height` (the last one when left out), whichever branch it is on. Refuses a height that is not there. */
export function blockAt(folder: string, height: number | undefined): BlockAt {
  openForReading(folder);
  const reader = new JournalReader(folder);
  const block = reader.block(height ?? reader.height);
  if (block !== undefined) return { reader, block, endedBy: endingOf(reader, block.height)?.height };
  if (reader.damage !== undefined) throw reader.damage;
  const end = reader.height < 0 ? 'it holds no block' : `its last block is ${reader.height}`;
  throw new CommandError('block_not_found', `there is no block ${height ?? 0} in ${folder}: ${end}`);
}

/**
 * The state at the end of the block at `height` (the last one when left out): from the newest snapshot on the way to it that its block
 * vouches for, and a replay that checks every root from there. A block of a branch that a rollback ended is read like any other;
 * with a case, what the process held there is taken in. Refuses a height that is not there, and a history that diverges.
 */
export function stateAt(folder: string, height: number | undefined, incident?: IncidentCase): StateAt {
  const found = blockAt(folder, height);
  const { reader, block, endedBy } = found;
  const isHeld = endedBy !== undefined && incident !== undefined;
  try {
    const { state } = isHeld
      ? deadStateAt(reader, block.height, incident.corrections.deviations, { folder })
      : stateAtBlock(reader, block.height, { folder, head: block.height });
    return { ...found, state };
  } catch (error) {
    if (!(error instanceof NoSuchState)) throw error;
    throw new CommandError(error.code, `${error.message}; see \`makewhole verify\``, exitCodes.corruption);
  }
}
