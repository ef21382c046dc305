/** Reads policies from JSON: what is no policy is refused with the name of the field; nothing is filled in, nothing is passed over. */
import { CAUSE_NAMES } from './cause.ts';
import { integer, listOf, natural, objectOf, oneOf, text } from './document-form.ts';
import { NETTINGS, POLICY_FORMAT, type PolicyDocument, TIERS, WINDFALLS } from './policy-document.ts';
import { POLICIES } from './refund-policy.ts';

/** The value is no policy: which field, and why. */
export class NotAPolicy extends Error {
  readonly code = 'not_a_policy';
  constructor(why: string) {
    super(`this is no policy: ${why}`);
    this.name = 'NotAPolicy';
  }
}

/** The form of a policy document. */
const POLICY = objectOf({
  format: oneOf([POLICY_FORMAT]),
  version: integer(1),
  paragraphs: listOf(objectOf({ number: integer(1), text })),
  pays: oneOf(Object.keys(POLICIES)),
  netting: oneOf(NETTINGS),
  windfalls: oneOf(WINDFALLS),
  bandPpm: integer(0),
  horizonPpm: integer(0),
  laterMs: integer(0),
  intervalLimit: natural,
  smallFirst: natural,
  singleCap: objectOf({ equityPpm: integer(0), least: natural }),
  interest: objectOf({ ppmYear: integer(0), yearDays: oneOf([365, 360]), days: oneOf(['begun', 'whole']) }),
  goodwill: natural,
  awards: objectOf({ T2: natural, T3: natural }),
  tiers: objectOf(Object.fromEntries(CAUSE_NAMES.map((cause) => [cause, oneOf(TIERS)]))),
  claimDays: objectOf({ open: integer(1), decide: integer(1), review: integer(1) }),
});

/** What keeps a value from being a policy, with the name of the field; undefined when it is one. */
export function policyFault(value: unknown): string | undefined {
  const wrong = POLICY(value, '');
  if (wrong !== undefined) return wrong;
  const { paragraphs, bandPpm, horizonPpm } = value as PolicyDocument;
  const misplaced = paragraphs.findIndex(({ number }, place) => number !== place + 1);
  if (misplaced >= 0) return `paragraphs[${misplaced}].number is not ${misplaced + 1}`;
  if (bandPpm > 1_000_000) return 'bandPpm is above 1,000,000';
  return horizonPpm > 1_000_000 ? 'horizonPpm is above 1,000,000' : undefined;
}

/** The policy that a value is. Refuses (throws `NotAPolicy`) any other. */
export function decodePolicy(value: unknown): PolicyDocument {
  const wrong = policyFault(value);
  if (wrong !== undefined) throw new NotAPolicy(wrong);
  return value as PolicyDocument;
}
