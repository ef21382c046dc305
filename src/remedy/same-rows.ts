/** Whether an account is the same in two worlds: its money and all it holds, number by number. */
import type { State } from '../engine/state.ts';
import { ACCOUNT, POSITION } from '../engine/tables.ts';

const MONEY = [
  ACCOUNT.BALANCE_HIGH,
  ACCOUNT.BALANCE_LOW,
  ACCOUNT.PENDING_HIGH,
  ACCOUNT.PENDING_LOW,
  ACCOUNT.RECEIVABLE,
] as const;
const HELD = [POSITION.SIZE, POSITION.COST_HIGH, POSITION.COST_LOW, POSITION.FUNDING_INDEX] as const;

/** True when an account's money and positions are the same, number by number, in both worlds. */
export function areRowsSame(actual: State, other: State, account: number): boolean {
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
