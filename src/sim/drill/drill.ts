/** The drills by name: incidents of January 2026 and of other venues, each run with the guard or without. */
import type { Journal } from '../../journal/journal.ts';
import type { MarketDay } from '../market-day.ts';
import { drillDay } from './drill-day.ts';
import { runFaultScenario } from './fault-scenario.ts';
import { runGuarded, Watch } from './guarded.ts';
import { type ParadexOptions, toMaintenance } from './paradex.ts';
import { type DrillResult, NOBODY_OWED } from './result.ts';
import { PAYOUT_SLIP, runPayoutSlip, SUMMARY } from './payout-slip.ts';
import { FAULT_SCENARIOS } from './scenario-faults.ts';
import type { DrillTold } from './story.ts';
import { type Parts, runUnguarded } from './unguarded.ts';

export const PARADEX = 'paradex-2026-01-19';

/** A drill that can be asked for. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Accounts unless said. */
  readonly accounts: number;
  /** True: it takes a recorded day and the markets that are corrupted. */
  readonly takesDay: boolean;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: PARADEX,
    summary:
      'Paradex, January 2026: a restart races a database copy, and markets come back with a funding index of zero',
    accounts: 5000,
    takesDay: true,
  },
  ...FAULT_SCENARIOS.map(({ name, summary }) => ({ name, summary, accounts: 1200, takesDay: false })),
  {
    name: PAYOUT_SLIP,
    summary: SUMMARY,
    accounts: 1200,
    takesDay: false,
  },
];

export interface DrillOptions {
  readonly scenario: string;
  readonly guard: 'on' | 'off';
  readonly accounts?: number | undefined;
  readonly seed: number;
  /** A recorded day; the built-in one unless given. */
  readonly day?: MarketDay | undefined;
  readonly markets?: readonly string[] | undefined;
  /** From when on the venue trades, ms from the day's start; from midnight unless said. */
  readonly opensMs?: number;
  /** Where the history of the drill is kept. */
  readonly journal: Journal;
  /** Where receipts and reports are left; nowhere unless given. */
  readonly folder?: string | undefined;
  readonly told?: DrillTold | undefined;
}

/** There is no drill of that name. */
class UnknownScenario extends Error {
  readonly code = 'unknown_scenario';
  constructor(name: string) {
    super(`there is no drill "${name}"; there are ${SCENARIOS.map((each) => each.name).join(', ')}`);
    this.name = 'UnknownScenario';
  }
}

/** The drill of a name. Refuses (throws `unknown_scenario`) any other. */
export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new UnknownScenario(name);
  return scenario;
}

/** Runs a drill. */
export function runDrill(options: DrillOptions): DrillResult {
  const { name, accounts } = scenarioOf(options.scenario);
  const all = { ...options, accounts: options.accounts ?? accounts };
  const matrixCase = FAULT_SCENARIOS.find((scenario) => scenario.name === name);
  if (matrixCase !== undefined) return runFaultScenario(matrixCase, all);
  if (name === PAYOUT_SLIP) return runPayoutSlip(all);
  const { day = drillDay(options.seed), markets, seed, journal, told = {}, opensMs } = options;
  const given = { ...(markets === undefined ? {} : { markets }), ...(opensMs === undefined ? {} : { opensMs }) };
  return runParadex({ day, seed, journal, told, accounts: all.accounts, ...given }, options.guard, options.folder);
}

function runParadex(options: ParadexOptions, guard: 'on' | 'off', folder: string | undefined): DrillResult {
  const startMs = performance.now();
  const parts = guard === 'on' ? withGuard(options) : runUnguarded(options, folder);
  const { closed, compared, vetoes, rollback, secondWave, remedy, noRemedy, timings } = parts;
  return {
    scenario: PARADEX,
    guard,
    accounts: closed.world.accounts,
    markets: options.day.markets.length,
    corrupted: closed.names,
    wrongful: compared.wrongful,
    legitimate: compared.legitimate,
    vetoes,
    rollback,
    secondWave,
    remedy,
    noRemedy,
    timings,
    seconds: (performance.now() - startMs) / 1000,
  };
}

function withGuard(options: ParadexOptions): Parts {
  const watch = new Watch();
  const closed = toMaintenance(options, true, watch.told);
  const { compared, vetoes } = runGuarded(options, closed, watch);
  return {
    closed,
    compared,
    vetoes,
    rollback: null,
    secondWave: null,
    remedy: null,
    noRemedy: NOBODY_OWED,
    timings: null,
  };
}
