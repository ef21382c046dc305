/**
 * What an account has in a world, as bytes: its money, its positions by market, its open orders. Names that a world gave by chance (rows,
 * order ids) are not in it, so that two worlds in which an account has the same give the same bytes, and the same digest.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { State } from '../engine/state.ts';
import { ACCOUNT, ORDER, POSITION } from '../engine/tables.ts';

const MONEY = [
  ACCOUNT.BALANCE_HIGH,
  ACCOUNT.BALANCE_LOW,
  ACCOUNT.PENDING_HIGH,
  ACCOUNT.PENDING_LOW,
  ACCOUNT.RECEIVABLE,
] as const;
const HELD = [
  POSITION.SIZE,
  POSITION.COST_HIGH,
  POSITION.COST_LOW,
  POSITION.FUNDING_INDEX,
  POSITION.BUY_SIZE,
  POSITION.SELL_SIZE,
] as const;
const ASKED = [ORDER.PRICE, ORDER.REMAINING, ORDER.SIZE, ORDER.FLAGS, ORDER.TRIGGER] as const;

/** What an account has, number by number; of an account that is not there, nothing. */
function accountNumbers(state: State, account: number): number[] {
  if (account >= state.account.rows) return [];
  const numbers = MONEY.map((column) => state.account.f64[account * 8 + column] as number);
  const { i32, f64 } = state.position;
  const held: number[] = [];
  let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    if (f64[row * 16 + POSITION.SIZE] !== 0 || i32[row * 32 + POSITION.ORDER_COUNT] !== 0) held.push(row);
  }
  held.sort((a, b) => (i32[a * 32 + POSITION.MARKET] as number) - (i32[b * 32 + POSITION.MARKET] as number));
  for (const each of held) {
    numbers.push(i32[each * 32 + POSITION.MARKET] as number, i32[each * 32 + POSITION.INITIAL_MARGIN] as number);
    for (const column of HELD) numbers.push(f64[each * 16 + column] as number);
    const orders = ordersOf(state, i32[each * 32 + POSITION.FIRST_ORDER] as number);
    numbers.push(orders.length, ...orders.flat());
  }
  return numbers;
}

/** The orders of a position, newest first. */
function ordersOf({ order: { i32 } }: State, first: number): number[][] {
  const orders: number[][] = [];
  for (let row = first; row !== 0; row = i32[row * 16 + ORDER.NEXT_OWN] as number) {
    orders.push(ASKED.map((column) => i32[row * 16 + column] as number));
  }
  return orders;
}

/** SHA-256 of what an account has: the same in two worlds exactly when it has the same. */
export function accountDigest(state: State, account: number): Uint8Array {
  const numbers = Float64Array.from(accountNumbers(state, account));
  return sha256(new Uint8Array(numbers.buffer));
}

/** True when the account's digests in two worlds are equal: the incident did not touch what it has. */
export function isUnaffected(one: State, two: State, account: number): boolean {
  const [here, there] = [accountNumbers(one, account), accountNumbers(two, account)];
  return here.length === there.length && here.every((number, at) => Object.is(number, there[at]));
}
