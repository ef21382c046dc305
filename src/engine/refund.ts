/**
 * The refund ledger: what the remedy pays, in two steps. An amount is set aside from the insurance fund under an id (pending), then
 * credited (posted) or given back (voided). An id is used once, for good: what is asked for a second time is refused by name and
 * nothing happens, so that any number of retries pays once.
 */
import { EVENT } from './event.ts';
import { changeReserved } from './ledger.ts';
import { REFUSAL } from './refusal.ts';
import { INSURANCE_FUND, type State } from './state.ts';
import { REFUND } from './tables.ts';
import { checkAmount, checkTrader, isFree, moveMoney } from './transfer.ts';

/** What became of an id; `REVERSED` is that of a credit that was taken back. */
export const REFUND_STATUS = { PENDING: 1, POSTED: 2, VOIDED: 3, REVERSED: 4 } as const;

/** The row of the refund whose id stands at `at` of `words`, 0 when there is none. */
export function findRefund(state: State, words: Int32Array, at: number): number {
  return state.index.refunds.find(state.refund, words, at);
}

/** Makes the row of an id that has none yet. */
export function addRefund(
  state: State,
  account: number,
  amount: number,
  words: Int32Array,
  at: number,
  status: number,
): number {
  const { refund } = state;
  const row = refund.allocate();
  refund.i32[row * 8 + REFUND.ACCOUNT] = account;
  refund.i32[row * 8 + REFUND.STATUS] = status;
  for (let word = 0; word < 4; word++) refund.i32[row * 8 + REFUND.ID + word] = words[at + word] as number;
  refund.f64[row * 4 + REFUND.AMOUNT] = amount;
  refund.touch(row);
  state.index.refunds.add(refund, row);
  return row;
}

/** Sets an amount aside for an account out of the insurance fund's free balance, or returns why not. */
export function reserveRefund(state: State, account: number, amount: number, words: Int32Array, at: number): number {
  const unfit = checkTrader(state, account);
  if (unfit !== 0) return unfit;
  if (findRefund(state, words, at) !== 0) return REFUSAL.refund_exists;
  const refusal = checkAmount(amount);
  if (refusal !== 0) return refusal;
  if (!isFree(state, INSURANCE_FUND, amount)) return REFUSAL.fund_insufficient;
  moveMoney(state, INSURANCE_FUND, -amount);
  changeReserved(state, amount);
  tell(state, EVENT.refundReserved, addRefund(state, account, amount, words, at, REFUND_STATUS.PENDING));
  return 0;
}

/** Credits what was set aside to its account, or returns why not. */
export function postRefund(state: State, words: Int32Array, at: number): number {
  return endRefund(state, words, at, true);
}

/** Gives what was set aside back to the insurance fund, or returns why not. The id stays used. */
export function voidRefund(state: State, words: Int32Array, at: number): number {
  return endRefund(state, words, at, false);
}

function endRefund(state: State, words: Int32Array, at: number, isPosted: boolean): number {
  const row = findRefund(state, words, at);
  if (row === 0) return REFUSAL.refund_unknown;
  const { i32, f64 } = state.refund;
  if (i32[row * 8 + REFUND.STATUS] !== REFUND_STATUS.PENDING) return REFUSAL.refund_not_pending;
  const amount = f64[row * 4 + REFUND.AMOUNT] as number;
  changeReserved(state, -amount);
  moveMoney(state, isPosted ? (i32[row * 8 + REFUND.ACCOUNT] as number) : INSURANCE_FUND, amount);
  i32[row * 8 + REFUND.STATUS] = isPosted ? REFUND_STATUS.POSTED : REFUND_STATUS.VOIDED;
  state.refund.touch(row);
  tell(state, isPosted ? EVENT.refundPosted : EVENT.refundVoided, row);
  return 0;
}

function tell(state: State, kind: number, row: number): void {
  const { i32, f64 } = state.refund;
  const word = (column: number): number => i32[row * 8 + column] as number;
  const amount = f64[row * 4 + REFUND.AMOUNT] as number;
  const { ID } = REFUND;
  state.events.emit(kind, word(REFUND.ACCOUNT), amount, row, word(ID), word(ID + 1), word(ID + 2), word(ID + 3));
}
