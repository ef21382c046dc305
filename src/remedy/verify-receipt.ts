/** Verifies a receipt: nothing is needed but the file and the public roots. One line for each statement that it makes. */
import { fromHex, toHex } from '../chain/digest.ts';
import { awardFault } from './award.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { policyHash } from './policy-document.ts';
import type { Finding, Note } from './receipt-finding.ts';
import { leafOf, type PublicRoots, type Receipt, sumLeafOf } from './receipt.ts';
import { requireReceipt, requireRoots } from './receipt-form.ts';
import { rootOf } from './refund-tree.ts';
import { chainAmountOf, dueOf, excludedOf } from './statement-amounts.ts';
import type { ChainStatement, Flow, Statement } from './statement.ts';
import { SumOutOfRange, sumRootOf } from './sum-tree.ts';
import { noteWarrants } from './warrant-statement.ts';

/** Checks every statement of a receipt against the public roots. Refuses (throws `NotAReceipt`) what is none. */
export function verifyReceipt(receipt: unknown, published: unknown): Finding[] {
  requireReceipt(receipt);
  requireRoots(published);
  const findings: Finding[] = [];
  const note: Note = (statement, holds, detail) => {
    findings.push({ statement, holds, detail: holds ? '' : detail });
  };
  noteDocuments(receipt, published, note);
  noteEquation(receipt.statement, note);
  noteChains(receipt.statement, note);
  noteLateNotice(receipt, note);
  noteAmounts(receipt, published, note);
  noteReason(receipt.statement, note);
  noteWarrants(receipt.statement, note);
  noteTrees(receipt, published, note);
  return findings;
}

function noteDocuments({ roots, policy, statement }: Receipt, published: PublicRoots, note: Note): void {
  const text = (value: unknown): string => canonicalJson(value as Json);
  const different = (Object.keys(published) as (keyof PublicRoots)[]).find(
    (name) => text(roots[name]) !== text(published[name]),
  );
  note('the receipt is of the published roots', different === undefined, `${different} differs`);
  const hash = toHex(policyHash(policy));
  const isPublished = hash === published.policy && statement.policy === hash;
  note('its policy is the published one', isPublished, `the policy is ${hash}, published is ${published.policy}`);
}

const sumOf = (list: readonly { readonly amount: string }[]): bigint =>
  list.reduce((sum, { amount }) => sum + BigInt(amount), 0n);

function noteEquation({ start, actual, other, difference, causes }: Statement, note: Note): void {
  const has = BigInt(start) + sumOf(actual.flows);
  note('equity it has = equity at the start + what happened', BigInt(actual.end) === has, `${has}`);
  const would = BigInt(start) + sumOf(other.flows);
  note(
    'equity it would have = equity at the start + what would have happened',
    BigInt(other.end) === would,
    `${would}`,
  );
  const found = BigInt(other.end) - BigInt(actual.end);
  note('difference = equity it would have − equity it has', BigInt(difference) === found, `${found}`);
  const parts = sumOf(causes);
  note('the causes sum to the difference', BigInt(difference) === parts, `${parts}`);
}

/** Σ by name, names with nothing left out, as one text. */
function totals(list: readonly (readonly [name: string, amount: string])[]): string {
  const sums = new Map<string, bigint>();
  for (const [name, amount] of list) sums.set(name, (sums.get(name) ?? 0n) + BigInt(amount));
  const lines = [...sums].filter(([, sum]) => sum !== 0n).map(([name, sum]) => `${name} ${sum}`);
  return lines.sort().join(', ');
}

function noteChains({ chains, causes, actual }: Statement, note: Note): void {
  const flowsOf = (flows: readonly Flow[]) => flows.map(({ what, amount }) => [what, amount] as const);
  const causesOf = (of: Pick<Statement, 'causes'>) => of.causes.map(({ cause, amount }) => [cause, amount] as const);
  const parts = totals(chains.flatMap(causesOf));
  note('the chains hold every part of the difference', parts === totals(causesOf({ causes })), parts);
  const flows = totals(chains.flatMap((chain) => flowsOf(chain.flows)));
  note('the chains hold all that happened', flows === totals(flowsOf(actual.flows)), flows);
  const wrong = chains.find(({ difference, loss, ...chain }) => {
    const isSum = BigInt(difference) === sumOf(chain.causes);
    return !isSum || (loss !== null && BigInt(loss) !== -sumOf(chain.flows));
  });
  note("each chain's difference and loss are the sums of its parts", wrong === undefined, about(wrong));
}

const LATE = 'late_notice';

/** What later notice made of the account is size × (price at its restoration − price at the check time), in each world and each chain. */
function noteLateNotice({ policy, statement: { notice, actual, other, chains } }: Receipt, note: Note): void {
  const markets = notice?.markets ?? [];
  const worth = (sizeOf: (of: (typeof markets)[number]) => bigint, of = markets): bigint =>
    of.reduce((sum, each) => sum + sizeOf(each) * (BigInt(each.price) - BigInt(each.checkPrice)), 0n);
  const partsOf = (list: readonly { readonly amount: string }[]): bigint =>
    sumOf(list.filter((part) => ('what' in part ? part.what : 'cause' in part && part.cause) === LATE));
  const [has, would] = [worth((of) => BigInt(of.actual)), worth((of) => BigInt(of.other))];
  const isOnce = new Set(markets.map(({ market }) => market)).size === markets.length;
  const isInWorlds = partsOf(actual.flows) === has && partsOf(other.flows) === would;
  const wrong = chains.find((chain) => {
    const own = markets.filter(({ market }) => chain.markets.includes(market));
    const part = partsOf(chain.causes);
    const isOther = policy.netting === 'gross' && part === 0n;
    return !isOther && part !== worth((of) => BigInt(of.other) - BigInt(of.actual), own);
  });
  const detail = wrong === undefined ? `it has ${has} by it, would have ${would}` : about(wrong);
  note('what later notice made of it is its sizes at the later prices', isOnce && isInWorlds && !wrong, detail);
}

const about = (chain: ChainStatement | undefined): string => `chain of markets ${chain?.markets.join(', ')}`;

function noteAmounts({ policy, statement }: Receipt, { interest: span }: PublicRoots, note: Note): void {
  const { chains, interval, difference } = statement;
  if (interval !== null) {
    const isNarrow = BigInt(interval.high) - BigInt(interval.low) <= BigInt(policy.intervalLimit);
    const end = isNarrow ? interval.high : interval.low;
    const isOrdered = BigInt(interval.low) <= BigInt(interval.high);
    note('of an uncertain difference the policy takes this end', isOrdered && difference === end, end);
  }
  const wrong = chains.find(
    (chain) =>
      BigInt(chain.excluded) !== excludedOf(policy, chain.causes) ||
      BigInt(chain.amount) !== chainAmountOf(policy, chain),
  );
  const gives = wrong === undefined ? '' : `${about(wrong)}: the policy gives ${chainAmountOf(policy, wrong)}`;
  note('each chain has what the policy gives for it', wrong === undefined, gives);
  const due = dueOf(policy, statement, span);
  const [principal, interest, goodwill] = [statement.principal, statement.interest, statement.goodwill].map(BigInt);
  note('the principal is what the policy gives', principal === due.principal, `the policy gives ${due.principal}`);
  const isInterest = interest === due.interest && goodwill === due.goodwill;
  note('interest and goodwill are those of the policy', isInterest, `${due.interest} and ${due.goodwill}`);
  const isRefund = BigInt(statement.refund) === due.refund;
  note(
    'refund = principal + interest + goodwill + awards + given back − what was paid before',
    isRefund,
    `${due.refund}`,
  );
  const fault = awardFault(policy, statement);
  note('what was awarded is by the rule and within the caps', fault === undefined, fault ?? '');
  const split = BigInt(statement.paid) + BigInt(statement.owed);
  note('refund = paid + owed', BigInt(statement.refund) === split, `${split}`);
}

const PAID: readonly string[] = ['RESTORED', 'RESTORED_BEFORE', 'AWARDED', 'GIVEN_BACK'];
const EVEN: readonly string[] = ['UNAFFECTED_HASH_EQUAL', 'EVEN'];

function noteReason(statement: Statement, note: Note): void {
  const { reason, refund, reversed, returned, difference, paidBefore, awards } = statement;
  const isPaid = refund !== '0';
  const fits =
    (reason === 'QUESTION' || PAID.includes(reason) === isPaid) &&
    (!EVEN.includes(reason) || difference === '0') &&
    (reason !== 'GAIN_NOT_PURSUED' || BigInt(difference) < 0n) &&
    (reason !== 'AWARDED' || awards.length > 0) &&
    (reason !== 'PAID_BEFORE' || paidBefore !== '0') &&
    (reason !== 'GAIN_REVERSED' || reversed !== '0') &&
    (reason !== 'GIVEN_BACK' || returned !== '0') &&
    (reversed === '0' || (!isPaid && returned === '0'));
  note(
    'the reason fits the amounts',
    fits,
    `${reason}: difference ${difference}, refund ${refund}, reversed ${reversed}`,
  );
}

function noteTrees(receipt: Receipt, published: PublicRoots, note: Note): void {
  const { index, proof, statement } = receipt;
  const salt = fromHex(receipt.salt);
  note('its place is among the leaves', index < published.leaves, `${index} of ${published.leaves}`);
  const root = toHex(rootOf(leafOf(fromHex(published.incident), index, salt, statement), proof.map(fromHex)));
  note('its leaf leads to the refund root', root === published.refundRoot, `it leads to ${root}`);
  const sum = sumRoot(receipt, salt);
  const isSum = sum?.hash === published.sumRoot && sum.sum === published.total;
  note('its amount is part of the published total', isSum, sum === undefined ? 'a sum out of range' : sum.sum);
}

function sumRoot({ statement, sumPath }: Receipt, salt: Uint8Array): { sum: string; hash: string } | undefined {
  try {
    const steps = sumPath.map(({ isLeft, sum, hash }) => ({ isLeft, sum: BigInt(sum), hash: fromHex(hash) }));
    const { sum, hash } = sumRootOf(sumLeafOf(salt, statement), steps);
    return { sum: String(sum), hash: toHex(hash) };
  } catch (error) {
    if (error instanceof SumOutOfRange) return undefined;
    throw error;
  }
}
