/**
 * The guarded procedure as a table: its states in their order, what each proves, and where each leads by its verdict. There is no other
 * way from one to the next. Pure: no clock, no database.
 */

export const STATES = [
  'PLAN',
  'REHEARSE',
  'SHADOW',
  'CANCEL_ONLY',
  'DRAIN_FENCE',
  'FINGERPRINT',
  'MIGRATE',
  'VERIFY',
  'BOOT_LADDER',
  'CANARY',
  'REOPEN',
  'SOAK',
  'COMMIT',
] as const;

export type UpgradeState = (typeof STATES)[number];

/** A step passed, failed, or could not tell: then it is tried again for as long as the hold lasts, and aborted. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/**
 * How a procedure goes back. A: nothing was written but copies; the live database was not touched. B: the candidate was live, nobody
 * traded on it; the old world takes its place again. C: people traded; the old world, which followed the journal meanwhile, takes its
 * place again with all that happened.
 */
export type Abort = 'A' | 'B' | 'C';

export interface StateRule {
  readonly state: UpgradeState;
  readonly next: UpgradeState | undefined;
  readonly abort: Abort;
  /** People cannot trade while the procedure is in this state. */
  readonly isPaused: boolean;
}

const ABORTS: Readonly<Record<UpgradeState, Abort>> = {
  PLAN: 'A',
  REHEARSE: 'A',
  SHADOW: 'A',
  CANCEL_ONLY: 'A',
  DRAIN_FENCE: 'A',
  FINGERPRINT: 'A',
  MIGRATE: 'A',
  VERIFY: 'A',
  BOOT_LADDER: 'B',
  CANARY: 'B',
  REOPEN: 'C',
  SOAK: 'C',
  COMMIT: 'C',
};

const PAUSED: readonly UpgradeState[] = [
  'CANCEL_ONLY',
  'DRAIN_FENCE',
  'FINGERPRINT',
  'MIGRATE',
  'VERIFY',
  'BOOT_LADDER',
  'CANARY',
];

/** One rule for each state, in order. */
export const RULES: readonly StateRule[] = STATES.map((state, at) => ({
  state,
  next: STATES[at + 1],
  abort: ABORTS[state],
  isPaused: PAUSED.includes(state),
}));

/** The rule of a state. */
export function ruleOf(state: UpgradeState): StateRule {
  return RULES[STATES.indexOf(state)] as StateRule;
}

/** What a procedure knows when a step has ended. */
export interface StepEnd {
  readonly state: UpgradeState;
  readonly verdict: Verdict;
  /** Since the first step began, and what the plan allows, milliseconds. */
  readonly elapsedMs: number;
  readonly budgetMs: number;
  /** How long this step has been held already, and how long it may be. */
  readonly heldMs: number;
  readonly holdMs: number;
}

export type Transition =
  | { readonly kind: 'next'; readonly state: UpgradeState }
  | { readonly kind: 'done' }
  /** The same step again. */
  | { readonly kind: 'hold'; readonly state: UpgradeState }
  | { readonly kind: 'abort'; readonly abort: Abort; readonly reason: 'failed' | 'inconclusive' | 'time_budget' };

/** Where a step leads. Exceeding the time budget aborts, whatever the verdict; only the last step's pass ends it all the same. */
export function transitionOf({ state, verdict, elapsedMs, budgetMs, heldMs, holdMs }: StepEnd): Transition {
  const { next, abort } = ruleOf(state);
  if (verdict === 'fail') return { kind: 'abort', abort, reason: 'failed' };
  if (verdict === 'pass' && next === undefined) return { kind: 'done' };
  if (elapsedMs > budgetMs) return { kind: 'abort', abort, reason: 'time_budget' };
  if (verdict === 'pass') return { kind: 'next', state: next as UpgradeState };
  return heldMs < holdMs ? { kind: 'hold', state } : { kind: 'abort', abort, reason: 'inconclusive' };
}
