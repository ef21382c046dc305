/** The statement of one account: what is due to it by the policy, what is taken back, and why. */
import { toHex } from '../chain/digest.ts';
import { ACCOUNT_KEY } from '../engine/tables.ts';
import type { Assessed } from './assess-all.ts';
import type { Reason } from './claim.ts';
import type { ClaimsInput } from './claims.ts';
import type { IncidentWorlds } from './incident-worlds.ts';
import { reasonOf } from './reason.ts';
import { dueOf } from './statement-amounts.ts';
import type { Statement } from './statement.ts';
import { isHouse } from './valuation.ts';

/**
 * A statement but for its warrants, and for what the fund can pay. `policy` is the hash of the policy, `owned` what other accounts of
 * its owner gained of what it lost, `credited` what is to be taken back of it.
 */
export function statementOf(
  input: ClaimsInput,
  each: Assessed,
  policy: string,
  owned: bigint,
  credited: bigint,
): Statement {
  const { found, interval } = each;
  const { account } = found;
  const house = isHouse(account);
  const draft: Statement = {
    account,
    key: keyOf(input.worlds, account),
    policy,
    start: String(found.start),
    actual: { flows: found.actualFlows, end: String(found.actual) },
    other: { flows: found.otherFlows, end: String(found.other) },
    difference: String(found.difference),
    causes: found.causes,
    interval: interval === undefined ? null : { low: String(interval.low), high: String(interval.high) },
    notice: found.notice,
    chains: found.chains,
    netted: '0',
    principal: '0',
    interest: '0',
    goodwill: '0',
    awards: house ? [] : (input.awards?.get(account) ?? []),
    paidBefore: '0',
    returned: '0',
    refund: '0',
    paid: '0',
    owed: '0',
    reversed: '0',
    reason: house ? 'HOUSE' : 'EVEN',
    forced: [],
    warrants: [],
  };
  const { principal: given } = dueOf(input.policy, draft, input.interest);
  const netted = least(owned, given);
  // What is taken back stands first against what is paid to the same account in another chain.
  const against = least(credited, given - netted);
  const net = { ...draft, netted: String(netted + against) };
  const takenBefore = input.reversedBefore?.get(account) ?? 0n;
  const before = {
    ...net,
    paidBefore: String(input.paidBefore?.get(account) ?? 0n),
    returned: String(positive(takenBefore - (credited - against))),
  };
  const { principal, interest, goodwill, refund } = dueOf(input.policy, before, input.interest);
  const statement = {
    ...before,
    principal: String(principal),
    interest: String(interest),
    goodwill: String(goodwill),
    refund: String(refund),
    reversed: String(positive(credited - against - takenBefore)),
  };
  const reason: Reason = reasonOf(statement, {
    isSame: each.isSame,
    isQuestion: each.isQuestion,
    isLater: account >= input.worlds.before.account.rows,
    isCovered: input.coveredByRollback?.has(account) ?? false,
    ownerTook: netted > 0n,
  });
  return { ...statement, reason };
}

const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Public identity of an account; the house's are the number of the account alone. */
function keyOf({ actual, other }: IncidentWorlds, account: number): string {
  const { accountKey } = account < actual.account.rows ? actual : other;
  const words = accountKey.i32.slice(account * 8 + ACCOUNT_KEY.KEY, account * 8 + ACCOUNT_KEY.KEY + 8);
  return toHex(new Uint8Array(words.buffer));
}
