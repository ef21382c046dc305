/** What is carried over to the restored state: tried on a copy first, so that only what stands there is on the record. */
import type { Block } from '../chain/block.ts';
import type { ReadableHistory } from '../chain/branches.ts';
import { copyState } from '../chain/copy-state.ts';
import type { Carried, CarriedTotals } from '../chain/certificate.ts';
import { type FateReader, sequenceOf } from '../chain/fates.ts';
import { LEADING_COMMANDS, orderOfCarried } from '../chain/first-batch.ts';
import { applyCommands } from '../engine/batch.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { firstBatchOf } from '../exchange/begin-fork.ts';

export interface Carry {
  /** A copy of the restored state with the first batch applied. */
  readonly state: State;
  /** The first batch of the new fork. */
  readonly batch: CommandBuffer;
  readonly carried: readonly Carried[];
  /** Sequences on the dead branch of what the restored state does not take. */
  readonly refused: ReadonlySet<number>;
  readonly totals: CarriedTotals;
}

/** The rows of a first batch. */
export function rowsOf({ bytes, rows }: CommandBuffer): Uint8Array {
  return bytes.subarray(0, rows * COMMAND_BYTES);
}

/** Carries what a reader of the dead branch found over to a copy of the restored state, which is left as it is. */
export function carryOver(
  history: ReadableHistory,
  restoredState: State,
  restored: Block,
  dead: Block,
  { candidates }: FateReader,
): Carry {
  const all = candidates.map(({ carried }) => carried);
  const tried = tryCarry(history, restoredState, restored, dead, all);
  const refused = new Set(tried.refused);
  if (refused.size === 0) return { ...tried, carried: all, refused };
  const carried = all.filter((each) => !refused.has(sequenceOf(each)));
  const again = tryCarry(history, restoredState, restored, dead, carried);
  if (again.refused.length > 0) throw new Error(`commands ${again.refused.join(' ')} stand on others that do not`);
  return { ...again, carried, refused };
}

/** Applies the first batch to a copy of the restored state. `refused`: sequences on the dead branch of what the engine refused. */
export function tryCarry(
  history: ReadableHistory,
  restoredState: State,
  { height, lastSequence }: Block,
  dead: Block,
  commands: readonly Carried[],
): Pick<Carry, 'state' | 'batch' | 'totals'> & { readonly refused: readonly number[] } {
  const state = copyState(restoredState);
  const batch = firstBatchOf(history, state, { restores: { height }, deadHead: { height: dead.height }, commands });
  applyCommands(state, batch.i32, batch.f64, batch.rows);
  const order = orderOfCarried(commands);
  const refused = refusedIn(state.events).map((sequence) => {
    const place = sequence - lastSequence - 1 - LEADING_COMMANDS;
    const at = order[place];
    if (at === undefined) throw new Error(`command ${sequence} of a first batch is refused`);
    return at;
  });
  const totals = totalsOf(state.events);
  state.events.clear();
  return { state, batch, totals, refused };
}

function refusedIn({ values, count }: EventBuffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (values[at] === EVENT.refused) found.push(values[at + 1] as number);
  }
  return found;
}

function totalsOf({ values, count }: EventBuffer): CarriedTotals {
  const deposits = { count: 0, amount: 0n };
  const withdrawals = { count: 0, amount: 0n, owed: 0n };
  let [accounts, markets] = [0, 0];
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    const kind = values[at];
    if (kind === EVENT.accountDefined) accounts++;
    else if (kind === EVENT.marketDefined) markets++;
    else if (kind === EVENT.deposited) {
      deposits.count++;
      deposits.amount += BigInt(field(1));
    } else if (kind === EVENT.withdrawalCarried || (kind === EVENT.withdrawalSettled && field(3) === 1)) {
      withdrawals.count++;
      withdrawals.amount += BigInt(field(2));
      if (kind === EVENT.withdrawalCarried) withdrawals.owed += BigInt(field(2)) - BigInt(field(3));
    }
  }
  return {
    deposits: { count: deposits.count, amount: String(deposits.amount) },
    withdrawals: { count: withdrawals.count, amount: String(withdrawals.amount), owed: String(withdrawals.owed) },
    accounts,
    markets,
  };
}
