/** The form of a receipt and of the public roots. What of a policy is not read here is held by its hash. */
import { CAUSE_NAMES } from './cause.ts';
import { anything, flag, type Form, hex32, integer, listOf, natural, objectOf, oneOf } from './document-form.ts';
import { NETTINGS, TIERS } from './policy-document.ts';
import { type PublicRoots, RECEIPT_FORMAT, type Receipt, ROOTS_FORMAT } from './receipt.ts';
import { POLICIES } from './refund-policy.ts';
import { STATEMENT } from './statement.ts';

/** A file that is no receipt, or no roots: what is missing or of another kind. */
export class NotAReceipt extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'NotAReceipt';
  }
}

const ROOTS: Form = objectOf({
  format: oneOf([ROOTS_FORMAT]),
  incident: hex32,
  policy: hex32,
  round: integer(1),
  interest: objectOf({ fromMs: integer(0), toMs: integer(0) }),
  refundRoot: hex32,
  total: natural,
  sumRoot: hex32,
  leaves: integer(1),
});

/** The members of a policy by which amounts are computed. */
const USED_OF_POLICY: Readonly<Record<string, Form>> = {
  pays: oneOf(Object.keys(POLICIES)),
  netting: oneOf(NETTINGS),
  goodwill: natural,
  intervalLimit: natural,
  tiers: objectOf(Object.fromEntries(CAUSE_NAMES.map((cause) => [cause, oneOf(TIERS)]))),
  interest: objectOf({ ppmYear: integer(0), yearDays: oneOf([365, 360]), days: oneOf(['begun', 'whole']) }),
};

const POLICY: Form = (value, path) => {
  if (typeof value !== 'object' || value === null) return `${path} is no policy`;
  const others = Object.keys(value).map((name) => [name, anything] as const);
  return objectOf({ ...Object.fromEntries(others), ...USED_OF_POLICY })(value, path);
};

const RECEIPT: Form = objectOf({
  format: oneOf([RECEIPT_FORMAT]),
  roots: ROOTS,
  policy: POLICY,
  statement: STATEMENT,
  salt: hex32,
  index: integer(0),
  proof: listOf(hex32),
  sumPath: listOf(objectOf({ isLeft: flag, sum: natural, hash: hex32 })),
});

/** Refuses (throws `NotAReceipt`) anything that is not of the form of a receipt. */
export function requireReceipt(value: unknown): asserts value is Receipt {
  const wrong = RECEIPT(value, '');
  if (wrong !== undefined) throw new NotAReceipt(`this is no receipt: ${wrong}`);
}

/** Refuses (throws `NotAReceipt`) anything that is not of the form of public roots. */
export function requireRoots(value: unknown): asserts value is PublicRoots {
  const wrong = ROOTS(value, '');
  if (wrong !== undefined) throw new NotAReceipt(`these are no public roots: ${wrong}`);
}
