/** A scenario that is a case of the corruption matrix: its fault in one regime and phase, beside the true world, with the guard or without. */
import { buildBase } from '../faults/base.ts';
import { type CellRun, runCell } from '../faults/cell.ts';
import { detectionKey } from '../faults/detection.ts';
import type { Fault, Phase, Regime } from '../faults/fault.ts';
import { controlOf, judgeForced } from '../faults/row.ts';
import { runTrue, type TrueRun } from '../faults/true-run.ts';
import { usd } from './forced-tally.ts';
import type { DrillResult, VetoCount } from './result.ts';
import { Vetoes } from './veto-count.ts';

export interface FaultScenario {
  readonly name: string;
  /** Undefined: nothing goes wrong, the market alone does what it does. */
  readonly fault: Fault | undefined;
  /** Which markets it is about: the most traded one, all, or none. */
  readonly about: 'first' | 'all' | 'none';
  readonly regime: Regime;
  readonly phase: Phase;
  /** What the fault meets before any of it reaches the venue: the message of the refusal. */
  readonly meets?: { readonly check: string; readonly refusal: () => string };
}

const OF = { none: 0, first: 1, all: Number.POSITIVE_INFINITY } as const;

export interface FaultScenarioOptions {
  readonly guard: 'on' | 'off';
  readonly accounts: number;
  readonly seed: number;
}

export function runFaultScenario(
  scenario: FaultScenario,
  { guard, accounts, seed }: FaultScenarioOptions,
): DrillResult {
  const startMs = performance.now();
  const { name, fault, regime, phase } = scenario;
  const isGuarded = guard === 'on';
  const base = buildBase(regime, seed, accounts);
  const run = runTrue(base, phase, isGuarded && phase === 'reopen');
  const cell = runCell(run, fault, isGuarded);
  if (isGuarded && cell.stopped !== undefined) throw new Error(`the guarded venue stands still: ${cell.stopped}`);
  const { wrongful } = judgeForced(run, cell);
  const { markets } = base.day;
  return {
    scenario: name,
    guard,
    accounts: base.session.accounts,
    markets: markets.length,
    corrupted: markets.slice(0, OF[scenario.about]).map((market) => market.name),
    wrongful: {
      count: wrongful.length,
      accounts: new Set(wrongful.map(({ account }) => account)).size,
      notionalUsd: usd(wrongful.reduce((sum, { notional }) => sum + notional, 0)),
    },
    legitimate: { count: cell.outcome.forced.length - wrongful.length },
    vetoes: isGuarded ? vetoesOf(run, cell, scenario) : [],
    rollback: null,
    secondWave: null,
    remedy: null,
    timings: null,
    seconds: (performance.now() - startMs) / 1000,
  };
}

/** What was said no to: not what the guard finds as well where nothing goes wrong, and no doubts, which only slow down. */
function vetoesOf(run: TrueRun, cell: CellRun, { fault, meets }: FaultScenario): VetoCount[] {
  const control = fault === undefined ? new Set<string>() : controlOf(run);
  const vetoes = new Vetoes();
  if (meets !== undefined) vetoes.note('start', meets.check, 'I', meets.refusal());
  for (const detection of cell.detections) {
    const { by, check, about } = detection;
    if (detection.class === 'III' || control.has(detectionKey(detection))) continue;
    vetoes.note(by, check, detection.class, about.trim());
  }
  return vetoes.all;
}
