/** The form of a receipt and of the public roots. */
import { flag, type Form, hex32, integer, listOf, natural, objectOf, oneOf } from './document-form.ts';
import { policyFault } from './policy-form.ts';
import { type PublicRoots, RECEIPT_FORMAT, type Receipt, ROOTS_FORMAT } from './receipt.ts';
import { STATEMENT } from './statement.ts';

/** A file that is no receipt, or no roots: what is missing or of another kind. */
export class NotAReceipt extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'NotAReceipt';
  }
}

/** The form of public roots. */
export const ROOTS: Form = objectOf({
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

const POLICY: Form = (value, path) => {
  const fault = policyFault(value);
  return fault === undefined ? undefined : `${path}: ${fault}`;
};

/** A tree with a longer path would have more leaves than can be counted. */
const LONGEST_PATH = 64;

const RECEIPT: Form = objectOf({
  format: oneOf([RECEIPT_FORMAT]),
  roots: ROOTS,
  policy: POLICY,
  statement: STATEMENT,
  salt: hex32,
  index: integer(0),
  proof: listOf(hex32, LONGEST_PATH),
  sumPath: listOf(objectOf({ isLeft: flag, sum: natural, hash: hex32 }), LONGEST_PATH),
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
