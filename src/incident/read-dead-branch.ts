/**
 * Reads the branch that is about to end, from behind the restored block to its end: whether its states are explained, what becomes of
 * each of its commands, and who had what at its end. Commands that no block covers get one, so that the branch ends with a block.
 */
import type { Block } from '../chain/block.ts';
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import type { DeadStates } from '../chain/certificate.ts';
import { copyState } from '../chain/copy-state.ts';
import type { Hash } from '../chain/digest.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { FateReader, type SettledWithdrawal } from '../chain/fates.ts';
import { batchesBetween } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { WITHDRAWAL } from '../engine/tables.ts';
import type { Journal } from '../journal/journal.ts';
import { type Deviation, deviate } from '../remedy/deviation.ts';
import { type Custody, custodyOf } from './custody.ts';
import { sealExplained, sealUnexplained } from './seal-branch.ts';

export interface DeadBranch {
  readonly states: DeadStates;
  readonly reader: FateReader;
  /** At its end; undefined where its states are not explained. */
  readonly custody: Custody | undefined;
  /** What of its record, not of its states, is not what it must be; empty when nothing. */
  readonly fault: string;
}

export interface DeadBranchOptions {
  readonly hash: Hash;
  readonly deviations?: readonly Deviation[];
  readonly settled?: readonly SettledWithdrawal[];
}

/** Reads the branch behind `restored` to the end of the journal. `restoredState` is left as it is. */
export function readDeadBranch(
  journal: Journal,
  restoredState: State,
  restored: Block,
  { hash, deviations = [], settled = [] }: DeadBranchOptions,
): DeadBranch {
  const state = copyState(restoredState);
  const doubt = new Map(settled.map((each) => [each.withdrawal, each]));
  const newReader = (stated?: typeof doubt): FateReader => {
    return new FateReader(restored.lastSequence + 1, pendingIn(restoredState), stated);
  };
  const [believed, doubted] = [newReader(), newReader(doubt)];
  let current: BatchEntry | undefined;
  const entries = function* (): Generator<Entry> {
    for (const entry of journal.entries(restored.height)) {
      if (entry.kind === 'commands') current = entry;
      yield entry;
    }
  };
  const sealer = new BlockSealer(hash, new DirectRoots(hash), headOf(restored, hash));
  const result = replay(state, entries(), {
    sealer,
    hash,
    history: journal,
    amend: { keepHalts: true, replaceCommand: (sequence) => deviateBefore(state, sequence, deviations) },
    onEvents: (events) => {
      for (const reader of [believed, doubted]) reader.take(current as BatchEntry, events);
    },
  });
  const { stop } = result;
  const fault = stop === null || stop.what === 'invariant' ? '' : `block ${stop.height}: ${stop.what}`;
  if (result.equal) {
    deviateBefore(state, journal.sequence + 1, deviations);
    sealExplained(journal, state, sealer, result);
    const states = deviations.length > 0 ? 'follow_with_deviations' : 'follow';
    return { states, reader: believed, custody: custodyOf(state), fault };
  }
  if (fault === '') sealUnexplained(journal, hash);
  const reader = stop === null ? doubted : readWithoutStates(journal, restored, newReader(doubt));
  return { states: 'differ', reader, custody: undefined, fault };
}

/** Writes what the process held from before a command on. */
function deviateBefore(state: State, sequence: number, deviations: readonly Deviation[]): undefined {
  for (const deviation of deviations) if (deviation.afterSequence === sequence - 1) deviate(state, deviation);
  return undefined;
}

/** The commands stopped the engine where they had not stopped the process: nothing is known of what they did. */
function readWithoutStates(journal: Journal, { height }: Block, reader: FateReader): FateReader {
  const none = new EventBuffer();
  const batches = batchesBetween(journal.entries(height), height, journal.height, journal.restores);
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
