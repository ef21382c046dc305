/**
 * Awards of the claims desk: what is paid on a claim and not without being asked. T2 goes by rule, on evidence; T3 is goodwill, as people
 * decide with reasons. Both within the most that the policy gives of each to one account. Amounts are 1e-8 USDC.
 */
import { ceilOf, floorOf } from '../guard/exact.ts';
import { CAUSE_NAMES, type Cause } from './cause.ts';
import { type Form, hex32, integer, natural, objectOf, oneOf, orNull, text, whole } from './document-form.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { CauseAmount, Statement } from './statement.ts';

/** Causes of which no difference of the worlds tells: what evidence shows of a position that its owner closed himself. */
const ON_BASIS: ReadonlySet<Cause> = new Set(['rollback', 'panic_close']);

/**
 * What the evidence shows: so many lots (signed, as they were held) of a market were closed at a price, and are worth another one (price
 * units): of `rollback`, a leg elsewhere that was closed because a fill here seemed real, and what it costs to have it again; of
 * `panic_close`, an own close, and the true price at that moment. Costs are 1e-8 USDC.
 */
export interface AwardBasis {
  readonly market: number;
  readonly size: string;
  readonly price: string;
  readonly truePrice: string;
  readonly costs: string;
}

/** What is awarded; the basis is null where the rule goes by what the account lacks by the cause, and of goodwill. */
export interface AwardTerms {
  readonly cause: Cause;
  readonly amount: string;
  readonly basis: AwardBasis | null;
}

/** An award in a statement: of which round's desk and which dispute, and why. */
export interface AwardStatement extends AwardTerms {
  readonly round: number;
  readonly dispute: number;
  /** SHA-256 of the last evidence of the dispute; null where none was brought. */
  readonly evidence: string | null;
  readonly paragraph: number;
  readonly reasons: string;
}

/** The form of a basis. */
export const AWARD_BASIS: Form = objectOf({
  market: integer(1),
  size: whole,
  price: whole,
  truePrice: whole,
  costs: natural,
});

const TERMS = { cause: oneOf(CAUSE_NAMES), amount: natural, basis: orNull(AWARD_BASIS) };

/** The form of what is awarded, and of an award in a statement. */
export const AWARD_TERMS: Form = objectOf(TERMS);
export const AWARD: Form = objectOf({
  ...TERMS,
  round: integer(1),
  dispute: integer(1),
  evidence: orNull(hex32),
  paragraph: integer(1),
  reasons: text,
});

const PPM = 1_000_000n;
const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);

/**
 * What the rule of T2 gives for a basis: size × (true price − price) + costs, never below nothing. An own close is put to the edge of the
 * policy's band around the true price, rounded in the account's favour: within it a close is the owner's.
 */
function basisAmountOf({ bandPpm }: PolicyDocument, cause: Cause, basis: AwardBasis): bigint {
  const [size, price, truePrice] = [BigInt(basis.size), BigInt(basis.price), BigInt(basis.truePrice)];
  const [down, up] = [truePrice * (PPM - BigInt(bandPpm)), truePrice * (PPM + BigInt(bandPpm))];
  const edge = cause !== 'panic_close' ? truePrice : size > 0n ? ceilOf(down, PPM) : floorOf(up, PPM);
  return positive(size * (edge - price) + BigInt(basis.costs));
}

/** The most that an award of tier T2 may be by the rule, before the cap; `causes` are the parts of what the account lacks. */
export function ruleOf(policy: PolicyDocument, { cause, basis }: AwardTerms, causes: readonly CauseAmount[]): bigint {
  if (ON_BASIS.has(cause)) return basis === null ? 0n : basisAmountOf(policy, cause, basis);
  if (basis !== null) return 0n;
  return positive(causes.reduce((sum, part) => (part.cause === cause ? sum + BigInt(part.amount) : sum), 0n));
}

/** Σ of awards. */
export function awardedOf(awards: readonly AwardTerms[]): bigint {
  return awards.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
}

/** What an account was awarded in a tier. */
export function awardedIn(tier: 'T2' | 'T3', { tiers }: PolicyDocument, awards: readonly AwardTerms[]): bigint {
  return awardedOf(awards.filter(({ cause }) => tiers[cause] === tier));
}

/** Why awards are not those of the policy: the first fault by name; undefined where there is none. */
export type AwardFault = 'cause_not_awarded' | 'evidence_missing' | 'above_rule' | 'above_cap';

/** Whether the awards of an account are within the rule, each with its evidence, and within the caps together. */
export function awardFault(
  policy: PolicyDocument,
  { causes, awards }: Pick<Statement, 'causes' | 'awards'>,
): AwardFault | undefined {
  for (const award of awards) {
    const tier = policy.tiers[award.cause];
    if (tier === 'T1') return 'cause_not_awarded';
    if (tier === 'T3') continue;
    if (award.evidence === null) return 'evidence_missing';
    // What an account lacks by a cause is awarded once, in however many awards.
    const same =
      award.basis === null ? awards.filter(({ cause, basis }) => cause === award.cause && basis === null) : [award];
    if (awardedOf(same) > ruleOf(policy, award, causes)) return 'above_rule';
  }
  const isAbove = (['T2', 'T3'] as const).some((tier) => awardedIn(tier, policy, awards) > BigInt(policy.awards[tier]));
  return isAbove ? 'above_cap' : undefined;
}
