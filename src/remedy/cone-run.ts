/**
 * The run of a case by its cone: what a full replay of both worlds finds, from one replay of the actual world and what the corrections
 * touched. Where a cone cannot say it exactly it is not said: then a full replay decides. A payout is always drawn up by a full replay.
 */
import type { BatchEntry } from '../chain/entry.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { POSITION } from '../engine/tables.ts';
import { composeWorld } from './compose-world.ts';
import { type Cone, cone } from './cone.ts';
import { ConeListener, type Heard } from './cone-listener.ts';
import { planCone } from './cone-plan.ts';
import { ConeRecord } from './cone-record.ts';
import { CorrectionUse } from './correction-use.ts';
import type { IncidentCase } from './incident-case.ts';
import { finding, type IncidentFinding, type IncidentRun, worldsOf } from './incident-run.ts';
import { missingPrice } from './late-notice.ts';
import type { Unwind } from './other-world.ts';
import type { TouchIndex } from './touch-index.ts';
import type { TradeSum } from './trade-count.ts';
import { TrueIndexes } from './true-index.ts';
import type { SettledIndex } from './valuation.ts';
import { isOfWindow, type ReplayedWindow } from './window-run.ts';

/** Found by a cone: the run, the trades that would have happened all the same, and what it took. */
export interface ConeRun {
  readonly kind: 'cone';
  readonly run: IncidentRun;
  readonly honest: TradeSum;
  readonly markets: number;
  /** Commands that were executed in each part, over all passes, of those in the window. */
  readonly executed: number;
  readonly commands: number;
}

/** No cone, and why. */
export interface BeyondCone {
  readonly kind: 'beyond';
  readonly why: string;
  readonly executed: number;
  readonly commands: number;
}

export interface ConeRunOptions {
  readonly unwind?: Unwind;
  /** As of `ConeOptions`. */
  readonly mostPpm?: number;
}

/** Why a case has no cone whatever its window holds; undefined where it may have one. */
export function beyondCone({ mode, corrections }: IncidentCase): string | undefined {
  if (mode === 'bounded') return 'a second world without the orders of who may have reacted';
  if (mode === 'reference') return 'every market by the reference';
  if (corrections.release !== undefined) return 'another engine release';
  if ((corrections.voidedBranches ?? []).length > 0) return 'a dead branch in the window';
  return undefined;
}

/** Runs a case over its window by the cone of its corrections; findings are those of the full run. */
export function runByCone(
  replayed: ReplayedWindow,
  incident: IncidentCase,
  options: ConeRunOptions = {},
): ConeRun | BeyondCone | IncidentFinding {
  const { window } = replayed;
  const { index } = window;
  const beyond = (why: string, executed = 0): BeyondCone => ({
    kind: 'beyond',
    why,
    executed,
    commands: index.commands,
  });
  const never = beyondCone(incident) ?? (isOfWindow(replayed, incident) ? undefined : 'another window');
  if (never !== undefined) return beyond(never);
  const { corrections } = incident;
  const fault = useOf(index, incident).fault();
  if (fault !== undefined) return fault;
  const plan = planCone(index, corrections);
  if ('beyond' in plan) return beyond(plan.beyond);
  const listener = new ConeListener(window, plan.first);
  const found = cone(index, corrections, { ...options, observe: listener, restart: () => listener.restart() });
  if (found.kind === 'beyond') return beyond(found.why, found.executed);
  const heard = listener.heard();
  if (heard.isHaltApart) return beyond('an order that a halt kept out of one world alone', found.executed);
  const run = runOf(replayed, incident, found, heard);
  const byReference = run.worlds.marketsByReference.length > 0;
  const lastTick = index.ticks.at(-1) ?? -1;
  if (byReference && (found.isSameAgain || plan.deviations.some(({ before }) => before > lastTick))) {
    return beyond('a market by the reference, in worlds that are the same again', found.executed);
  }
  const missing = missingPrice(run.worlds);
  if (missing !== undefined) return finding('late_notice_without_price', missing);
  const { trades, notional } = window.trades;
  return {
    kind: 'cone',
    run,
    honest: { trades: trades - heard.lost.trades, notional: notional - heard.lost.notional },
    markets: found.part.markets.length,
    executed: found.executed,
    commands: index.commands,
  };
}

function runOf(replayed: ReplayedWindow, incident: IncidentCase, found: Cone, heard: Heard): IncidentRun {
  const { window, from, to, replay } = replayed;
  const { index, truth, written } = window;
  const other = composeWorld(index, found);
  const record = new ConeRecord(window, found, heard);
  const own = new TrueIndexes();
  const settledInActual: SettledIndex = (state, row) => {
    const market = state.position.i32[row * 32 + POSITION.MARKET] as number;
    return own.index(other, market) - truth.index(state, market) + truth.settled(state, row);
  };
  const worlds = worldsOf(
    incident,
    index.start,
    {
      actual: index.end,
      other,
      dropped: undefined,
      divergence: window.divergence.with(heard.divergence),
      reference: heard.reference,
      settledInActual,
      settledInDropped: settledInActual,
      written: [...written],
      reactive: { commands: 0, accounts: 0 },
    },
    record,
  );
  return { worlds, record, from, to, replay };
}

/** What of the corrections the window has. */
function useOf({ chunks, firstSequence, chunkOf, commands }: TouchIndex, { corrections }: IncidentCase): CorrectionUse {
  const use = new CorrectionUse(corrections);
  let number = 0;
  chunks.forEach(({ words, floats }, place) => {
    let end = number;
    while (end < commands && chunkOf.at(end) === place) end++;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const entry: BatchEntry = {
      kind: 'commands',
      fork: 0,
      firstSequence: firstSequence + number,
      commands: end - number,
      rows: bytes.length / COMMAND_BYTES,
      closesBlock: false,
      bytes,
      words,
      floats,
    };
    use.take(entry);
    number = end;
  });
  return use;
}
