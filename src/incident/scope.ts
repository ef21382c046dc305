/**
 * The scope of an incident: where the record was last what its history leads to, and what a process held from there on that no command
 * had written. Found by replay, proved by the recorded roots.
 */
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, headOf } from '../chain/block-sealer.ts';
import { isPassed, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { camelCase } from '../chain/command-value.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { describeDifference, type StateDifference } from '../chain/state-difference.ts';
import { genesis, type State } from '../engine/state.ts';
import { sha256 } from '../journal/node-digest.ts';
import { readSnapshot, snapshotHeights } from '../journal/snapshot-folder.ts';
import type { Deviation } from '../remedy/deviation.ts';
import { applyDeviating, type DeviationSearch, differencesAtEnd, findDeviation } from '../remedy/find-deviation.ts';
import { NoSuchState, stateAtBlock } from './state-at-block.ts';

export interface Scope {
  /** The last block whose root the history leads to. */
  readonly lastGood: Block;
  /** The first block that is not explained; undefined when all are, by the deviations or without any. */
  readonly unexplained: NonNullable<ReplayResult['firstDivergence']> | undefined;
  /** What a process held: each proved by the root that was recorded behind it. */
  readonly deviations: readonly Deviation[];
  /** `table/row/column: by its history, actual`, of each value of the deviations; or, where none was found, of all that differs. */
  readonly lines: readonly string[];
}

export interface ScopeOptions {
  readonly history: ReadableHistory;
  /** The block whose way is followed: the last one unless said; also one on a branch that ended. */
  readonly head?: number;
  /** Folder of the journal: its snapshots show what a process held. */
  readonly folder?: string;
  /** Copies that somebody kept, of the last good block or behind: `read` gives what is in them whether its block vouches for it or not. */
  readonly kept?: (block: Block) => State | undefined;
}

/** A process that starts often may load something false each time; beyond so many it is no accident but another history. */
const MOST_DEVIATIONS = 16;

/** Finds the scope. Refuses (throws) what is damaged. */
export function scopeOf(options: ScopeOptions): Scope {
  endOf(options);
  const deviations: Deviation[] = [];
  const lines: string[] = [];
  let lastGood: Block | undefined;
  let from = { state: genesis(), head: BEFORE_GENESIS };
  for (;;) {
    const { firstDivergence } = replayFrom(from, options, deviations);
    if (firstDivergence === null)
      return { lastGood: lastGood ?? endOf(options), unexplained: undefined, deviations, lines };
    if (firstDivergence.height === 0) throw new NoSuchState('journal_diverges', 'the first block is no genesis');
    const good = blockBelow(options, firstDivergence.height);
    lastGood ??= good;
    const found =
      firstDivergence.what === 'state_root' || firstDivergence.what === 'invariant'
        ? deviationBehind(good, firstDivergence.height, deviations, options)
        : undefined;
    if (found?.deviation === undefined || deviations.length === MOST_DEVIATIONS) {
      lines.push(...(found?.differences ?? []).map(line));
      return { lastGood, unexplained: firstDivergence, deviations, lines };
    }
    lines.push(...linesOf(found.deviation, found.state));
    deviations.push(found.deviation);
    from = { state: found.state, head: headOf(good, sha256) };
  }
}

function replayFrom(
  { state, head }: { readonly state: State; readonly head: typeof BEFORE_GENESIS },
  { history, head: to = history.height }: ScopeOptions,
  deviations: readonly Deviation[],
): ReplayResult {
  const entries = entriesUpTo(history.entries(head.height), head.height, to);
  return replay(state, entries, {
    sealer: new BlockSealer(sha256, new DirectRoots(sha256), head),
    hash: sha256,
    history,
    head: to,
    amend: null,
    apply: (of, entry) => {
      applyDeviating(of, entry, deviations);
      return entry.commands;
    },
  });
}

function endOf({ history, head = history.height }: ScopeOptions): Block {
  const block = history.block(head);
  if (block === undefined) throw new NoSuchState('block_not_found', `no block ${head}, the last is ${history.height}`);
  return block;
}

/** The block before one at a height, on the way to the head. */
function blockBelow({ history, head = history.height }: ScopeOptions, height: number): Block {
  const passed = passedOver(history.restores, head);
  let below = height - 1;
  while (below > 0 && isPassed(passed, below)) below--;
  return history.block(below) as Block;
}

interface Found {
  /** The state at the last good block. */
  readonly state: State;
  readonly deviation: Deviation | undefined;
  readonly differences: readonly StateDifference[];
}

function deviationBehind(good: Block, height: number, known: readonly Deviation[], options: ScopeOptions): Found {
  const { history, folder, kept } = options;
  const recorded = history.block(height) as Block;
  const state = stateAt(history, good, known);
  const keptAt = (block: Block): State | undefined => kept?.(block) ?? heldAt(folder, block);
  const suspect = keptAt(good);
  const search: DeviationSearch = {
    start: state,
    batches: batchesOf(history, good.height, height),
    recordedRoot: recorded.stateRoot,
    hash: sha256,
    suspects: suspect === undefined ? [] : [suspect],
    live: keptAt(recorded),
  };
  const deviation = findDeviation(search);
  return { state, deviation, differences: deviation === undefined ? differencesAtEnd(search) : [] };
}

/** The state at a block that the record leads to with what is known. */
function stateAt(history: ReadableHistory, block: Block, known: readonly Deviation[]): State {
  if (known.length === 0) return stateAtBlock(history, block.height, { head: block.height }).state;
  const state = genesis();
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), BEFORE_GENESIS);
  replay(state, entriesUpTo(history.entries(-1), -1, block.height), {
    sealer,
    hash: sha256,
    history,
    head: block.height,
    amend: null,
    apply: (of, entry) => {
      applyDeviating(of, entry, known);
      return entry.commands;
    },
  });
  return state;
}

/** What a snapshot in the folder holds of a block: also what its block does not vouch for. */
function heldAt(folder: string | undefined, block: Block): State | undefined {
  if (folder === undefined || !snapshotHeights(folder).includes(block.height)) return undefined;
  const read = readSnapshot(folder, block);
  return 'state' in read ? read.state : read.refusal.suspect;
}

/** The batches of a block, as copies. */
function batchesOf(history: ReadableHistory, after: number, height: number): BatchEntry[] {
  const batches: BatchEntry[] = [];
  for (const entry of entriesUpTo(history.entries(after), after, height)) {
    if (entry.kind === 'block' || entry.rows === 0) continue;
    const bytes = entry.bytes.slice();
    batches.push({
      ...entry,
      bytes,
      words: new Int32Array(bytes.buffer),
      floats: new Float64Array(bytes.buffer),
    });
  }
  return batches;
}

function line(difference: StateDifference): string {
  return describeDifference(difference).replace('control', 'by its history').replace('candidate', 'actual');
}

/** The values of a deviation beside those that a state had. */
function linesOf({ writes }: Deviation, state: State): string[] {
  return writes.map(({ table, row, column, index, value }) => {
    const of = state[table].schema.columns.find(({ name }) => camelCase(name) === column);
    const control = of === undefined || row >= state[table].rows ? undefined : state[table].read(row, of, index);
    return line({ table, row, column, index, control, candidate: value });
  });
}
