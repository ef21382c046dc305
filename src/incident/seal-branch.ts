/**
 * A branch ends with a block. Commands that none covers, because the process was cut off, get one: with its root where the states are
 * explained, and where they are not with none (zeros), which no state has. Such a block vouches for its commands alone.
 */
import { type Block, blockHash } from '../chain/block.ts';
import type { BlockSealer } from '../chain/block-sealer.ts';
import { commandRows } from '../chain/command-record.ts';
import { type ClosedBlock, DeadBranch } from '../chain/dead-branch.ts';
import { type Hash, NO_DIGEST } from '../chain/digest.ts';
import type { BatchEntry } from '../chain/entry.ts';
import type { ReplayResult } from '../chain/replay.ts';
import { TIME_LIMIT } from '../engine/command-form.ts';
import type { State } from '../engine/state.ts';
import type { Journal } from '../journal/journal.ts';

const NO_ROWS = new Uint8Array();

/** Appends the blocks that a replay made and the record lacks, and one over the commands behind them. */
export function sealExplained(journal: Journal, state: State, sealer: BlockSealer, { unrecorded }: ReplayResult): void {
  for (const block of unrecorded) journal.appendBlock(block);
  if (sealer.openCommands === 0) return;
  closeOpen(journal);
  sealer.close(state);
  journal.appendBlock(sealer.wait() as Block);
}

/** The same without states. */
export function sealUnexplained(journal: Journal, hash: Hash): void {
  const last = journal.block(journal.height) as Block;
  const behind = new DeadBranch(hash, { ...last, sequence: last.lastSequence });
  if (journal.sequence > last.lastSequence && !isClosed(journal, last)) closeOpen(journal);
  const times: BlockTimes[] = [];
  let open = new BlockTimes(last.lastMs);
  for (const entry of journal.entries(last.height)) {
    if (entry.kind === 'block') continue;
    const [fault] = behind.batch(entry) ?? [];
    if (fault !== undefined) throw new Error(`behind block ${last.height} the record does not follow: ${fault}`);
    open.take(entry);
    if (!entry.closesBlock) continue;
    times.push(open);
    open = new BlockTimes(open.lastMs);
  }
  let parent = last;
  for (const { firstMs, lastMs } of times) {
    const { restoring: _, ...closed } = behind.take() as ClosedBlock;
    const parentHash = blockHash(parent, hash);
    const block = {
      ...closed,
      parentHash,
      firstMs: firstMs ?? lastMs,
      lastMs,
      stateRoot: NO_DIGEST,
      rulesHash: NO_DIGEST,
    };
    parent = { ...block, release: last.release };
    journal.appendBlock(parent);
  }
}

/** True when no command stands behind the last end of a block. */
function isClosed(journal: Journal, { height, lastSequence }: Block): boolean {
  let [open, closed] = [lastSequence, lastSequence];
  for (const entry of journal.entries(height)) {
    if (entry.kind === 'block') continue;
    open += entry.commands;
    if (entry.closesBlock) closed = open;
  }
  return open === closed;
}

function closeOpen(journal: Journal): void {
  journal.append({ bytes: NO_ROWS, commands: 0, firstSequence: journal.sequence + 1, closesBlock: true });
}

/** The exchange's time after the first and the last command of a block, by their own times alone. */
class BlockTimes {
  firstMs: number | undefined;
  lastMs: number;

  constructor(parentMs: number) {
    this.lastMs = parentMs;
  }

  take({ words, floats, rows }: BatchEntry): void {
    for (let row = 0; row < rows; row += commandRows(words, row)) {
      const timeMs = floats[row * 8 + 1] as number;
      if (timeMs >= this.lastMs && timeMs <= TIME_LIMIT && Number.isInteger(timeMs)) this.lastMs = timeMs;
      this.firstMs ??= this.lastMs;
    }
  }
}
