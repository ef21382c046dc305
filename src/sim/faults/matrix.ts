/** The corruption matrix: every case in every regime and phase, with the guard and without, and mutations that nobody thought of. */
import { availableParallelism } from 'node:os';
import { DATABASE_PHASES } from './database-fault.ts';
import { databaseMutation } from './database-mutation.ts';
import type { MutatedRows } from './database-outcome.ts';
import type { Fault, Harm, Phase, Regime } from './fault.ts';
import type { JobResult, MatrixJob } from './matrix-job.ts';
import { runJobs } from './matrix-pool.ts';
import { mutation } from './mutation.ts';
import { type GuardedHalf, harmlessIn } from './row.ts';

export interface MatrixOptions {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Where they come from, a URL; undefined: the built-in cases. */
  readonly faultFile: string | undefined;
  readonly regimes: readonly Regime[];
  readonly phases: readonly Phase[];
  /** Whether the half with the guard is run. The one without is always. */
  readonly isGuarded: boolean;
  readonly mutations: number;
  /** URL of a server for the databases; embedded ones unless said. */
  readonly database?: string;
  readonly threads?: number;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** One cell. */
export interface MatrixRow {
  readonly case: string;
  readonly name: string;
  readonly class: Fault['class'];
  readonly regime: Regime;
  readonly phase: Phase;
  /** Null when that half was not run. */
  readonly guarded: GuardedHalf | null;
  /** What happened without a guard. */
  readonly harm: readonly Harm[] | null;
  /** True when one of the kinds of harm that the fault declares is among them. */
  readonly isHarmful: boolean | null;
  /** Why it cannot harm here, as the fault says; null when it can. */
  readonly harmless: string | null;
}

/** A mutation that was not harmless under the guard, and how all of them went. */
interface MutationSummary {
  readonly mutations: number;
  readonly wrongful: number;
  readonly detected: number;
  readonly stopped: number;
  readonly wrongfulRows: readonly MatrixRow[];
  /** Rows of the database that were changed behind the exchange's back. */
  readonly database: {
    readonly mutations: number;
    readonly noticed: number;
    /** It holds what it held. */
    readonly withoutEffect: number;
    readonly unnoticed: readonly MutatedRows[];
  };
}

export interface MatrixResult {
  readonly rows: readonly MatrixRow[];
  /** The guard where nothing goes wrong, by regime and phase. */
  readonly controls: readonly MatrixRow[];
  readonly mutations: MutationSummary;
}

const HANGING_ROWS: MutatedRows = { name: 'it hangs', up: [], outcome: 'unnoticed', about: '' };
const NOTHING: Fault = { id: 'none', name: 'nothing goes wrong', class: 'III', harm: [] };

/** What hangs stands still. */
const HANGING: GuardedHalf = {
  wrongful: 0,
  wrongfulActions: [],
  marginal: 0,
  actions: 0,
  detectedBy: null,
  detectedClass: null,
  detectedWhere: null,
  delayCommands: null,
  delayMs: null,
  quarantined: [],
  outside: [],
  delayed: 0,
  never: 0,
  delayMostMs: 0,
  falseHolds: 0,
  stopped: 'it hangs',
  database: null,
};

/** A job failed of a bug, ours or of a fault: which one, and its stack. */
class CellFailed extends Error {
  readonly code = 'cell_failed';
  constructor({ what, regime, phase, half }: MatrixJob, cause: string) {
    super(`${JSON.stringify(what)} in ${regime}, ${phase}, ${half}: ${cause}`);
    this.name = 'CellFailed';
  }
}

/** Runs a matrix. Throws `CellFailed` for a fault that throws, and what a module of faults is refused for. */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const jobs = jobsOf(options);
  const results = new Map<number, JobResult | undefined>();
  const start = { seed: options.seed, faultFile: options.faultFile, database: options.database };
  const threads = options.threads ?? Math.max(1, availableParallelism());
  await runJobs(jobs, start, threads, (job, result) => {
    if (result !== undefined && 'error' in result) throw new CellFailed(job, result.error);
    results.set(job.number, result);
    options.onProgress?.(results.size, jobs.length, `${job.regime} ${job.phase} ${labelOf(job)}`);
  });
  return assemble(options, jobs, results);
}

function labelOf({ what }: MatrixJob): string {
  if ('case' in what) return what.case;
  if ('rows' in what) return `rows ${what.rows}`;
  return 'mutation' in what ? `mutation ${what.mutation}` : 'control';
}

function jobsOf(options: MatrixOptions): MatrixJob[] {
  const { regimes, phases, faults, isGuarded } = options;
  const jobs: MatrixJob[] = [];
  const add = (job: Omit<MatrixJob, 'number' | 'isStored'>, isStored = false): void => {
    jobs.push({ ...job, isStored, number: jobs.length });
  };
  for (const regime of regimes) {
    for (const phase of phases) {
      if (isGuarded) add({ regime, phase, half: 'guarded', what: { control: true } });
      for (const { id, database } of faults) {
        const isStored = database !== undefined;
        if (isStored && !DATABASE_PHASES.includes(phase)) continue;
        if (isGuarded) add({ regime, phase, half: 'guarded', what: { case: id } }, isStored);
        add({ regime, phase, half: 'unguarded', what: { case: id } }, isStored);
      }
    }
  }
  for (const job of mutationsOf(options)) add(job);
  for (const job of rowMutationsOf(options)) add(job, true);
  return jobs;
}

/** Shares of the mutations: most strike where nothing else is looked at than what the running guard looks at. */
const SHARES: { readonly [phase in Phase]: number } = { steady: 5, upgrade: 1, restart: 1, reopen: 1 };

/** Mutations dealt out over the cells, each cell getting each kind; together, so that a thread keeps its world. */
function mutationsOf({ regimes, phases, mutations }: MatrixOptions): Omit<MatrixJob, 'number' | 'isStored'>[] {
  const cells = regimes.flatMap((regime) =>
    phases.flatMap((phase) => Array.from({ length: SHARES[phase] }, () => ({ regime, phase }))),
  );
  return cells.flatMap(({ regime, phase }, cell) => {
    const count = Math.floor((mutations + cells.length - 1 - cell) / cells.length);
    return Array.from({ length: count }, (_, turn) => ({
      regime,
      phase,
      half: 'guarded' as const,
      // A number of its own: kinds go by the number modulo a few.
      what: { mutation: turn + cell * MUTATIONS_OF_CELL },
    }));
  });
}

const MUTATIONS_OF_CELL = 1_000_000;

/** One of so many mutations is one of rows in the database: each kind in each regime, where a process starts from them. */
const ROWS_SHARE = 8;

function rowMutationsOf({ regimes, phases, mutations }: MatrixOptions): Omit<MatrixJob, 'number' | 'isStored'>[] {
  const of = { state: 'restart', history: 'upgrade' } as const;
  const count = Math.floor(mutations / ROWS_SHARE);
  const jobs = Array.from({ length: count }, (_, number) => ({
    regime: regimes[Math.floor((number * regimes.length) / count)] as Regime,
    phase: of[databaseMutation(number).of],
    half: 'guarded' as const,
    what: { rows: number },
  }));
  // A thread keeps its database as long as the next job has the same.
  const order = (job: (typeof jobs)[number]): number => regimes.indexOf(job.regime) * 2 + phases.indexOf(job.phase) / 4;
  return jobs.filter(({ phase }) => phases.includes(phase)).sort((a, b) => order(a) - order(b));
}

function assemble(
  options: MatrixOptions,
  jobs: readonly MatrixJob[],
  results: ReadonlyMap<number, JobResult | undefined>,
): MatrixResult {
  const { faults } = options;
  const rows = new Map<string, MatrixRow>();
  const controls: MatrixRow[] = [];
  const mutants: MatrixRow[] = [];
  const mutatedRows: (MutatedRows | undefined)[] = [];
  for (const job of jobs) {
    const { what, regime, phase } = job;
    const result = results.get(job.number);
    const guarded = job.half === 'unguarded' ? null : guardedOf(result);
    if ('control' in what) controls.push(rowOf(NOTHING, job, guarded, null));
    else if ('rows' in what) mutatedRows.push(result !== undefined && 'rows' in result ? result.rows : undefined);
    else if ('mutation' in what) mutants.push(rowOf(mutation(what.mutation), job, guarded, null));
    else {
      const fault = faults.find(({ id }) => id === what.case) as Fault;
      const key = `${regime} ${phase} ${fault.id}`;
      const before = rows.get(key);
      const harm = job.half === 'guarded' ? (before?.harm ?? null) : harmOfResult(result);
      rows.set(key, rowOf(fault, job, guarded ?? before?.guarded ?? null, harm));
    }
  }
  for (const row of notRun(options)) rows.set(`${row.regime} ${row.phase} ${row.case}`, row);
  const wrongfulRows = mutants.filter(({ guarded: half }) => (half?.wrongful ?? 0) > 0);
  return {
    rows: [...rows.values()],
    controls,
    mutations: {
      mutations: mutants.length,
      wrongful: wrongfulRows.reduce((sum, { guarded: half }) => sum + (half?.wrongful ?? 0), 0),
      detected: mutants.filter(({ guarded: half }) => half?.detectedBy !== null).length,
      stopped: mutants.filter(({ guarded: half }) => half?.stopped !== null).length,
      wrongfulRows,
      database: {
        mutations: mutatedRows.length,
        noticed: mutatedRows.filter((each) => each?.outcome === 'noticed').length,
        withoutEffect: mutatedRows.filter((each) => each?.outcome === 'without effect').length,
        unnoticed: mutatedRows.flatMap((each) =>
          each === undefined ? [HANGING_ROWS] : each.outcome === 'unnoticed' ? [each] : [],
        ),
      },
    },
  };
}

/** Cells in which a fault does not strike at all: why, as it says. */
function notRun({ faults, regimes, phases }: MatrixOptions): MatrixRow[] {
  return faults
    .filter(({ database }) => database !== undefined)
    .flatMap((fault) =>
      regimes.flatMap((regime) =>
        phases
          .filter((phase) => !DATABASE_PHASES.includes(phase))
          .map((phase) => rowOf(fault, { regime, phase }, null, null)),
      ),
    );
}

/** How many cells a matrix of these faults runs. */
export function cellsOf({ faults, regimes, phases }: Pick<MatrixOptions, 'faults' | 'regimes' | 'phases'>): number {
  const isRun = ({ database }: Fault, phase: Phase): boolean =>
    database === undefined || DATABASE_PHASES.includes(phase);
  return phases.reduce((sum, phase) => sum + faults.filter((fault) => isRun(fault, phase)).length * regimes.length, 0);
}

function guardedOf(result: JobResult | undefined): GuardedHalf {
  return result !== undefined && 'guarded' in result ? result.guarded : HANGING;
}

function harmOfResult(result: JobResult | undefined): readonly Harm[] {
  return result !== undefined && 'harm' in result ? result.harm : ['stopped'];
}

function rowOf(
  fault: Fault,
  { regime, phase }: Pick<MatrixJob, 'regime' | 'phase'>,
  guarded: GuardedHalf | null,
  harm: readonly Harm[] | null,
): MatrixRow {
  return {
    case: fault.id,
    name: fault.name,
    class: fault.class,
    regime,
    phase,
    guarded,
    harm,
    isHarmful: harm === null ? null : harm.some((kind) => fault.harm.includes(kind)),
    harmless: harmlessIn(fault, regime, phase),
  };
}
