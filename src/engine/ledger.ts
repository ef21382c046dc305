/**
 * Where money moves. Every change of a balance, of a position's cost or of a market's funding clearing passes here, and the
 * ledger adds it up: after each command the sum is zero, which is conservation to the last unit:
 *
 *   Σ balances − Σ receivables + Σ pending withdrawals + reserved refunds + Σ funding clearing − Σ position costs
 *     = deposited − withdrawn
 *
 * Balances include the insurance fund's and the fee account's; a negative balance is owed to the venue like a receivable.
 */
import { addToWide, Wide } from './amount.ts';
import { InvariantBroken } from './invariant-broken.ts';
import type { State } from './state.ts';
import { ACCOUNT, MARKET, POSITION, VENUE } from './tables.ts';

const { BALANCE_HIGH, PENDING_HIGH, RECEIVABLE } = ACCOUNT;
const { COST_HIGH } = POSITION;
const { FUNDING_CLEARING_HIGH } = MARKET;

/** Adds `amount` (|amount| < 2^52) to an account's balance. Its margin bound is the caller's to keep. */
export function changeBalance(state: State, account: number, amount: number): void {
  if (amount === 0) return;
  addToWide(state.account.f64, account * 8 + BALANCE_HIGH, amount);
  state.account.touch(account);
  addToWide(state.index.ledger, 0, amount);
}

/** A wide part of the cost of a position becomes profit of its account; what the trade paid or got (`closing`) is the rest. */
export function realiseWide(
  state: State,
  position: number,
  account: number,
  cost: Wide,
  profit: Wide,
  closing: number,
): void {
  const { f64 } = state.position;
  const at = position * 16 + COST_HIGH;
  moved.load(f64, at).subtractWide(cost).store(f64, at);
  addToBalance(state, account, profit);
  addToWide(state.index.ledger, 0, -closing);
}

/** A wide funding charge goes from an account to the clearing of a market. */
export function chargeWide(state: State, account: number, market: number, charge: Wide): void {
  const { f64 } = state.market;
  const at = market * 128 + FUNDING_CLEARING_HIGH;
  moved.load(f64, at).addWide(charge).store(f64, at);
  charge.negate();
  addToBalance(state, account, charge);
  charge.negate();
}

function addToBalance(state: State, account: number, amount: Wide): void {
  const { f64 } = state.account;
  const at = account * 8 + BALANCE_HIGH;
  moved.load(f64, at).addWide(amount).store(f64, at);
  state.account.touch(account);
}

/** Moves a wide amount from one account's balance to another's; their bounds are void. */
export function moveBalance(state: State, from: number, to: number, amount: Wide): void {
  const { f64 } = state.account;
  moved
    .load(f64, from * 8 + BALANCE_HIGH)
    .subtractWide(amount)
    .store(f64, from * 8 + BALANCE_HIGH);
  moved
    .load(f64, to * 8 + BALANCE_HIGH)
    .addWide(amount)
    .store(f64, to * 8 + BALANCE_HIGH);
  state.account.touch(from);
  state.account.touch(to);
  state.index.bounds.void(from);
  state.index.bounds.void(to);
}

const moved = new Wide();

/** Adds `amount` to the cost of a position (the caller marks its row as touched). */
export function changeCost(state: State, position: number, amount: number): void {
  addToWide(state.position.f64, position * 16 + COST_HIGH, amount);
  addToWide(state.index.ledger, 0, -amount);
}

/** Adds `amount` to a market's funding clearing (the caller marks its row as touched). */
export function changeClearing(state: State, market: number, amount: number): void {
  addToWide(state.market.f64, market * 128 + FUNDING_CLEARING_HIGH, amount);
  addToWide(state.index.ledger, 0, amount);
}

/** Money enters from outside. */
export function recordDeposit(state: State, amount: number): void {
  addToWide(state.venue.f64, state.venue.rowFloats + VENUE.DEPOSITED_HIGH, amount);
  addToWide(state.index.ledger, 0, -amount);
}

/** Adds `amount` to what an account waits for as withdrawals. */
export function changePending(state: State, account: number, amount: number): void {
  addToWide(state.account.f64, account * 8 + PENDING_HIGH, amount);
  state.account.touch(account);
  addToWide(state.index.ledger, 0, amount);
}

/** Adds `amount` to what an account owes beside its balance. */
export function changeReceivable(state: State, account: number, amount: number): void {
  const { f64 } = state.account;
  f64[account * 8 + RECEIVABLE] = (f64[account * 8 + RECEIVABLE] as number) + amount;
  state.account.touch(account);
  addToWide(state.index.ledger, 0, -amount);
}

/** Adds `amount` to what is set aside for refunds. */
export function changeReserved(state: State, amount: number): void {
  addToWide(state.venue.f64, state.venue.rowFloats + VENUE.RESERVED_HIGH, amount);
  addToWide(state.index.ledger, 0, amount);
}

/** Money leaves for good. */
export function recordWithdrawal(state: State, amount: number): void {
  addToWide(state.venue.f64, state.venue.rowFloats + VENUE.WITHDRAWN_HIGH, amount);
  addToWide(state.index.ledger, 0, amount);
}

/** Throws unless the moves since the last call add up to nothing. */
export function checkLedger(state: State): void {
  const { ledger } = state.index;
  if (ledger[0] === 0 && ledger[1] === 0) return;
  const rest = new Wide().load(ledger, 0).toNumber();
  throw new InvariantBroken('money_conserved', `a command created ${rest} units of 1e-8 USDC`);
}
