/** Why an account is paid what it is paid: one reason for each, and for each zero. */
import { awardedOf } from './award.ts';
import type { Reason } from './claim.ts';
import type { Statement } from './statement.ts';
import { isHouse } from './valuation.ts';

/** What the reason rests on beside the statement's own numbers. */
export interface Circumstances {
  /** Its rows are the same in both worlds. */
  readonly isSame: boolean;
  readonly isQuestion: boolean;
  readonly isLater: boolean;
  readonly isCovered: boolean;
  /** Other accounts of its owner gained of what it lost. */
  readonly ownerTook: boolean;
}

/** The reason of a statement. */
export function reasonOf(statement: Statement, circumstances: Circumstances): Reason {
  const { isQuestion, ownerTook } = circumstances;
  if (isHouse(statement.account)) return 'HOUSE';
  if (isQuestion) return 'QUESTION';
  const awarded = awardedOf(statement.awards);
  const refund = BigInt(statement.refund);
  // What is due beyond the awards has its own reason, where there is any.
  const returned = BigInt(statement.returned);
  if (refund > awarded + returned) return isByBefore(statement) ? 'RESTORED_BEFORE' : 'RESTORED';
  if (refund > returned) return 'AWARDED';
  if (refund > 0n) return 'GIVEN_BACK';
  if (BigInt(statement.principal) + awarded > 0n) return 'PAID_BEFORE';
  if (BigInt(statement.reversed) > 0n) return 'GAIN_REVERSED';
  if (ownerTook) return 'SELF_TRADE_NETTED';
  const difference = BigInt(statement.difference);
  if (difference === 0n) return evenReason(circumstances);
  if (statement.causes.some(({ cause }) => cause === 'liquidated_anyway')) return 'LIQUIDATED_ANYWAY';
  return difference < 0n ? 'GAIN_NOT_PURSUED' : 'OUTSIDE_POLICY';
}

function evenReason({ isSame, isLater, isCovered }: Circumstances): Reason {
  if (isCovered) return 'COVERED_BY_ROLLBACK';
  if (isLater) return 'CREATED_LATER';
  return isSame ? 'UNAFFECTED_HASH_EQUAL' : 'EVEN';
}

/** Whether any chain is paid by what it lost since before rather than by what it lacks. */
function isByBefore({ chains }: Statement): boolean {
  return chains.some(({ amount, difference, excluded, loss }) => {
    const base = BigInt(difference) - BigInt(excluded);
    return loss !== null && BigInt(amount) > 0n && BigInt(amount) === BigInt(loss) && BigInt(loss) > base;
  });
}
