/** The bases, true worlds and controls of a matrix, each made when it is first needed. */
import { type Base, buildBase } from './base.ts';
import { runCell } from './cell.ts';
import type { MutatedRows } from './database-outcome.ts';
import { DatabaseStrikes } from './database-strike.ts';
import { type Fault, type Harm, type Phase, REGIMES, type Regime } from './fault.ts';
import { Random } from '../random.ts';
import { endOf } from './phases.ts';
import { STRIKE_TICK } from './regime-day.ts';
import { type Control, controlOf, type GuardedHalf, guardedHalf, harmOf } from './row.ts';
import { runTrue, type TrueRun } from './true-run.ts';

/** How long a mutation is watched: six blocks; on the ladder until liquidations are open. */
const MUTATION_TICKS = 18;
const LADDER_TICKS = 36;

export class Worlds {
  private readonly seed: number;
  private readonly bases = new Map<Regime, Base>();
  private readonly runs = new Map<string, TrueRun>();
  private readonly controls = new Map<string, Control>();

  private readonly strikes: DatabaseStrikes;

  /** `database`: the URL of a server; undefined: databases are embedded. */
  constructor(seed: number, database?: string) {
    this.seed = seed;
    this.strikes = new DatabaseStrikes(seed, database);
  }

  /** Lets go of the databases. */
  close(): Promise<void> {
    return this.strikes.close();
  }

  /** The half with the guard of a cell whose fault strikes in a database. */
  async guardedStart(regime: Regime, phase: Phase, fault: Fault): Promise<GuardedHalf> {
    const run = this.run(regime, phase, false);
    const what = fault.database as NonNullable<Fault['database']>;
    const strike = await this.strikes.guarded(run, what, this.random(run, fault), isWholeIn(fault, regime));
    return guardedHalf(run, runCell(run, fault, true, undefined, undefined, strike), this.control(run), strike);
  }

  /** What happens when nobody looks at that database. */
  async unguardedStart(regime: Regime, phase: Phase, fault: Fault): Promise<Harm[]> {
    const run = this.run(regime, phase, false);
    const what = fault.database as NonNullable<Fault['database']>;
    const strike = await this.strikes.unguarded(run, what, this.random(run, fault));
    return harmOf(run, runCell(run, fault, false, undefined, undefined, strike));
  }

  /** Rows of the database that were changed behind the exchange's back. */
  mutatedRows(regime: Regime, phase: Phase, number: number): Promise<MutatedRows> {
    const run = this.run(regime, phase, false);
    return this.strikes.mutated(run, number, new Random(this.seed).fork(`rows ${number} ${regime} ${phase}`));
  }

  private random({ base, phase }: TrueRun, { id }: Fault): Random {
    return new Random(base.seed).fork(`database ${id} ${base.regime} ${phase}`);
  }

  /** The half of a cell with the guard: out of a maintenance it is led by the ladder. */
  guarded(regime: Regime, phase: Phase, fault: Fault | undefined): GuardedHalf {
    const run = this.run(regime, phase, phase === 'reopen');
    if (fault === undefined) return guardedHalf(run, runCell(run, undefined, true), new Set());
    return guardedHalf(run, runCell(run, fault, true), this.control(run));
  }

  /** A mutation under the guard: for a shorter time, since there are many. */
  mutated(regime: Regime, phase: Phase, fault: Fault): GuardedHalf {
    const run = this.run(regime, phase, phase === 'reopen');
    const until = Math.min(endOf(phase), STRIKE_TICK + (phase === 'reopen' ? LADDER_TICKS : MUTATION_TICKS));
    return guardedHalf(run, runCell(run, fault, true, until), this.control(run));
  }

  /** What happens without a guard, the venue being opened at once. */
  unguarded(regime: Regime, phase: Phase, fault: Fault): Harm[] {
    const run = this.run(regime, phase, false);
    return harmOf(run, runCell(run, fault, false));
  }

  private control(run: TrueRun): Control {
    const key = `${run.base.regime} ${run.phase}`;
    const control = this.controls.get(key) ?? controlOf(run);
    this.controls.set(key, control);
    return control;
  }

  private run(regime: Regime, phase: Phase, hasLadder: boolean): TrueRun {
    const key = `${regime} ${phase} ${hasLadder}`;
    const run = this.runs.get(key) ?? runTrue(this.base(regime), phase, hasLadder);
    this.runs.set(key, run);
    return run;
  }

  private base(regime: Regime): Base {
    const base = this.bases.get(regime) ?? buildBase(regime, this.seed);
    this.bases.set(regime, base);
    return base;
  }
}

/** The whole procedure costs seconds: each fault goes through it in one regime, and through what it verifies with in the others. */
function isWholeIn({ id }: Fault, regime: Regime): boolean {
  const number = Number(/\d+/.exec(id)?.[0] ?? 0);
  return REGIMES[number % REGIMES.length] === regime;
}
