/** Money in, out and between accounts. */
import type { Refusal } from '../../engine/refusal.ts';
import { equityOf, initialOf } from './margin.ts';
import { ceilDivide } from './rounding.ts';
import { isStopped } from './status.ts';
import { tell } from './tell.ts';
import { FUND, traderOf, type Account, type World } from './world.ts';

const LARGEST_AMOUNT = 2 ** 51;
const FACTOR_UNIT = 1_000_000_000_000n;

export function checkAmount(amount: number): Refusal {
  if (!Number.isInteger(amount) || amount <= 0) return 'amount_not_positive';
  return amount > LARGEST_AMOUNT ? 'amount_too_large' : 'none';
}

/** References rise: one that does not was credited before. */
export function deposit(world: World, number: number, amount: number, reference: number): Refusal {
  const account = world.accounts[number];
  if (account === undefined) return 'account_unknown';
  const refusal = checkAmount(amount);
  if (refusal !== 'none') return refusal;
  if (!(reference > world.depositReference)) return 'deposit_already_credited';
  if (!Number.isSafeInteger(reference)) return 'value_out_of_range';
  world.depositReference = reference;
  account.balance += BigInt(amount);
  world.deposited += BigInt(amount);
  tell(world, 'deposited', { account: number, amount, reference });
  return 'none';
}

/** True when the amount is within the balance and within equity − initial margin. */
export function isFree(world: World, account: Account, amount: bigint): boolean {
  return amount <= account.balance && amount <= equityOf(account) - initialOf(world, account);
}

/** What is asked for leaves the balance: the socialised loss (rounded up) goes to the insurance fund, the rest waits. */
export function requestWithdrawal(world: World, number: number, amountAsked: number): Refusal {
  if (world.accounts[number] === undefined) return 'account_unknown';
  const account = traderOf(world, number);
  if (account === undefined) return 'account_is_not_a_trader';
  if (isStopped(world, 'withdrawals')) return 'operation_paused';
  const refusal = checkAmount(amountAsked);
  if (refusal !== 'none') return refusal;
  const asked = BigInt(amountAsked);
  if (account.receivable !== 0n) return 'receivable_outstanding';
  if (!isFree(world, account, asked)) return 'insufficient_free_collateral';
  const loss = ceilDivide(asked * world.lossFactor, FACTOR_UNIT);
  const amount = asked - loss;
  const id = ++world.withdrawalCount;
  account.balance -= asked;
  (world.accounts[FUND] as Account).balance += loss;
  account.pending += amount;
  world.withdrawals.push({ id, account, amount, loss });
  tell(world, 'withdrawalRequested', { account: number, withdrawal: id, amount, loss });
  return 'none';
}

/** It left for good, or it failed outside and goes back; the loss it bore is not undone. */
export function settleWithdrawal(world: World, id: number, settled: boolean): Refusal {
  const withdrawal = world.withdrawals.find((each) => each.id === id);
  if (withdrawal === undefined) return 'withdrawal_unknown';
  const { account, amount } = withdrawal;
  world.withdrawals = world.withdrawals.filter((each) => each !== withdrawal);
  account.pending -= amount;
  if (settled) world.withdrawn += amount;
  else account.balance += amount;
  tell(world, 'withdrawalSettled', { account: account.number, withdrawal: id, amount, settled: settled ? 1 : 0 });
  return 'none';
}

export function transfer(world: World, fromNumber: number, toNumber: number, amount: number): Refusal {
  if (world.accounts[fromNumber] === undefined || world.accounts[toNumber] === undefined) return 'account_unknown';
  const from = traderOf(world, fromNumber);
  const to = traderOf(world, toNumber);
  if (from === undefined || to === undefined) return 'account_is_not_a_trader';
  if (isStopped(world, 'transfers')) return 'operation_paused';
  const refusal = checkAmount(amount);
  if (refusal !== 'none') return refusal;
  if (from.receivable !== 0n) return 'receivable_outstanding';
  if (!isFree(world, from, BigInt(amount))) return 'insufficient_free_collateral';
  from.balance -= BigInt(amount);
  to.balance += BigInt(amount);
  tell(world, 'transferred', { from: fromNumber, to: toNumber, amount });
  return 'none';
}
