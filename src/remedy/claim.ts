/** Claims: what is found of every account. */
import type { Statement } from './statement.ts';

/** Why an account is paid what it is paid: one for every account, and for every zero. `§` numbers are the default policy's paragraphs. */
export const REASONS = {
  RESTORED: 'has less than it would have had: paid',
  RESTORED_BEFORE: 'was closed by force and wrongly: paid up to what it had before',
  AWARDED: 'is paid what the claims desk awarded, by rule on evidence or as goodwill (§6)',
  UNAFFECTED_HASH_EQUAL: 'its money and positions are the same in both worlds, number by number',
  EVEN: 'its rows differ, its equity does not',
  GAIN_NOT_PURSUED: 'has more than it would have had: not pursued',
  GAIN_REVERSED: 'has what the system credited and nobody owed: taken back',
  GIVEN_BACK: 'an earlier round took back what nobody should have: given back',
  LIQUIDATED_ANYWAY: 'would have been liquidated in any case, and not for more',
  COVERED_BY_ROLLBACK: 'was harmed on the branch that was rolled back: it has its position again',
  OUTSIDE_POLICY: 'what it lost is not paid without a claim',
  SELF_TRADE_NETTED: 'its owner gained on another account what this one lost',
  PAID_BEFORE: 'what the rule gives was paid in an earlier round',
  QUESTION: 'its interval is wider than the policy settles alone: a question is open',
  HOUSE: 'an account of the venue itself: a party to the sums, never paid',
  CREATED_LATER: 'was opened after the incident began: listed apart',
} as const;

export type Reason = keyof typeof REASONS;

/** What is found of one account. */
export interface Claim {
  readonly account: number;
  readonly isInsider: boolean;
  /** False: it was opened behind the last good block. */
  readonly isOfStart: boolean;
  /** The most that may be paid to it without more ado, 1e-8 USDC. */
  readonly cap: bigint;
  readonly statement: Statement;
}
