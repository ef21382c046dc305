/**
 * What an account owes beside its balance. It comes of facts that cannot be undone: money that left on a branch that was rolled back,
 * credits that the venue made by mistake. Free collateral pays at once, never what margin needs; the rest is owed, keeps money from
 * leaving, and is no part of the equity: nobody is liquidated for it.
 */
import { Wide } from './amount.ts';
import { EVENT } from './event.ts';
import { changeReceivable, recordWithdrawal } from './ledger.ts';
import { computeMargin, Margin } from './margin.ts';
import { addRefund, findRefund, REFUND_STATUS } from './refund.ts';
import { REFUSAL } from './refusal.ts';
import { INSURANCE_FUND, type State } from './state.ts';
import { ACCOUNT, VENUE } from './tables.ts';
import { checkAmount, checkTrader, isFree, moveMoney } from './transfer.ts';

/** No account can owe more, 1e-8 USDC: it stays an exact float. */
const RECEIVABLE_LIMIT = 2 ** 52;
/** Ids of withdrawals rise one by one: one so far ahead is none, and would take their numbers from all below it. */
const WITHDRAWAL_GAP = 1_000_000;

function owed(state: State, account: number): number {
  return state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] as number;
}

const margin = new Margin();
const free = new Wide();
const wanted = new Wide();

/** The part of `amount` that is within min(balance, equity − initial margin), and not below 0. */
function freePart(state: State, account: number, amount: number): number {
  computeMargin(state, account, margin);
  const spare = margin.equity.subtractWide(margin.initial);
  free.load(state.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH);
  if (spare.compare(free) < 0) free.copy(spare);
  if (free.isNegative()) return 0;
  return free.compare(wanted.clear().add(amount)) < 0 ? free.toNumber() : amount;
}

/** Takes `amount` from an account: what is free from its balance, the rest as a receivable. Returns what came from the balance. */
function collect(state: State, account: number, amount: number): number {
  const taken = freePart(state, account, amount);
  moveMoney(state, account, -taken);
  if (taken < amount) changeReceivable(state, account, amount - taken);
  return taken;
}

/**
 * A withdrawal that left on a dead branch, or why not. They are carried in the order of their ids, which rise: one that does not was
 * carried before. The ids stay used, so that no later withdrawal has one of them.
 */
export function carryWithdrawal(state: State, account: number, amount: number, withdrawal: number): number {
  const refusal = checkTrader(state, account) || checkAmount(amount);
  if (refusal !== 0) return refusal;
  const { f64 } = state.venue;
  const last = f64[64 + VENUE.WITHDRAWALS] as number;
  if (!(withdrawal > last)) return REFUSAL.withdrawal_already_carried;
  if (owed(state, account) + amount > RECEIVABLE_LIMIT) return REFUSAL.receivable_too_large;
  if (!(Number.isInteger(withdrawal) && withdrawal <= last + WITHDRAWAL_GAP)) return REFUSAL.value_out_of_range;
  f64[64 + VENUE.WITHDRAWALS] = withdrawal;
  const taken = collect(state, account, amount);
  recordWithdrawal(state, amount);
  state.events.emit(EVENT.withdrawalCarried, account, withdrawal, amount, taken);
  return 0;
}

/** Pays a part of what an account owes out of its free collateral, or returns why not. */
export function repayReceivable(state: State, account: number, amount: number): number {
  const refusal = checkTrader(state, account) || checkAmount(amount);
  if (refusal !== 0) return refusal;
  if (amount > owed(state, account)) return REFUSAL.receivable_exceeded;
  if (!isFree(state, account, amount)) return REFUSAL.insufficient_free_collateral;
  moveMoney(state, account, -amount);
  changeReceivable(state, account, -amount);
  state.events.emit(EVENT.receivableRepaid, account, amount);
  return 0;
}

/**
 * Takes a credit that came of the venue's own mistake back to the insurance fund, or returns why not. Its id is one of the refunds'
 * and is used once. The fund is credited in full: what is owed is the venue's, like any negative balance.
 */
export function reverseCredit(state: State, account: number, amount: number, words: Int32Array, at: number): number {
  const unfit = checkTrader(state, account);
  if (unfit !== 0) return unfit;
  if (findRefund(state, words, at) !== 0) return REFUSAL.refund_exists;
  const refusal = checkAmount(amount);
  if (refusal !== 0) return refusal;
  if (owed(state, account) + amount > RECEIVABLE_LIMIT) return REFUSAL.receivable_too_large;
  const taken = collect(state, account, amount);
  moveMoney(state, INSURANCE_FUND, amount);
  const row = addRefund(state, account, amount, words, at, REFUND_STATUS.REVERSED);
  const word = (place: number): number => words[at + place] as number;
  state.events.emit(EVENT.creditReversed, account, amount, taken, row, word(0), word(1), word(2), word(3));
  return 0;
}
