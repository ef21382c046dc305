/** What came of the whole corpus, and whether it keeps to the bounds. */
import { quantile } from './delays.ts';
import type { Played } from './lockstep.ts';
import { BOUNDS, type ExtremeRow } from './row.ts';

export interface ExtremesResult {
  /** Extremes played: rows that show the same one count once. */
  readonly cases: number;
  readonly classIVetoes: number;
  readonly classIIVetoes: number;
  readonly classIIHoldsWithoutDisagreement: number;
  /** Class II although the external sources agree: the own book had moved a mark far from all of them. */
  readonly classIIHoldsOnOwnBook: number;
  /** Of all forced actions of the corpus. */
  readonly addedDelayMsP50: number;
  readonly addedDelayMsP99: number;
  readonly addedDelayMsMax: number;
  /** What the insurance fund paid for accounts with less than nothing in all rows, USDC, and what the guard added to it in percent. */
  readonly insuranceLoss: { readonly unguarded: number; readonly guarded: number };
  readonly insuranceCostPercent: number;
  readonly forcedActions: number;
  readonly recorded: number;
  /** Rows that miss a bound, by number; and the bounds that the corpus misses, in words. */
  readonly missed: readonly number[];
  readonly misses: readonly string[];
  readonly rows: readonly ExtremeRow[];
}

/** The result of what was played, in the order of the list. */
export function summarise(played: readonly Played[]): ExtremesResult {
  const rows = played.map(({ row }) => row).sort((left, right) => left.number - right.number);
  const addedMs = played.flatMap((each) => [...each.addedMs]).sort((left, right) => left - right);
  const sum = (of: (row: ExtremeRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const insuranceLoss = {
    unguarded: sum((row) => row.insuranceLoss.unguarded),
    guarded: sum((row) => row.insuranceLoss.guarded),
  };
  const insuranceCostPercent = costPercent(insuranceLoss.unguarded, insuranceLoss.guarded);
  const addedDelayMsP99 = quantile(addedMs, 0.99);
  const misses: string[] = [];
  if (addedDelayMsP99 > BOUNDS.delayMs) misses.push(`added delay ${addedDelayMsP99} ms at p99`);
  if (insuranceCostPercent > BOUNDS.insurancePercent)
    misses.push(`the insurance fund paid ${insuranceCostPercent} % more`);
  return {
    cases: new Set(rows.map(({ number }) => number)).size,
    classIVetoes: sum((row) => row.classIVetoes),
    classIIVetoes: sum((row) => row.classIIVetoes),
    classIIHoldsWithoutDisagreement: sum((row) => row.classIIHoldsWithoutDisagreement),
    classIIHoldsOnOwnBook: sum((row) => row.classIIHoldsOnOwnBook),
    addedDelayMsP50: quantile(addedMs, 0.5),
    addedDelayMsP99,
    addedDelayMsMax: quantile(addedMs, 1),
    insuranceLoss,
    insuranceCostPercent,
    forcedActions: sum(({ forced: { unguarded } }) =>
      Object.values(unguarded).reduce((total, count: number) => total + count, 0),
    ),
    recorded: rows.filter(({ basis }) => basis === 'recorded').length,
    misses,
    missed: rows.filter(({ misses }) => misses.length > 0).map(({ number }) => number),
    rows,
  };
}

/** A fund that paid less than this, USDC, is measured by it: a few USDC more of almost nothing are not a cost. */
const LEAST_USDC = 1_000;

/** What was paid more, in percent of what was paid without the guard, four decimals; negative when it was less. */
export function costPercent(unguarded: number, guarded: number): number {
  return Number((((guarded - unguarded) * 100) / Math.max(unguarded, LEAST_USDC)).toFixed(4));
}
