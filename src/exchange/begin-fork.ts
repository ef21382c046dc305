/** The beginning of a new fork: its first batch and the block over it, made by a rollback or, where a crash came between, by the next start. */
import type { Block } from '../chain/block.ts';
import type { BlockSealer } from '../chain/block-sealer.ts';
import type { ReadableHistory } from '../chain/branches.ts';
import type { Carried } from '../chain/certificate.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { batchesBetween, firstBatch } from '../chain/first-batch.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import type { Journal } from '../journal/journal.ts';

/** What of a certificate the first batch follows from. */
interface ForkPlan {
  readonly restores: { readonly height: number };
  readonly deadHead: { readonly height: number };
  readonly commands: readonly Carried[];
}

/** What a fork begins with, by its certificate and the record. `state` is the restored one. */
export function firstBatchOf(
  history: ReadableHistory,
  state: State,
  { restores, deadHead, commands }: ForkPlan,
): CommandBuffer {
  const [restored, dead] = [history.block(restores.height), history.block(deadHead.height)];
  if (restored === undefined || dead === undefined) throw new RangeError('the blocks of a certificate are not there');
  return firstBatch({
    state,
    carried: commands,
    restoredMs: restored.lastMs,
    deadMs: dead.lastMs,
    batches: batchesBetween(history.entries(restored.height), restored.height, dead.height, history.restores),
  });
}

/** Applies the first batch with `apply`, appends it, and seals and appends the block over it. Returns the block; durable after the next `sync`. */
export function beginFork(
  journal: Journal,
  state: State,
  sealer: BlockSealer,
  commands: CommandBuffer,
  apply: (entry: BatchEntry) => void,
): Block {
  const bytes = commands.bytes.slice(0, commands.rows * COMMAND_BYTES);
  const entry: BatchEntry = {
    kind: 'commands',
    fork: sealer.head.fork,
    firstSequence: sealer.sequence + 1,
    commands: commands.commands,
    rows: commands.rows,
    closesBlock: true,
    bytes,
    words: new Int32Array(bytes.buffer),
    floats: new Float64Array(bytes.buffer),
  };
  apply(entry);
  journal.append(entry);
  sealer.add(bytes, entry.commands);
  sealer.close(state);
  const block = sealer.wait() as Block;
  journal.appendBlock(block);
  return block;
}
