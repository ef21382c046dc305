/**
 * The run of a case: from the last good block to the block that is compared, the actual world and the world as it would have been, in
 * lockstep. The actual one must lead to every root that was recorded, or the corrections do not explain what happened, and nothing is
 * said of anybody.
 */
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import { branchesOf, type History, isPassed, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { copyState } from '../chain/copy-state.ts';
import { type Hash, toHex } from '../chain/digest.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import type { RootComputer } from '../chain/roots.ts';
import type { Block } from '../chain/block.ts';
import type { State } from '../engine/state.ts';
import type { FlowFrame, FlowWorld } from './account-flows.ts';
import { type CorrectionFault, CorrectionUse } from './correction-use.ts';
import { Counterfactual } from './counterfactual.ts';
import type { IncidentCase } from './incident-case.ts';
import type { IncidentWorlds, ReferenceMove, WorldName, WorldObserver } from './incident-worlds.ts';
import type { Unwind } from './other-world.ts';
import { lateNoticesOf, missingPrice } from './late-notice.ts';
import { givenBackOf, referenceMoves } from './reference-moves.ts';
import { asRecorded, type SettledIndex, type Valuation, valuationOf } from './valuation.ts';
import { WorldRecord } from './world-record.ts';
import { worthOfWritten } from './written.ts';

export interface IncidentRunOptions {
  readonly incident: IncidentCase;
  readonly history: ReadableHistory;
  /** The state at the last good block. It is written to: it becomes the actual world. */
  readonly start: State;
  readonly hash: Hash;
  readonly roots: RootComputer;
  /** How the insurance fund works off what it holds. */
  readonly unwind?: Unwind;
  /** Is told the events of each world, besides the record that is kept. */
  readonly onEvents?: WorldObserver;
  /** Is given each recorded batch before it is taken, and the warrants behind it. Valid during the call. */
  readonly onBatch?: (entry: BatchEntry) => void;
  readonly onWarrants?: (bytes: Uint8Array) => void;
}

export interface IncidentRun {
  readonly worlds: IncidentWorlds;
  readonly record: WorldRecord;
  readonly from: Block;
  readonly to: Block;
  /** Of the actual world, and what of it stood on branches that were passed over. */
  readonly replay: ReplayResult;
}

/** Why a case says nothing: where it does not fit the history, or the history does not follow from it. */
export interface IncidentFinding {
  readonly finding:
    | 'block_unknown'
    | 'fork_differs'
    | 'state_root_differs'
    | 'not_on_way'
    | 'branches_differ'
    | 'outside_window'
    | CorrectionFault['finding']
    | 'late_notice_without_price'
    | 'actual_differs';
  readonly about: string;
  /** Of `actual_differs`: where the actual world first leads to something else than was recorded. */
  readonly divergence?: NonNullable<ReplayResult['firstDivergence']>;
}

/** Runs a case over a history. What it finds wrong with either comes back by name. */
export function runIncident(options: IncidentRunOptions): IncidentRun | IncidentFinding {
  const { incident, history, start, hash, roots, unwind } = options;
  const [from, to] = [history.block(incident.from.height), history.block(incident.to.height)];
  const unfit = unfitness(incident, history);
  if (unfit !== undefined || from === undefined || to === undefined) return unfit ?? finding('block_unknown', 'none');
  const before = copyState(start);
  const record = new WorldRecord(before);
  const onEvents: WorldObserver = (world, events, state) => {
    record.observe(world, events, state);
    options.onEvents?.(world, events, state);
  };
  const worlds = new Counterfactual(start, start, incident.corrections, {
    onEvents,
    onDeviation: (actual) => record.deviated(actual),
    onMeeting: () => record.met(),
    ...(unwind === undefined ? {} : { unwind }),
    ...(incident.mode === 'bounded' ? { reactivePpm: incident.reactivePpm } : {}),
  });
  const use = new CorrectionUse(incident.corrections);
  const entries = entriesUpTo(history.entries(from.height), from.height, to.height);
  const result = replay(start, entries, {
    sealer: new BlockSealer(hash, roots, headOf(from, hash)),
    hash,
    history,
    head: to.height,
    amend: null,
    ...(options.onWarrants === undefined ? {} : { onWarrants: options.onWarrants }),
    apply: (_, entry) => {
      options.onBatch?.(entry);
      use.take(entry);
      worlds.take(entry);
      return entry.commands;
    },
  });
  if (result.firstDivergence !== null) return differs(result.firstDivergence);
  const fault = use.fault();
  if (fault !== undefined) return fault;
  const found = worldsOf(incident, before, worlds, record);
  const missing = missingPrice(found);
  if (missing !== undefined) return finding('late_notice_without_price', missing);
  return { worlds: found, record, from, to, replay: result };
}

/** A finding by name. */
export function finding(name: IncidentFinding['finding'], about: string): IncidentFinding {
  return { finding: name, about };
}

/** The finding that the actual world does not lead to the record. */
export function differs(divergence: NonNullable<ReplayResult['firstDivergence']>): IncidentFinding {
  const { what, height, sequence, recorded, replayed } = divergence;
  const about = `${what} of block ${height}, after command ${sequence}: recorded ${recorded}, by the case ${replayed}`;
  return { finding: 'actual_differs', about, divergence };
}

/** What of the case does not fit the blocks of the history. */
export function unfitness({ from, to, corrections }: IncidentCase, history: History): IncidentFinding | undefined {
  const first = history.block(from.height);
  const last = history.block(to.height);
  if (first === undefined || last === undefined) {
    return finding('block_unknown', `${first === undefined ? from.height : to.height}, the last is ${history.height}`);
  }
  for (const [place, block] of [
    [from, first],
    [to, last],
  ] as const) {
    if (block.fork !== place.fork) {
      return finding('fork_differs', `block ${block.height} is on fork ${block.fork}, not ${place.fork}`);
    }
  }
  const root = toHex(first.stateRoot);
  if (root !== from.stateRoot) {
    return finding('state_root_differs', `block ${from.height} has ${root}, the case ${from.stateRoot}`);
  }
  if (isPassed(passedOver(history.restores, to.height), from.height)) {
    return finding('not_on_way', `block ${from.height} is on a branch that ended before block ${to.height}`);
  }
  return (
    windowFinding(corrections, first.lastSequence, last.lastSequence) ??
    branchFinding(from.height, to.height, corrections.voidedBranches ?? [], history)
  );
}

/** What is corrected behind the last good block and up to the block that is compared can be; anything else would correct nothing. */
function windowFinding(
  { commands, deviations }: IncidentCase['corrections'],
  from: number,
  to: number,
): IncidentFinding | undefined {
  const command = commands.find(({ sequence }) => sequence <= from || sequence > to);
  if (command !== undefined)
    return finding('outside_window', `command ${command.sequence}, not of ${from + 1} to ${to}`);
  const deviation = deviations.find(({ afterSequence }) => afterSequence < from || afterSequence >= to);
  if (deviation === undefined) return undefined;
  return finding('outside_window', `a deviation after command ${deviation.afterSequence}, not of ${from} to ${to - 1}`);
}

/** The forks that ended within the window are those that the case names as void. */
function branchFinding(
  from: number,
  to: number,
  named: readonly number[],
  history: History,
): IncidentFinding | undefined {
  const dead = deadForks(from, to, history);
  if (dead.join() === named.join()) return undefined;
  return finding('branches_differ', `branches [${dead.join()}] ended in the window, the case voids [${named.join()}]`);
}

/** Forks of the branches that ended between two blocks, on the way from the one to the other; rising. */
export function deadForks(from: number, to: number, history: History): number[] {
  const passed = passedOver(history.restores, to).filter((range) => range.to > from);
  const forks = branchesOf(history)
    .filter((branch) => passed.some((range) => branch.from <= range.to && branch.to >= range.from))
    .map(({ fork }) => fork);
  return [...new Set(forks)].sort((a, b) => a - b);
}

/** What a run leads to: by a replay of both worlds, or by a cone. */
export type FoundWorlds = Pick<
  Counterfactual,
  | 'actual'
  | 'other'
  | 'dropped'
  | 'divergence'
  | 'reference'
  | 'settledInActual'
  | 'settledInDropped'
  | 'written'
  | 'reactive'
>;

/** The worlds of a case, where a run has taken them; markets beyond the policy's horizon are valued by the reference. */
export function worldsOf(
  { mode, prices, policy, notices }: Pick<IncidentCase, 'mode' | 'prices' | 'policy' | 'notices'>,
  before: State,
  worlds: FoundWorlds,
  record: WorldRecord,
): IncidentWorlds {
  const { actual, other, dropped, divergence, reference } = worlds;
  const valuation = priced(valuationOf(other), prices ?? []);
  const markets =
    mode === 'reference'
      ? Array.from({ length: actual.market.rows - 1 }, (_, place) => place + 1)
      : [...divergence.horizons(policy.horizonPpm).keys()].sort((a, b) => a - b);
  const frame: FlowFrame = { before, own: valuationOf(before), valuation };
  const worldOf = (name: WorldName, state: State, settled: SettledIndex): FlowWorld => ({
    state,
    settled,
    ledger: record.trace(name).flows.ledger,
  });
  const here = worldOf('actual', actual, worlds.settledInActual);
  const movesOf = (name: WorldName, state: State, settled: SettledIndex): ReferenceMove[] =>
    reference === undefined
      ? []
      : referenceMoves({
          reference,
          markets: new Set(markets),
          frame,
          actual: here,
          other: worldOf(name, state, settled),
        });
  return {
    before,
    actual,
    other,
    valuation,
    settledInActual: worlds.settledInActual,
    settledInOther: asRecorded,
    moves: movesOf('other', other, asRecorded),
    ...(dropped === undefined
      ? {}
      : {
          dropped: {
            state: dropped,
            settled: worlds.settledInDropped,
            moves: movesOf('dropped', dropped, worlds.settledInDropped),
          },
        }),
    written: worthOfWritten(worlds.written, valuation.prices),
    divergence: divergence.minutes,
    marketsByReference: markets,
    givenBack: reference === undefined ? [] : givenBackOf(reference, new Set(markets)),
    late: lateNoticesOf({ notices }),
    reactive: worlds.reactive,
  };
}

function priced({ prices, indexes }: Valuation, given: NonNullable<IncidentCase['prices']>): Valuation {
  const own = [...prices];
  for (const { market, price } of given) own[market] = price;
  return { prices: own, indexes };
}
