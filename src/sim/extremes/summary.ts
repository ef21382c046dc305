/** What came of the whole corpus, and whether it keeps to the bounds. */
import { quantile } from './delays.ts';
import type { Played } from './lockstep.ts';
import type { ExtremeRow } from './row.ts';

export interface ExtremesResult {
  /** Extremes played: rows that show the same one count once. */
  readonly cases: number;
  readonly classIVetoes: number;
  readonly classIIVetoes: number;
  readonly classIIHoldsWithoutDisagreement: number;
  /** Of all forced actions of the corpus. */
  readonly addedDelayMsP50: number;
  readonly addedDelayMsP99: number;
  readonly addedDelayMsMax: number;
  /** Of the row in which the guard cost the insurance fund most. */
  readonly insuranceCostPercent: number;
  readonly forcedActions: number;
  readonly recorded: number;
  /** Rows that miss a bound, by number. */
  readonly missed: readonly number[];
  readonly rows: readonly ExtremeRow[];
}

/** The result of what was played, in the order of the list. */
export function summarise(played: readonly Played[]): ExtremesResult {
  const rows = played.map(({ row }) => row).sort((left, right) => left.number - right.number);
  const addedMs = played.flatMap((each) => [...each.addedMs]).sort((left, right) => left - right);
  const sum = (of: (row: ExtremeRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    cases: new Set(rows.map(({ number }) => number)).size,
    classIVetoes: sum((row) => row.classIVetoes),
    classIIVetoes: sum((row) => row.classIIVetoes),
    classIIHoldsWithoutDisagreement: sum((row) => row.classIIHoldsWithoutDisagreement),
    addedDelayMsP50: quantile(addedMs, 0.5),
    addedDelayMsP99: quantile(addedMs, 0.99),
    addedDelayMsMax: quantile(addedMs, 1),
    insuranceCostPercent: Math.max(0, ...rows.map(({ insuranceCostPercent }) => insuranceCostPercent)),
    forcedActions: sum(({ forced: { unguarded } }) =>
      Object.values(unguarded).reduce((total, count: number) => total + count, 0),
    ),
    recorded: rows.filter(({ basis }) => basis === 'recorded').length,
    missed: rows.filter(({ misses }) => misses.length > 0).map(({ number }) => number),
    rows,
  };
}
