/**
 * Reads a branch that ends, or ended, from behind the restored block to its last: whether its states are explained, what becomes of each
 * of its commands, and what state it led to.
 */
import type { Block } from '../chain/block.ts';
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import type { ReadableHistory } from '../chain/branches.ts';
import type { DeadStates } from '../chain/certificate.ts';
import { copyState } from '../chain/copy-state.ts';
import type { Hash } from '../chain/digest.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { FateReader, type SettledWithdrawal } from '../chain/fates.ts';
import { batchesBetween, entriesUpTo } from '../chain/first-batch.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { VENUE, WITHDRAWAL } from '../engine/tables.ts';
import { type Deviation, deviate } from '../remedy/deviation.ts';

export interface DeadBranch {
  readonly states: DeadStates;
  readonly reader: FateReader;
  /** What its commands lead to: its states only where these are explained. At the head of the sealer, which `result` led to. */
  readonly state: State;
  readonly sealer: BlockSealer;
  readonly result: ReplayResult;
  /** What of its record, not of its states, is not what it must be; empty when nothing. */
  readonly fault: string;
}

export interface DeadBranchOptions {
  readonly hash: Hash;
  readonly deviations?: readonly Deviation[];
  readonly settled?: readonly SettledWithdrawal[];
}

/**
 * Reads the branch behind `restored` on the way to the block at `head`, and what stands behind that when it is the last. `restoredState`
 * is left as it is.
 */
export function readDeadBranch(
  history: ReadableHistory,
  head: number,
  restoredState: State,
  restored: Block,
  { hash, deviations = [], settled }: DeadBranchOptions,
): DeadBranch {
  const state = copyState(restoredState);
  const stated = settled === undefined ? undefined : new Map(settled.map((each) => [each.withdrawal, each]));
  const terms = {
    firstSequence: restored.lastSequence + 1,
    pending: pendingIn(restoredState),
    lastWithdrawal: restoredState.venue.f64[restoredState.venue.rowFloats + VENUE.WITHDRAWALS] as number,
    witnessed: history.block(head)?.lastSequence ?? 0,
    stated,
  };
  const believed = new FateReader({ ...terms, isBelieved: true });
  const doubted = new FateReader({ ...terms, isBelieved: false });
  let current: BatchEntry | undefined;
  const behind = (): Iterable<Entry> => {
    const all = history.entries(restored.height);
    return head === history.height ? all : entriesUpTo(all, restored.height, head);
  };
  const entries = function* (): Generator<Entry> {
    for (const entry of behind()) {
      if (entry.kind === 'commands') current = entry;
      yield entry;
    }
  };
  const sealer = new BlockSealer(hash, new DirectRoots(hash), headOf(restored, hash));
  const result = replay(state, entries(), {
    sealer,
    hash,
    history,
    ...(head === history.height ? {} : { head }),
    amend: { keepHalts: true, replaceCommand: (sequence) => deviateBefore(state, sequence, deviations) },
    onEvents: (events) => {
      for (const reader of [believed, doubted]) reader.take(current as BatchEntry, events);
    },
  });
  const { stop } = result;
  const fault = stop === null || stop.what === 'invariant' ? '' : `block ${stop.height}: ${stop.what}`;
  const found = { state, sealer, result, fault };
  if (stop !== null) {
    const batches = batchesBetween(behind(), restored.height, head, history.restores);
    return {
      ...found,
      states: 'differ',
      reader: readWithoutStates(batches, new FateReader({ ...terms, isBelieved: false })),
    };
  }
  // What was said to have left, and by what the commands lead to had not been asked for, shows that the process held something else.
  const isContradicted = believed.unwitnessed.some((id) => stated === undefined || stated.has(id));
  if (!result.equal || isContradicted) return { ...found, states: 'differ', reader: doubted };
  deviateBefore(state, sealer.sequence + 1, deviations);
  return { ...found, states: deviations.length > 0 ? 'follow_with_deviations' : 'follow', reader: believed };
}

/** Writes what the process held from before a command on; what it returns replaces no command. */
export function deviateBefore(state: State, sequence: number, deviations: readonly Deviation[]): undefined {
  for (const deviation of deviations) if (deviation.afterSequence === sequence - 1) deviate(state, deviation);
  return undefined;
}

/** The commands stop the engine where they did not stop the process: nothing is known of what they did. */
function readWithoutStates(batches: Iterable<BatchEntry>, reader: FateReader): FateReader {
  const none = new EventBuffer();
  for (const entry of batches) reader.take(entry, none);
  return reader;
}

/** Ids of the withdrawals that wait in a state. */
function pendingIn({ withdrawal: { i32, f64, rows } }: State): ReadonlySet<number> {
  const ids = new Set<number>();
  for (let row = 1; row < rows; row++) {
    // A free row has status 0.
    if (i32[row * 16 + WITHDRAWAL.STATUS] !== 0) ids.add(f64[row * 8 + WITHDRAWAL.ID] as number);
  }
  return ids;
}
