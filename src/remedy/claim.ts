/** Claims: what is found of every account, as values. Amounts are 1e-8 USDC. */
import type { Cause } from './cause.ts';

/** Why an account is paid what it is paid: one for every account, and for every zero. `§` numbers are the policy's paragraphs. */
export const REASONS = {
  RESTORED: 'has less than it would have had: paid',
  RESTORED_BEFORE: 'was closed by force and wrongly: paid up to what it had before',
  UNAFFECTED_HASH_EQUAL: 'its rows are the same in both worlds, byte by byte',
  EVEN: 'its rows differ, its equity does not',
  GAIN_NOT_PURSUED: 'has more than it would have had: not pursued',
  GAIN_REVERSED: 'has what the system credited and nobody owed: taken back',
  LIQUIDATED_ANYWAY: 'would have been liquidated in any case, and not for more',
  COVERED_BY_ROLLBACK: 'was harmed on the branch that was rolled back: it has its position again',
  OUTSIDE_POLICY: 'what it lost is not paid without a claim: see the paragraph',
  SELF_TRADE_NETTED: 'its owner gained on another account what this one lost',
  QUESTION: 'its interval is wider than the policy settles alone: a question is open',
  HOUSE: 'an account of the venue itself: a party to the sums, never paid',
  CREATED_LATER: 'was opened after the incident began: listed apart',
} as const;

export type Reason = keyof typeof REASONS;

export interface CausePart {
  readonly cause: Cause;
  /** Signed: positive is what the account lacks by it. */
  readonly amount: bigint;
}

/** One causal chain of an account: the markets that forced and erroneous events link. */
export interface ClaimChain {
  /** The markets by row, rising; 0 stands for money that no market moved. */
  readonly markets: readonly number[];
  /** What it lacks by this chain: counterfactual minus actual. */
  readonly difference: bigint;
  /** What it lost by this chain since the last good block, in the actual world; undefined where nothing was wrongly forced on it. */
  readonly lossSinceBefore: bigint | undefined;
  /** What the policy gives for it, before netting: not below 0 under `chain` and `gross`. */
  readonly due: bigint;
}

export interface Claim {
  readonly account: number;
  /** Public identity, 32 bytes hexadecimal. */
  readonly key: string;
  readonly isInsider: boolean;
  /** Equity in the actual world, in the counterfactual, and in S_0; at one valuation, the last at its own prices. */
  readonly actual: bigint;
  readonly other: bigint;
  readonly before: bigint;
  /** Money brought in minus money taken out since S_0, in the actual world. */
  readonly external: bigint;
  /** other − actual; the parts of it, by cause, sum to it. */
  readonly difference: bigint;
  readonly causes: readonly CausePart[];
  readonly chains: readonly ClaimChain[];
  /** Bounded mode: both ends of what it lacks. */
  readonly interval: { readonly low: bigint; readonly high: bigint } | undefined;
  /** What the policy gives, without interest and goodwill; and those. */
  readonly due: bigint;
  readonly interest: bigint;
  readonly goodwill: bigint;
  /** due + interest + goodwill = paid + owed. */
  readonly refund: bigint;
  readonly paid: bigint;
  /** Still owed where the fund was too small: a dated receivable. */
  readonly owed: bigint;
  /** What the system credited wrongly and is taken back (P1, P2). */
  readonly reversed: bigint;
  readonly reason: Reason;
  /** Paragraph of the policy that the reason cites. */
  readonly paragraph: number;
}
