/** What a policy gives for a statement: computed again from the numbers of the statement and the policy document alone. */
import { awardedOf } from './award.ts';
import type { PolicyDocument } from './policy-document.ts';
import { POLICIES } from './refund-policy.ts';
import type { CauseAmount, ChainStatement, Statement } from './statement.ts';

/** From when until when interest runs, milliseconds since 1970: the last good block, and restoration. */
export interface InterestSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DueAmounts {
  readonly principal: bigint;
  readonly interest: bigint;
  readonly goodwill: bigint;
  /** What the claims desk awarded. */
  readonly awarded: bigint;
  /** What of the four, and of what is given back, earlier rounds have not paid. */
  readonly refund: bigint;
}

const DAY_MS = 86_400_000n;
const MILLION = 1_000_000n;

/**
 * Σ of the parts whose cause the policy does not pay without a claim. Where that is money that an account should not have, what was taken
 * back of it already belongs to it: it is no loss.
 */
export function excludedOf({ tiers }: PolicyDocument, causes: readonly CauseAmount[]): bigint {
  const excluded = causes.reduce((sum, { cause, amount }) => (tiers[cause] === 'T1' ? sum : sum + BigInt(amount)), 0n);
  const takenBack = causes.reduce((sum, { cause, amount }) => (cause === 'remedy' ? sum + BigInt(amount) : sum), 0n);
  if (tiers.remedy !== 'T1' || excluded >= 0n || takenBack <= 0n) return excluded;
  return takenBack < -excluded ? excluded + takenBack : 0n;
}

/** What the policy's rule gives for a chain, signed. */
export function chainAmountOf(
  { pays }: PolicyDocument,
  { difference, excluded, loss, closes }: ChainStatement,
): bigint {
  const base = BigInt(difference) - BigInt(excluded);
  return POLICIES[pays].amount({
    difference: base,
    equityBefore: loss === null ? base : BigInt(loss),
    equityAfter: 0n,
    closes: closes.map((close) => ({
      size: BigInt(close.size),
      price: BigInt(close.price),
      penalty: BigInt(close.penalty),
      eventPrice: BigInt(close.eventPrice),
      laterPrice: BigInt(close.laterPrice),
      restorationPrice: BigInt(close.restorationPrice),
      bestPrice: BigInt(close.bestPrice),
    })),
  });
}

/** Simple interest on a principal, rounded up to the next 1e-8 USDC; days that have begun, or that are over, by the policy. */
export function interestOf({ interest }: PolicyDocument, principal: bigint, { fromMs, toMs }: InterestSpan): bigint {
  const span = BigInt(toMs - fromMs);
  const days = (interest.days === 'begun' ? span + DAY_MS - 1n : span) / DAY_MS;
  const scale = MILLION * BigInt(interest.yearDays);
  return (principal * BigInt(interest.ppmYear) * days + scale - 1n) / scale;
}

/** What is due by the amounts of the chains; nothing to accounts of the house. */
export function dueOf(policy: PolicyDocument, statement: Statement, span: InterestSpan): DueAmounts {
  const { chains, netted, reason, paidBefore, returned, awards } = statement;
  const amounts = chains.map(({ amount }) => BigInt(amount));
  const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);
  const sum = (list: readonly bigint[]): bigint => list.reduce((total, amount) => total + amount, 0n);
  const given = policy.netting === 'account' ? positive(sum(amounts)) : sum(amounts.map(positive));
  const principal = reason === 'HOUSE' ? 0n : given - BigInt(netted);
  const interest = interestOf(policy, principal, span);
  const goodwill = principal > 0n ? BigInt(policy.goodwill) : 0n;
  const awarded = reason === 'HOUSE' ? 0n : awardedOf(awards);
  const due = principal + interest + goodwill + awarded + BigInt(returned);
  return { principal, interest, goodwill, awarded, refund: positive(due - BigInt(paidBefore)) };
}
