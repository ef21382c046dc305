/** What a rollback carries, what accounts owe the venue, what the remedy pays and takes back. */
import type { Refusal } from '../../engine/refusal.ts';
import { equityOf, initialOf } from './margin.ts';
import { higher, lower } from './rounding.ts';
import { tell } from './tell.ts';
import { checkAmount, isFree } from './transfers.ts';
import { FUND, traderOf, type Account, type Refund, type World } from './world.ts';

const LARGEST_RECEIVABLE = 2n ** 52n;
const LARGEST_GAP = 1_000_000;

function checkTrader(world: World, number: number): Refusal {
  if (world.accounts[number] === undefined) return 'account_unknown';
  return traderOf(world, number) === undefined ? 'account_is_not_a_trader' : 'none';
}

/** What is free of the amount leaves the balance and is returned; the account owes the rest. */
function collect(world: World, account: Account, amount: bigint): bigint {
  const free = lower(account.balance, equityOf(account) - initialOf(world, account));
  const taken = lower(amount, higher(0n, free));
  account.balance -= taken;
  account.receivable += amount - taken;
  return taken;
}

/** Money left on a dead branch. Ids rise: one that does not was carried before. */
export function carryWithdrawal(world: World, number: number, amount: number, id: number): Refusal {
  const trader = checkTrader(world, number);
  if (trader !== 'none') return trader;
  const refusal = checkAmount(amount);
  if (refusal !== 'none') return refusal;
  const account = world.accounts[number] as Account;
  if (!(id > world.withdrawalCount)) return 'withdrawal_already_carried';
  if (account.receivable + BigInt(amount) > LARGEST_RECEIVABLE) return 'receivable_too_large';
  if (!Number.isInteger(id) || id - world.withdrawalCount > LARGEST_GAP) return 'value_out_of_range';
  world.withdrawalCount = id;
  world.withdrawn += BigInt(amount);
  const taken = collect(world, account, BigInt(amount));
  tell(world, 'withdrawalCarried', { account: number, withdrawal: id, amount, taken });
  return 'none';
}

export function repayReceivable(world: World, number: number, amount: number): Refusal {
  const trader = checkTrader(world, number);
  if (trader !== 'none') return trader;
  const refusal = checkAmount(amount);
  if (refusal !== 'none') return refusal;
  const account = world.accounts[number] as Account;
  if (BigInt(amount) > account.receivable) return 'receivable_exceeded';
  if (!isFree(world, account, BigInt(amount))) return 'insufficient_free_collateral';
  account.balance -= BigInt(amount);
  account.receivable -= BigInt(amount);
  tell(world, 'receivableRepaid', { account: number, amount });
  return 'none';
}

/** Fields of the events that name a refund: its place among all, and the words of its id. */
function named(world: World, refund: Refund): Record<'refund' | 'id0' | 'id1' | 'id2' | 'id3', number> {
  const [id0, id1, id2, id3] = refund.id.split(',').map(Number) as [number, number, number, number];
  return { refund: world.refunds.indexOf(refund) + 1, id0, id1, id2, id3 };
}

function add(world: World, account: Account, amount: bigint, id: string, status: Refund['status']): Refund {
  const refund: Refund = { id, account, amount, status };
  world.refunds.push(refund);
  return refund;
}

function checkNew(world: World, number: number, amount: number, id: string): Refusal {
  const trader = checkTrader(world, number);
  if (trader !== 'none') return trader;
  return world.refunds.some((each) => each.id === id) ? 'refund_exists' : checkAmount(amount);
}

/** A credit by mistake goes back to the fund, in full, whatever its account can pay now. */
export function reverseCredit(world: World, number: number, amount: number, id: string): Refusal {
  const refusal = checkNew(world, number, amount, id);
  if (refusal !== 'none') return refusal;
  const account = world.accounts[number] as Account;
  if (account.receivable + BigInt(amount) > LARGEST_RECEIVABLE) return 'receivable_too_large';
  const taken = collect(world, account, BigInt(amount));
  (world.accounts[FUND] as Account).balance += BigInt(amount);
  const refund = add(world, account, BigInt(amount), id, 'reversed');
  tell(world, 'creditReversed', { account: number, amount, taken, ...named(world, refund) });
  return 'none';
}

/** The amount is set aside from what is free of the insurance fund. */
export function reserveRefund(world: World, number: number, amount: number, id: string): Refusal {
  const refusal = checkNew(world, number, amount, id);
  if (refusal !== 'none') return refusal;
  const fund = world.accounts[FUND] as Account;
  if (!isFree(world, fund, BigInt(amount))) return 'fund_insufficient';
  fund.balance -= BigInt(amount);
  const refund = add(world, world.accounts[number] as Account, BigInt(amount), id, 'pending');
  tell(world, 'refundReserved', { account: number, amount, ...named(world, refund) });
  return 'none';
}

/** What is pending goes to its account, or back to the fund; nothing else does. */
export function endRefund(world: World, id: string, status: 'posted' | 'voided'): Refusal {
  const refund = world.refunds.find((each) => each.id === id);
  if (refund === undefined) return 'refund_unknown';
  if (refund.status !== 'pending') return 'refund_not_pending';
  const { account, amount } = refund;
  (status === 'posted' ? account : (world.accounts[FUND] as Account)).balance += amount;
  refund.status = status;
  const fields = { account: account.number, amount, ...named(world, refund) };
  tell(world, status === 'posted' ? 'refundPosted' : 'refundVoided', fields);
  return 'none';
}
