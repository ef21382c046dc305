/**
 * The assessment: what every account of the venue would have, what it has, and the difference. All accounts in one run, the house's
 * among them, at one valuation; the differences must sum to the difference of the external flows, to the last unit, or nothing may
 * be approved.
 */
import type { State } from '../engine/state.ts';
import { ACCOUNT, POSITION, VENUE } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import { asRecorded, clearingOf, equities, isHouse, type SettledIndex, type Valuation } from './valuation.ts';

/** Why an account is paid nothing, or something. */
const REASONS = {
  RESTORED: 'has less than it would have had: paid',
  UNAFFECTED: 'its rows are the same in both worlds',
  EVEN: 'its rows differ, its equity does not',
  GAIN_NOT_PURSUED: 'has more than it would have had: not pursued',
  HOUSE: 'an account of the venue itself',
} as const;

type Reason = keyof typeof REASONS;

/** What is found of one account; amounts are 1e-8 USDC. */
interface AccountAssessment {
  readonly account: number;
  /** Equity in the actual world and in the counterfactual, at the same valuation. */
  readonly actual: bigint;
  readonly other: bigint;
  /** `other` − `actual`. */
  readonly difference: bigint;
  readonly reason: Reason;
}

export interface Assessment {
  readonly accounts: readonly AccountAssessment[];
  /** Σ differences (clearing included) − difference of the external flows: 0, or nothing may be approved. */
  readonly residual: bigint;
  /** What the rounding of funding leaves in the clearings and what is set aside for refunds, in the counterfactual minus in the actual world. */
  readonly clearing: bigint;
  /** Money brought in minus money taken out, in the counterfactual minus in the actual world. */
  readonly external: bigint;
}

/** Two worlds at one moment. */
export interface Worlds {
  readonly actual: State;
  readonly other: State;
  readonly valuation: Valuation;
  /** Up to which true index a position of the actual world has settled. */
  readonly settledInActual: SettledIndex;
}

/** Assesses every account that either world has. */
export function assess({ actual, other, valuation, settledInActual }: Worlds): Assessment {
  const here = equities(actual, valuation, settledInActual);
  const there = equities(other, valuation);
  const accounts: AccountAssessment[] = [];
  let sum = 0n;
  for (let account = 1; account < Math.max(here.length, there.length); account++) {
    const [own, theirs] = [here[account] ?? 0n, there[account] ?? 0n];
    const difference = theirs - own;
    sum += difference;
    const isSame = areRowsSame(actual, other, account);
    accounts.push({ account, actual: own, other: theirs, difference, reason: reasonOf(account, difference, isSame) });
  }
  const held = (state: State, settled: SettledIndex): bigint =>
    clearingOf(state, valuation, settled) + wide(state.venue.f64, 64 + VENUE.RESERVED_HIGH);
  const clearing = held(other, asRecorded) - held(actual, settledInActual);
  const external = externalOf(other) - externalOf(actual);
  return { accounts, residual: sum + clearing - external, clearing, external };
}

function reasonOf(account: number, difference: bigint, isSame: boolean): Reason {
  if (isHouse(account)) return 'HOUSE';
  if (difference > 0n) return 'RESTORED';
  if (difference < 0n) return 'GAIN_NOT_PURSUED';
  return isSame ? 'UNAFFECTED' : 'EVEN';
}

/** Deposits minus withdrawals that have left, since genesis. */
function externalOf({ venue }: State): bigint {
  return wide(venue.f64, 64 + VENUE.DEPOSITED_HIGH) - wide(venue.f64, 64 + VENUE.WITHDRAWN_HIGH);
}

const MONEY = [ACCOUNT.BALANCE_HIGH, ACCOUNT.BALANCE_LOW, ACCOUNT.PENDING_HIGH, ACCOUNT.PENDING_LOW] as const;
const HELD = [POSITION.SIZE, POSITION.COST_HIGH, POSITION.COST_LOW, POSITION.FUNDING_INDEX] as const;

/** True when an account's money and positions are the same, number by number, in both worlds. */
function areRowsSame(actual: State, other: State, account: number): boolean {
  if (account >= actual.account.rows || account >= other.account.rows) return false;
  const sameMoney = MONEY.every(
    (column) => actual.account.f64[account * 8 + column] === other.account.f64[account * 8 + column],
  );
  return sameMoney && holdingsOf(actual, account) === holdingsOf(other, account);
}

/** What an account holds, market by market, as one text. */
function holdingsOf({ account: accounts, position }: State, account: number): string {
  const held: string[] = [];
  let row = accounts.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  while (row !== 0) {
    const numbers = HELD.map((column) => position.f64[row * 16 + column] as number);
    if (numbers[0] !== 0) held.push(`${position.i32[row * 32 + POSITION.MARKET]}:${numbers.join(',')}`);
    row = position.i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
  }
  return held.sort().join(';');
}
