/** Verifies a receipt: nothing is needed but the file and the public roots. One line for each statement that it makes. */
import { fromHex, sameBytes, toHex } from '../chain/digest.ts';
import { leafOf, type PublicRoots, RECEIPT_FORMAT, type Receipt, type Statement, sumLeafOf } from './receipt.ts';
import { POLICIES } from './refund-policy.ts';
import { rootOf } from './refund-tree.ts';
import { SumOutOfRange, sumRootOf } from './sum-tree.ts';

/** A statement of the receipt, and whether it holds. */
export interface Finding {
  readonly statement: string;
  readonly holds: boolean;
  /** The numbers, where it does not hold. */
  readonly detail: string;
}

/** A file that is no receipt: what is missing or of another kind. */
export class NotAReceipt extends Error {
  constructor(why: string) {
    super(`this is no receipt: ${why}`);
    this.name = 'NotAReceipt';
  }
}

/** Checks every statement of a receipt against the public roots. Refuses (throws `NotAReceipt`) what is none. */
export function verifyReceipt(receipt: Receipt, published: PublicRoots): Finding[] {
  requireReceipt(receipt);
  const { statement, roots } = receipt;
  const findings: Finding[] = [];
  const note = (text: string, holds: boolean, detail: string): void => {
    findings.push({ statement: text, holds, detail: holds ? '' : detail });
  };
  const same = (Object.keys(published) as (keyof PublicRoots)[]).find((name) => roots[name] !== published[name]);
  note('the receipt is of the published roots', same === undefined, `${same} differs`);
  noteEquation(statement, note);
  const salt = fromHex(receipt.salt);
  const leaf = leafOf(fromHex(published.incident), receipt.index, salt, statement);
  const root = rootOf(leaf, receipt.proof.map(fromHex));
  note('its leaf leads to the refund root', toHex(root) === published.refundRoot, `it leads to ${toHex(root)}`);
  note(
    'its place is among the leaves',
    receipt.index >= 0 && receipt.index < published.leaves,
    `${receipt.index} of ${published.leaves}`,
  );
  const sum = sumOf(receipt, salt);
  const isSum =
    sum !== undefined && sameBytes(sum.hash, fromHex(published.sumRoot)) && String(sum.sum) === published.total;
  note('its amount is part of the published total', isSum, sum === undefined ? 'a sum out of range' : `${sum.sum}`);
  return findings;
}

function noteEquation(statement: Statement, note: (text: string, holds: boolean, detail: string) => void): void {
  const value = (name: Exclude<keyof Statement, 'causes'>): bigint => BigInt(statement[name]);
  const difference = value('other') - value('actual');
  note('difference = equity it would have − equity it has', value('difference') === difference, `${difference}`);
  const causes = statement.causes.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  note('the causes sum to the difference', causes === difference, `${causes}`);
  if (statement.policy === 'D' || statement.policy === 'E' || statement.policy === 'DE') {
    const { equityBefore, equityAfter } = statement;
    const of = { closes: [], difference, equityBefore: BigInt(equityBefore), equityAfter: BigInt(equityAfter) };
    const amount = POLICIES[statement.policy].amount(of);
    const due = statement.reason === 'HOUSE' || amount < 0n ? 0n : amount;
    note('the refund is what the policy gives', value('refund') === due, `the policy gives ${due}`);
  }
  note('refund = paid + owed', value('refund') === value('paid') + value('owed'), statement.refund);
  const isNotNegative = [value('refund'), value('paid'), value('owed')].every((amount) => amount >= 0n);
  note('nothing is charged', isNotNegative, `${statement.refund}, ${statement.paid}, ${statement.owed}`);
}

function sumOf({ statement, sumPath }: Receipt, salt: Uint8Array): { sum: bigint; hash: Uint8Array } | undefined {
  try {
    const steps = sumPath.map(({ isLeft, sum, hash }) => ({ isLeft, sum: BigInt(sum), hash: fromHex(hash) }));
    return sumRootOf(sumLeafOf(salt, statement), steps);
  } catch (error) {
    if (error instanceof SumOutOfRange) return undefined;
    throw error;
  }
}

const HEX_32 = /^[0-9a-f]{64}$/;
const WHOLE = /^(?:0|-?[1-9]\d*)$/;
const AMOUNTS = ['actual', 'other', 'difference', 'equityBefore', 'equityAfter', 'refund', 'paid', 'owed'] as const;

/** Refuses (throws) anything that is not of the form of a receipt: what is verified must be exactly what it says. */
function requireReceipt(receipt: Receipt): void {
  const need = (holds: boolean, why: string): void => {
    if (!holds) throw new NotAReceipt(why);
  };
  need(receipt?.format === RECEIPT_FORMAT, `its format is not ${RECEIPT_FORMAT}`);
  const { statement, salt, proof, sumPath, index, roots } = receipt;
  need(typeof roots === 'object' && roots !== null, 'it has no roots');
  need(Number.isSafeInteger(index), 'its index is no whole number');
  need(HEX_32.test(salt), 'its salt is not 32 bytes');
  need(Array.isArray(proof) && proof.every((hash) => HEX_32.test(hash)), 'its proof is no list of hashes');
  need(
    Array.isArray(sumPath) &&
      sumPath.every(({ isLeft, sum, hash }) => typeof isLeft === 'boolean' && WHOLE.test(sum) && HEX_32.test(hash)),
    'its sum path is no list of sums and hashes',
  );
  need(typeof statement === 'object' && statement !== null, 'it has no statement');
  need(HEX_32.test(statement.key), 'its account key is not 32 bytes');
  for (const name of AMOUNTS) need(WHOLE.test(statement[name]), `${name} is no whole number`);
  need(Object.hasOwn(POLICIES, statement.policy), `${statement.policy} is no policy`);
  need(
    Array.isArray(statement.causes) && statement.causes.every(({ amount }) => WHOLE.test(amount)),
    'its causes are no list of amounts',
  );
}
