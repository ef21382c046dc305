/** What a drill comes to: the same shape for every scenario; what a scenario does not have is null, never made up. */
import type { CheckClass } from '../../guard/verdict.ts';

/** What the guard said no to, by check. `count` is how often. */
export interface VetoCount {
  /** Where: before a start, at the door, at a forced action, in a copy that the guard keeps, or by the engine itself. */
  readonly by: 'start' | 'upgrade' | 'database' | 'door' | 'verdict' | 'finding' | 'engine';
  readonly check: string;
  readonly class: CheckClass;
  /** What the first of them was about. */
  readonly about: string;
  readonly count: number;
}

export interface RollbackResult {
  /** Height of the block that was restored, and the new fork. */
  readonly restores: number;
  readonly forkId: number;
  readonly carriedDeposits: number;
  readonly carriedWithdrawals: number;
  readonly custodyIdentity: boolean;
  readonly fates: Readonly<Record<string, number>>;
}

/** Why there is no remedy where nothing wrongful happened. */
export const NOBODY_OWED = 'no forced action was wrongful: nobody is owed anything';

/** Forced actions that the same venue without the reopening's trades does not have. */
interface SecondWaveResult {
  readonly careless: number;
  readonly ladder: number;
}

export interface RemedyResult {
  readonly assessed: number;
  readonly refunded: number;
  readonly totalUsd: number;
  readonly largestUsd: number;
  /** Parts of the differences of refunded accounts, USD. */
  readonly byCause: Readonly<Record<string, number>>;
  /** 1e-8 USDC: "0", or nothing may be approved. */
  readonly conservationResidual: string;
  readonly root: string;
  readonly receipts: number;
  readonly receiptsVerified: number;
  readonly independentVerified: number;
}

interface DrillTimings {
  readonly scopeSeconds: number;
  readonly draftSeconds: number;
  readonly payoutSeconds: number;
}

export interface DrillResult {
  readonly scenario: string;
  readonly guard: 'on' | 'off';
  readonly accounts: number;
  readonly markets: number;
  /** Names of the markets that the fault is about. */
  readonly corrupted: readonly string[];
  /** Forced actions that the same run without the fault does not have. */
  readonly wrongful: { readonly count: number; readonly accounts: number; readonly notionalUsd: number };
  readonly legitimate: { readonly count: number };
  readonly vetoes: readonly VetoCount[];
  readonly rollback: RollbackResult | null;
  readonly secondWave: SecondWaveResult | null;
  readonly remedy: RemedyResult | null;
  /** Why there is no remedy, or why it is not paid; null where it is. */
  readonly noRemedy: string | null;
  readonly timings: DrillTimings | null;
  readonly seconds: number;
}
