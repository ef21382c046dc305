/**
 * Finds what a process held that its history does not lead to. Every guess is proved: the record, replayed with it, leads to the root that
 * was recorded; a guess that does not is none.
 */
import { commandRows } from '../chain/command-record.ts';
import { camelCase } from '../chain/command-value.ts';
import { copyState } from '../chain/copy-state.ts';
import { type Hash, sameBytes } from '../chain/digest.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { diffStates, type StateDifference } from '../chain/state-difference.ts';
import { computeRoots } from '../chain/state-tree.ts';
import { applyUntilTick } from '../engine/batch.ts';
import type { State } from '../engine/state.ts';
import type { TableName } from '../engine/tables.ts';
import { type Deviation, deviate, type StateWrite } from './deviation.ts';

/** More differences than this are no list of writes: the states have gone different ways. */
export const MOST_WRITES = 10_000;

/** Columns of a market that ticks alone write and carry on: a default in them goes on as it was. */
const CARRIED = ['fundingIndex', 'fundingRemainder'];

export interface DeviationSearch {
  /** The state at the last good block. It is left as it is. */
  readonly start: State;
  /** Batches of the block behind it, whose recorded root is another than they lead to. */
  readonly batches: readonly BatchEntry[];
  readonly recordedRoot: Uint8Array;
  readonly hash: Hash;
  /** What a process may have loaded at the last good block: copies that their block does not vouch for. */
  readonly suspects: readonly State[];
  /** What the process held at the end of the block, where somebody kept it. */
  readonly live: State | undefined;
}

/** Applies a batch to a state; before each command what was written then is written. */
export function applyDeviating(state: State, entry: BatchEntry, deviations: readonly Deviation[]): void {
  const { words, floats, rows, firstSequence } = entry;
  const due = deviations.filter(
    ({ afterSequence: at }) => at >= firstSequence - 1 && at < firstSequence - 1 + entry.commands,
  );
  let sequence = firstSequence;
  let applied = 0;
  const applyTo = (row: number): void => {
    while (applied < row) applied = applyUntilTick(state, words, floats, applied, row);
  };
  for (let row = 0; due.length > 0 && row < rows; sequence++) {
    for (const deviation of due) {
      if (deviation.afterSequence !== sequence - 1) continue;
      applyTo(row);
      deviate(state, deviation);
    }
    row += commandRows(words, row);
  }
  applyTo(rows);
}

/** The deviation that explains the recorded root of the block; undefined when no guess does. */
export function findDeviation(search: DeviationSearch): Deviation | undefined {
  for (const guess of guesses(search)) if (explains(guess, search)) return guess;
  return undefined;
}

/** What a replay without it and what the process held differ in, at the end of the block. Empty when nothing was kept. */
export function differencesAtEnd({ start, batches, live }: DeviationSearch): StateDifference[] {
  if (live === undefined) return [];
  const clean = replayed(start, batches, []);
  return clean === undefined ? [] : diffStates(clean, live, MOST_WRITES);
}

function* guesses(search: DeviationSearch): Generator<Deviation> {
  const { start, suspects, batches } = search;
  const first = (batches.find(({ rows }) => rows > 0)?.firstSequence ?? 1) - 1;
  for (const suspect of suspects) {
    const writes = writesTo(diffStates(start, suspect, MOST_WRITES + 1));
    if (writes !== undefined) yield { afterSequence: first, writes };
  }
  const differences = differencesAtEnd(search);
  const places = batches.filter(({ rows }) => rows > 0).map(({ firstSequence }) => firstSequence - 1);
  for (const afterSequence of places) {
    for (const writes of writesBehind(differences, search, afterSequence)) {
      if (writes.length > 0) yield { afterSequence, writes };
    }
  }
}

/** What may have been written before a batch, by what differs at the end: the default in its place, the same distance, the very values. */
function writesBehind(
  differences: readonly StateDifference[],
  search: DeviationSearch,
  afterSequence: number,
): StateWrite[][] {
  const before = replayed(
    search.start,
    search.batches.filter(({ firstSequence }) => firstSequence <= afterSequence),
    [],
  );
  if (before === undefined) return [];
  const ofMarkets = differences.filter(({ table, row }) => table === 'market' && row > 0);
  const carried = ofMarkets.filter(({ column }) => CARRIED.includes(column));
  const rows = [...new Set(carried.map(({ row }) => row))];
  const zeros = rows.flatMap((row) =>
    CARRIED.map((column): StateWrite => ({ table: 'market', row, column, index: 0, value: 0 })),
  );
  const places = differences.filter(({ table }) => OF_SETTINGS.includes(table));
  return [
    zeros,
    zeros.filter(({ column }) => column === 'fundingIndex'),
    shifted(
      carried.filter(({ column }) => column === 'fundingIndex'),
      before,
    ),
    shifted(ofMarkets, before),
    writesTo(places) ?? [],
    writesTo(differences) ?? [],
  ];
}

/** Tables that commands alone write and nothing carries on: what they hold at the end they held before. */
const OF_SETTINGS: readonly string[] = ['venue', 'rule', 'account', 'accountKey', 'position'];

/** The values before the batch, moved by as much as those at its end differ. */
function shifted(differences: readonly StateDifference[], before: State): StateWrite[] {
  return differences.flatMap((difference): StateWrite[] => {
    const write = writeOf(difference);
    if (write === undefined) return [];
    const now = valueAt(before, write);
    return [{ ...write, value: now + (write.value - (difference.control ?? 0)) }];
  });
}

function valueAt(state: State, { table, row, column, index }: StateWrite): number {
  const of = state[table].schema.columns.find(({ name }) => camelCase(name) === column);
  return of === undefined || row >= state[table].rows ? 0 : state[table].read(row, of, index);
}

/** Differences as writes; undefined when there are too many, or some that are no values. */
export function writesTo(differences: readonly StateDifference[]): StateWrite[] | undefined {
  if (differences.length > MOST_WRITES) return undefined;
  const writes = differences.map(writeOf);
  return writes.every((write) => write !== undefined) ? writes : undefined;
}

function writeOf({ table, row, column, index, candidate }: StateDifference): StateWrite | undefined {
  return candidate === undefined ? undefined : { table: table as TableName, row, column, index, value: candidate };
}

function explains(deviation: Deviation, { start, batches, recordedRoot, hash }: DeviationSearch): boolean {
  const state = replayed(start, batches, [deviation]);
  return state !== undefined && sameBytes(computeRoots(state, hash).stateRoot, recordedRoot);
}

/**
 * A copy of the state behind the batches; undefined where the engine stops on the way, by whatever error: a wrong guess makes states that
 * no history makes.
 */
function replayed(start: State, batches: readonly BatchEntry[], deviations: readonly Deviation[]): State | undefined {
  const state = copyState(start);
  try {
    for (const batch of batches) {
      applyDeviating(state, batch, deviations);
      state.events.clear();
    }
    return state;
  } catch {
    return undefined;
  }
}
