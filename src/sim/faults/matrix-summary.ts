/** The numbers of a matrix: what a release is judged by. */
import type { Fault } from './fault.ts';
import type { MatrixResult, MatrixRow } from './matrix.ts';

export interface MatrixSummary {
  readonly cells: number;
  readonly cases: number;
  /** Wrongful forced actions of all cells and mutations. */
  readonly wrongful: number;
  /** Cells of cases of class I and II that can harm, in which nothing noticed. */
  readonly undetected: number;
  /** Cells in which the case did without a guard what it declares; and cells in which it should have. */
  readonly harmWithoutGuard: number;
  readonly harmExpected: number;
  /** From the strike to the first noticing, over all cells that noticed; null when none did. */
  readonly medianDelayCommands: number | null;
  readonly medianDelayMs: number | null;
  readonly falseHolds: number;
  /** Components in quarantine that do not depend on what the fault touched. */
  readonly outside: number;
  /** Procedures of upgrades that left the live database otherwise than they found it. */
  readonly liveTouched: number;
}

export function summarise({ rows, controls, mutations }: MatrixResult): MatrixSummary {
  const halves = [...rows, ...controls].flatMap(({ guarded }) => guarded ?? []);
  const noticed = rows.flatMap(({ guarded }) => guarded ?? []);
  const total = (count: (half: (typeof halves)[number]) => number): number =>
    halves.reduce((sum, half) => sum + count(half), 0);
  return {
    cells: rows.filter(isRun).length,
    cases: new Set(rows.map((row) => row.case)).size,
    wrongful: total(({ wrongful }) => wrongful) + mutations.wrongful,
    undetected: rows.filter(isUndetected).length,
    harmWithoutGuard: rows.filter(({ isHarmful }) => isHarmful === true).length,
    harmExpected: rows.filter(isHarmExpected).length,
    medianDelayCommands: median(noticed.flatMap(({ delayCommands }) => delayCommands ?? [])),
    medianDelayMs: median(noticed.flatMap(({ delayMs }) => delayMs ?? [])),
    falseHolds: total(({ falseHolds }) => falseHolds),
    outside: total(({ outside }) => outside.length),
    liveTouched: noticed.filter(({ database }) => database?.isLiveUntouched === false).length,
  };
}

function isRun({ guarded, harm }: MatrixRow): boolean {
  return guarded !== null || harm !== null;
}

/** True where a case must be noticed and was not. */
export function isUndetected({ guarded, class: of, harmless }: MatrixRow): boolean {
  return guarded !== null && of !== 'III' && harmless === null && guarded.detectedBy === null;
}

/** True where a case must harm without a guard. */
export function isHarmExpected({ harm, harmless }: MatrixRow): boolean {
  return harm !== null && harmless === null;
}

/** The lower median; null of none. */
function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** What a case came to over its cells. */
export interface CaseSummary {
  readonly id: string;
  readonly name: string;
  readonly class: Fault['class'];
  readonly cells: number;
  readonly wrongful: number;
  /** Checks that noticed first, most frequent first, with their class. */
  readonly detectedBy: readonly string[];
  readonly undetected: number;
  readonly medianDelayCommands: number | null;
  readonly medianDelayMs: number | null;
  readonly harmful: number;
  readonly harmExpected: number;
  readonly harm: readonly string[];
  /** Legitimate forced actions that came later or not. */
  readonly delayed: number;
  readonly falseHolds: number;
  readonly outside: number;
  /** Why it cannot harm, by phase. */
  readonly notes: readonly string[];
}

/** One line a case, in the order of the rows. */
export function summariseCases(rows: readonly MatrixRow[]): CaseSummary[] {
  const byCase = new Map<string, MatrixRow[]>();
  for (const row of rows) byCase.set(row.case, [...(byCase.get(row.case) ?? []), row]);
  return [...byCase.values()].map(caseOf);
}

function caseOf(rows: readonly MatrixRow[]): CaseSummary {
  const [first] = rows as readonly [MatrixRow];
  const halves = rows.flatMap(({ guarded }) => guarded ?? []);
  const sum = (count: (half: (typeof halves)[number]) => number): number =>
    halves.reduce((total, half) => total + count(half), 0);
  const checks = halves.flatMap(({ detectedBy, detectedClass }) =>
    detectedBy === null ? [] : [`${detectedBy} (${detectedClass})`],
  );
  const counts = new Map<string, number>();
  for (const check of checks) counts.set(check, (counts.get(check) ?? 0) + 1);
  const stops = new Set(halves.flatMap(({ stopped }) => (stopped === null ? [] : [`stopped: ${stopped}`])));
  return {
    id: first.case,
    name: first.name,
    class: first.class,
    cells: rows.filter(isRun).length,
    wrongful: sum(({ wrongful }) => wrongful),
    detectedBy: [...counts].sort((a, b) => b[1] - a[1]).map(([check]) => check),
    undetected: rows.filter(isUndetected).length,
    medianDelayCommands: median(halves.flatMap(({ delayCommands }) => delayCommands ?? [])),
    medianDelayMs: median(halves.flatMap(({ delayMs }) => delayMs ?? [])),
    harmful: rows.filter(({ isHarmful }) => isHarmful === true).length,
    harmExpected: rows.filter(isHarmExpected).length,
    harm: [...new Set(rows.flatMap(({ harm }) => harm ?? []))],
    delayed: sum(({ delayed }) => delayed),
    falseHolds: sum(({ falseHolds }) => falseHolds),
    outside: sum(({ outside }) => outside.length),
    notes: [...harmlessNotes(rows), ...stops],
  };
}

function harmlessNotes(rows: readonly MatrixRow[]): string[] {
  const byReason = new Map<string, Set<string>>();
  for (const { harmless, phase } of rows) {
    if (harmless !== null) byReason.set(harmless, (byReason.get(harmless) ?? new Set()).add(phase));
  }
  return [...byReason].map(([reason, phases]) => `${[...phases].join(', ')}: ${reason}`);
}
