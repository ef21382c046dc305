/** What came of one extreme, as a value. */
import { type Delays, quantile } from './delays.ts';
import type { Extreme, Scenario } from './extreme.ts';
import type { ForcedCounts, ForcedLog } from './forced-log.ts';
import type { Holds, Reason } from './holds.ts';

export interface ExtremeRow {
  readonly number: number;
  readonly name: string;
  readonly basis: 'recorded' | 'modelled';
  readonly source: string;
  readonly limits: string | undefined;
  readonly markets: number;
  readonly accounts: number;
  readonly minutes: number;
  readonly commands: number;
  /** True when both worlds applied the same commands, byte for byte: the guard changed nothing. */
  readonly isSame: boolean;
  readonly forced: { readonly unguarded: ForcedCounts; readonly guarded: ForcedCounts };
  /** Most liquidations by one tick of the unguarded world, and within a minute of it. */
  readonly mostAtOnce: number;
  readonly mostInAMinute: number;
  readonly classIVetoes: number;
  readonly classIIVetoes: number;
  readonly classIIHoldsWithoutDisagreement: number;
  /** Class II although the external sources agree: the own book had moved the mark far from all of them. */
  readonly classIIHoldsOnOwnBook: number;
  readonly classIIIDelays: number;
  readonly classIIITicksOverOneMarket: number;
  readonly heldInputs: number;
  readonly heldInputsRefusedAnyway: number;
  readonly addedDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Actions that were still held at the end; that were held until they were due no more; that never became due with the guard; */
  readonly missed: number;
  readonly lapsed: number;
  readonly notDue: number;
  /** and those of the guarded world alone: once an action came later the worlds go different ways. */
  readonly onlyGuarded: number;
  /** What the insurance fund paid for accounts with less than nothing, USDC; the bound is on the sum of all rows. */
  readonly insuranceLoss: { readonly unguarded: number; readonly guarded: number };
  /** How the fund's worth at the marks moved, USDC: penalties, and what the positions that it took over did. */
  readonly insuranceMoved: { readonly unguarded: number; readonly guarded: number };
  readonly reasons: readonly Reason[];
  /** Bounds that this row misses, in words. */
  readonly misses: readonly string[];
  readonly seconds: number;
}

/** What must hold: see the acceptance of the legal extremes. */
export const BOUNDS = { delayMs: 5_000, insurancePercent: 1 } as const;

export interface Measured {
  readonly extreme: Extreme;
  readonly scenario: Scenario;
  readonly accounts: number;
  readonly commands: number;
  readonly isApart: boolean;
  readonly open: ForcedLog;
  readonly guarded: ForcedLog;
  readonly holds: Holds;
  readonly delays: Delays;
  readonly insurance: Insurance;
  readonly seconds: number;
}

/** What the insurance fund had to pay for accounts with less than nothing; 1e-8 USDC. */
interface Insurance {
  readonly open: number;
  readonly guarded: number;
  /** How its worth at the marks moved, positions that it took over included. */
  readonly movedOpen: number;
  readonly movedGuarded: number;
}

const USDC = 1e8;
export function rowOf(measured: Measured): ExtremeRow {
  const { extreme, scenario, holds, delays, insurance, open, guarded } = measured;
  const { day } = scenario;
  const row: Omit<ExtremeRow, 'misses'> = {
    number: extreme.number,
    name: extreme.name,
    basis: scenario.basis,
    source: scenario.source,
    limits: scenario.limits,
    markets: day.markets.length,
    accounts: measured.accounts,
    minutes: Math.floor((day.endMs - day.startMs) / 60_000),
    commands: measured.commands,
    isSame: !measured.isApart,
    forced: { unguarded: open.counts, guarded: guarded.counts },
    mostAtOnce: open.mostAtOnce,
    mostInAMinute: open.mostInAMinute,
    classIVetoes: holds.classIVetoes,
    classIIVetoes: holds.classIIVetoes,
    classIIHoldsWithoutDisagreement: holds.classIIWithoutDisagreement,
    classIIHoldsOnOwnBook: holds.classIIOnOwnBook,
    classIIIDelays: holds.classIIIDelays,
    classIIITicksOverOneMarket: holds.classIIIWide,
    heldInputs: holds.heldInputs,
    heldInputsRefusedAnyway: holds.refusedAnyway,
    addedDelayMs: {
      p50: quantile(delays.addedMs, 0.5),
      p99: quantile(delays.addedMs, 0.99),
      max: quantile(delays.addedMs, 1),
    },
    missed: delays.missed,
    lapsed: delays.lapsed,
    notDue: delays.notDue,
    onlyGuarded: delays.onlyGuarded,
    insuranceLoss: { unguarded: insurance.open / USDC, guarded: insurance.guarded / USDC },
    insuranceMoved: { unguarded: insurance.movedOpen / USDC, guarded: insurance.movedGuarded / USDC },
    reasons: holds.reasons,
    seconds: Number(measured.seconds.toFixed(2)),
  };
  return { ...row, misses: missesOf(row) };
}

/** The bounds that a row misses, in words. */
function missesOf(row: Omit<ExtremeRow, 'misses'>): string[] {
  const misses: string[] = [];
  if (row.classIVetoes > 0) misses.push(`${row.classIVetoes} vetoes of class I`);
  const without = row.classIIHoldsWithoutDisagreement;
  if (without > 0) misses.push(`${without} holds of class II although no source disagreed`);
  if (row.classIIITicksOverOneMarket > 0) {
    misses.push(`doubts of class III delayed more than one market at once in ${row.classIIITicksOverOneMarket} ticks`);
  }
  if (row.missed > 0) misses.push(`${row.missed} forced actions were still held at the end`);
  if (row.addedDelayMs.p99 > BOUNDS.delayMs) misses.push(`added delay ${row.addedDelayMs.p99} ms at p99`);
  return misses;
}
