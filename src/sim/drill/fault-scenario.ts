/** A scenario that is a case of the corruption matrix: its fault in one regime and phase, beside the true world, with the guard or without. */
import { STATUS } from '../../engine/status.ts';
import type { Journal } from '../../journal/journal.ts';
import { runCell } from '../faults/cell.ts';
import type { CellRun } from '../faults/cell-run.ts';
import { detectionKey } from '../faults/detection.ts';
import type { Fault, Phase, Regime } from '../faults/fault.ts';
import { controlOf, judgeForced } from '../faults/row.ts';
import { runTrue, type TrueRun } from '../faults/true-run.ts';
import { recordedBase } from './base-history.ts';
import { inCaseFolder } from './case-files.ts';
import { makeGood, type Remedied, withoutRemedy } from './fault-remedy.ts';
import { usd } from './forced-tally.ts';
import type { Payer } from './make-whole.ts';
import { type DrillResult, NOBODY_OWED, type VetoCount } from './result.ts';
import type { DrillTold } from './story.ts';
import { Vetoes } from './veto-count.ts';

export interface FaultScenario {
  readonly name: string;
  /** What happened, one line. */
  readonly summary: string;
  /** Undefined: nothing goes wrong, the market alone does what it does. */
  readonly fault: Fault | undefined;
  /** Which markets it is about: the most traded one, all, or none. */
  readonly about: 'first' | 'all' | 'none';
  readonly regime: Regime;
  readonly phase: Phase;
  /** How often its accounts have taken out what they need not leave: who has nothing to spare shows what a small error does. */
  readonly thinned?: number;
  /** What the fault meets before any of it reaches the venue: the message of the refusal. */
  readonly meets?: { readonly check: string; readonly refusal: () => string };
}

const OF = { none: 0, first: 1, all: Number.POSITIVE_INFINITY } as const;

export interface FaultScenarioOptions {
  readonly guard: 'on' | 'off';
  readonly accounts: number;
  readonly seed: number;
  /** Where the history is kept; empty. */
  readonly journal: Journal;
  /** Where receipts and report are left; nowhere unless given. */
  readonly folder?: string | undefined;
  readonly told?: DrillTold | undefined;
}

export function runFaultScenario(scenario: FaultScenario, options: FaultScenarioOptions): DrillResult {
  const startMs = performance.now();
  const { name, fault, regime, phase } = scenario;
  const { guard, accounts, seed, journal } = options;
  const isGuarded = guard === 'on';
  const base = recordedBase(journal, { regime, seed, accounts, thinned: scenario.thinned });
  const run = runTrue(base, phase, isGuarded && phase === 'reopen');
  const cell = runCell(run, fault, isGuarded, undefined, journal);
  if (isGuarded && cell.stopped !== undefined) throw new Error(`the guarded venue stands still: ${cell.stopped}`);
  const { wrongful } = judgeForced(run, cell);
  const { markets } = base.day;
  const remedied = isGuarded ? withoutRemedy(NOBODY_OWED) : remedy(scenario, cell, options);
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
    ...remedied,
    seconds: (performance.now() - startMs) / 1000,
  };
}

/** The venue is halted behind the cell, and what the fault did is made good. */
function remedy({ name, summary, fault }: FaultScenario, cell: CellRun, options: FaultScenarioOptions): Remedied {
  const { stopped, wrong, venue } = cell;
  const { seed, journal, folder, told = {} } = options;
  if (fault === undefined) return withoutRemedy('nothing was wrong: every forced action was due');
  if (stopped !== undefined) return withoutRemedy(`the venue stands still, and pays nobody: ${stopped}`);
  if (wrong.unsaid !== undefined) return withoutRemedy(`no case says what was wrong: ${wrong.unsaid}`);
  const { lastRight, commands, deviations } = wrong;
  if (lastRight === undefined) return withoutRemedy('the fault changed nothing');
  venue.setStatus(STATUS.MAINTENANCE, venue.exchange.timeMs);
  venue.exchange.finish();
  const incident = { name, summary, cause: fault.name, corrections: { commands, deviations }, lastRight };
  return inCaseFolder(folder, (at) => makeGood(incident, { journal, seed, payer: payerOf(venue), folder: at, told }));
}

function payerOf(venue: CellRun['venue']): Payer {
  const { exchange } = venue;
  return { exchange, timeMs: exchange.timeMs, sign: venue.sign.bind(venue), keys: venue.keys };
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
