/**
 * The first batch of a new fork: the venue stands still with withdrawals paused, open orders end, and what happened in the world on
 * the dead branch is applied again. It follows from the certificate and the record alone, so that a start after a crash makes the
 * same bytes.
 */
import { COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { VENUE } from '../engine/tables.ts';
import { type Heights, isPassed, passedOver, type Restore } from './branches.ts';
import type { Carried } from './certificate.ts';
import { commandRows } from './command-record.ts';
import type { BatchEntry, Entry } from './entry.ts';
import { sequenceOf } from './fates.ts';

/** A carried command is not on the branch that is said to have it. */
class NoSuchCommand extends Error {
  constructor(sequence: number) {
    super(`the dead branch has no command ${sequence}`);
    this.name = 'NoSuchCommand';
  }
}

/**
 * The entries behind the end of block `after` (−1: all) up to the block at `head`, with the warrants and holds of its last batch. A block
 * may come behind batches of later blocks, which are left out.
 */
export function* entriesUpTo(entries: Iterable<Entry>, after: number, head: number): Generator<Entry> {
  let open = after + 1;
  let isOver = false;
  for (const entry of entries) {
    if (entry.kind === 'block') {
      if (entry.block.height > after) yield entry;
      // Warrants and holds of its last batch are recorded before it.
      if (entry.block.height >= head) return;
      continue;
    }
    const isBeside = entry.warrants !== undefined || entry.holds !== undefined;
    isOver ||= open > head && !isBeside;
    const isWanted = open <= head || !isOver;
    if (entry.closesBlock || entry.certificate !== undefined) open++;
    if (isWanted) yield entry;
  }
}

/**
 * The batches on the way from behind the end of block `after` to the end of the block at `head`, and what stands beside them.
 * `entries` are those behind the end of block `after`.
 */
export function* batchesBetween(
  entries: Iterable<Entry>,
  after: number,
  head: number,
  restores: readonly Restore[],
): Generator<BatchEntry> {
  const passed: readonly Heights[] = passedOver(
    restores.filter(({ height }) => height <= head),
    head,
  );
  let open = after + 1;
  for (const entry of entries) {
    if (open > head) return;
    if (entry.kind === 'block') continue;
    const isOnWay = !isPassed(passed, open);
    if (entry.closesBlock || entry.certificate !== undefined) open++;
    if (isOnWay) yield entry;
  }
}

/** Commands of a first batch before those that are carried: the venue stands still, orders end. */
export const LEADING_COMMANDS = 2;

export interface FirstBatchParts {
  /** The restored state, or one that has its venue row. */
  readonly state: State;
  readonly carried: readonly Carried[];
  /** Time of the restored state and of the dead branch's end, milliseconds. */
  readonly restoredMs: number;
  readonly deadMs: number;
  /** The dead branch's batches, from the restored block on. */
  readonly batches: Iterable<BatchEntry>;
}

/**
 * The commands of the first batch. What is carried as it was comes first, with its own time, so that a deposit meets what its account
 * owes; then the withdrawals that left, in the order of their ids.
 */
export function firstBatch({ state, carried, restoredMs, deadMs, batches }: FirstBatchParts): CommandBuffer {
  const commands = new CommandBuffer(64);
  const paused = (state.venue.i32[128 + VENUE.PAUSED] as number) | OPERATION.WITHDRAWALS;
  commands.setStatus(restoredMs, 0, STATUS.MAINTENANCE, paused);
  commands.cancelForFork(restoredMs);
  appendAsTheyWere(commands, carried, batches);
  for (const [, account, amount, withdrawal] of leftWithdrawals(carried)) {
    commands.carryWithdrawal(Math.max(restoredMs, deadMs), account, amount, withdrawal);
  }
  return commands;
}

/** The withdrawals among what is carried, in the order in which they are applied. */
function leftWithdrawals(carried: readonly Carried[]): Exclude<Carried, number>[] {
  return carried.filter((each) => typeof each !== 'number').sort((a, b) => a[3] - b[3]);
}

/** The sequences of all that is carried, in the order in which it is applied. */
export function orderOfCarried(carried: readonly Carried[]): number[] {
  return [...carried.filter((each) => typeof each === 'number'), ...leftWithdrawals(carried).map(sequenceOf)];
}

function appendAsTheyWere(commands: CommandBuffer, carried: readonly Carried[], batches: Iterable<BatchEntry>): void {
  const wanted = carried.filter((each) => typeof each === 'number');
  let next = 0;
  for (const entry of batches) {
    let sequence = entry.firstSequence;
    for (let row = 0; row < entry.rows && next < wanted.length; sequence++) {
      const end = row + commandRows(entry.words, row);
      if (sequence === wanted[next]) {
        commands.append(entry.bytes.subarray(row * COMMAND_BYTES, end * COMMAND_BYTES), 1);
        next++;
      }
      row = end;
    }
    if (next === wanted.length) return;
  }
  if (next < wanted.length) throw new NoSuchCommand(wanted[next] as number);
}
