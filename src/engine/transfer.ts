/** Money in, out and between accounts. Source: Paradex, "Risk checks" (withdrawable), "Socialized losses". */
import { multiplyDivideCeil, Wide } from './amount.ts';
import { EVENT } from './event.ts';
import { changeBalance, changePending, recordDeposit, recordWithdrawal } from './ledger.ts';
import { isVenuePaused } from './market.ts';
import { computeMargin, Margin } from './margin.ts';
import { REFUSAL } from './refusal.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from './state.ts';
import { OPERATION } from './status.ts';
import { ACCOUNT, VENUE, WITHDRAWAL } from './tables.ts';

/** Largest amount of one movement, 1e-8 USDC. */
const AMOUNT_LIMIT = 2 ** 51;
const PENDING = 1;

/** Whether it is the amount of one movement of money: a whole number above 0, and not too large. */
export function checkAmount(amount: number): number {
  if (!(Number.isInteger(amount) && amount > 0)) return REFUSAL.amount_not_positive;
  return amount > AMOUNT_LIMIT ? REFUSAL.amount_too_large : 0;
}

/** Whether an account is there, and is a trader's. */
export function checkTrader(state: State, account: number): number {
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  return state.account.i32[account * 16 + ACCOUNT.KIND] === ACCOUNT_KIND.TRADER ? 0 : REFUSAL.account_is_not_a_trader;
}

/** Changes a balance and the bound of its account with it. */
export function moveMoney(state: State, account: number, amount: number): void {
  changeBalance(state, account, amount);
  state.index.bounds.shift(account, amount);
}

/** Credits a deposit, or returns why not. References are whole numbers that rise: one that does not was credited before. */
export function deposit(state: State, account: number, amount: number, reference: number): number {
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  const refusal = checkAmount(amount);
  if (refusal !== 0) return refusal;
  const { f64 } = state.venue;
  if (!(reference > (f64[64 + VENUE.DEPOSIT_REFERENCE] as number))) return REFUSAL.deposit_already_credited;
  // One that is no whole number, like infinity, would shut out every deposit after it.
  if (!Number.isSafeInteger(reference)) return REFUSAL.value_out_of_range;
  f64[64 + VENUE.DEPOSIT_REFERENCE] = reference;
  moveMoney(state, account, amount);
  recordDeposit(state, amount);
  state.events.emit(EVENT.deposited, account, amount, reference);
  return 0;
}

const margin = new Margin();
const wanted = new Wide();
const free = new Wide();

/** True when `amount` is within min(balance, max(0, equity − initial margin)). */
export function isFree(state: State, account: number, amount: number): boolean {
  wanted.clear().add(amount);
  if (free.load(state.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH).compare(wanted) < 0) return false;
  computeMargin(state, account, margin);
  return margin.equity.subtractWide(margin.initial).compare(wanted) >= 0;
}

/** Who owes the venue takes no money out. */
function owesVenue(state: State, account: number): boolean {
  return state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] !== 0;
}

/** Takes a withdrawal out of the balance and keeps it pending, or returns why not. The socialised loss is kept back here. */
export function requestWithdrawal(state: State, account: number, amount: number, timeMs: number): number {
  const refusal =
    checkTrader(state, account) ||
    (isVenuePaused(state, OPERATION.WITHDRAWALS) ? REFUSAL.operation_paused : 0) ||
    checkAmount(amount);
  if (refusal !== 0) return refusal;
  if (owesVenue(state, account)) return REFUSAL.receivable_outstanding;
  if (!isFree(state, account, amount)) return REFUSAL.insufficient_free_collateral;
  const { f64 } = state.venue;
  const loss = multiplyDivideCeil(amount, f64[64 + VENUE.LOSS_FACTOR] as number, 1e12);
  moveMoney(state, account, -amount);
  if (loss !== 0) moveMoney(state, INSURANCE_FUND, loss);
  changePending(state, account, amount - loss);
  const id = (f64[64 + VENUE.WITHDRAWALS] as number) + 1;
  f64[64 + VENUE.WITHDRAWALS] = id;
  const row = state.withdrawal.allocate();
  const rows = state.withdrawal;
  rows.i32[row * 16 + WITHDRAWAL.ACCOUNT] = account;
  rows.i32[row * 16 + WITHDRAWAL.STATUS] = PENDING;
  rows.f64[row * 8 + WITHDRAWAL.ID] = id;
  rows.f64[row * 8 + WITHDRAWAL.AMOUNT] = amount - loss;
  rows.f64[row * 8 + WITHDRAWAL.LOSS] = loss;
  rows.f64[row * 8 + WITHDRAWAL.REQUESTED_MS] = timeMs;
  rows.touch(row);
  state.events.emit(EVENT.withdrawalRequested, account, id, amount - loss, loss);
  return 0;
}

/** A pending withdrawal left for good, or failed outside and goes back; the loss it bore is not undone. */
export function settleWithdrawal(state: State, id: number, settled: boolean): number {
  const { withdrawal } = state;
  const row = findWithdrawal(state, id);
  if (row === 0) return REFUSAL.withdrawal_unknown;
  const account = withdrawal.i32[row * 16 + WITHDRAWAL.ACCOUNT] as number;
  const amount = withdrawal.f64[row * 8 + WITHDRAWAL.AMOUNT] as number;
  changePending(state, account, -amount);
  if (settled) recordWithdrawal(state, amount);
  else moveMoney(state, account, amount);
  withdrawal.i32[row * 16 + WITHDRAWAL.STATUS] = 0;
  withdrawal.release(row);
  state.events.emit(EVENT.withdrawalSettled, account, id, amount, settled ? 1 : 0);
  return 0;
}

function findWithdrawal(state: State, id: number): number {
  const { i32, f64, rows } = state.withdrawal;
  for (let row = 1; row < rows; row++) {
    if (i32[row * 16 + WITHDRAWAL.STATUS] === PENDING && f64[row * 8 + WITHDRAWAL.ID] === id) return row;
  }
  return 0;
}

/** Moves free collateral from one account to another, or returns why not. */
export function transfer(state: State, from: number, to: number, amount: number): number {
  const isThere = (account: number): boolean => account >= 1 && account < state.account.rows;
  if (!isThere(from) || !isThere(to)) return REFUSAL.account_unknown;
  const refusal =
    checkTrader(state, from) ||
    checkTrader(state, to) ||
    (isVenuePaused(state, OPERATION.TRANSFERS) ? REFUSAL.operation_paused : 0) ||
    checkAmount(amount);
  if (refusal !== 0) return refusal;
  if (owesVenue(state, from)) return REFUSAL.receivable_outstanding;
  if (!isFree(state, from, amount)) return REFUSAL.insufficient_free_collateral;
  moveMoney(state, from, -amount);
  moveMoney(state, to, amount);
  state.events.emit(EVENT.transferred, from, to, amount);
  return 0;
}
