/** Positions: opening, changing, settling. Average entry is cost / size; profit is realised on what a trade closes. */
import { addToWide, divideCeil, multiplyDivideCeil, multiplyDivideFloor, remainder, Wide } from './amount.ts';
import { shiftForOrder } from './bound-shift.ts';
import { EVENT } from './event.ts';
import { InvariantBroken } from './invariant-broken.ts';
import { changeBalance, changeClearing, changeCost, chargeWide, realiseWide } from './ledger.ts';
import { findPosition, type State } from './state.ts';
import { ACCOUNT as ACCOUNT_COLUMNS, MARKET as MARKET_COLUMNS, POSITION } from './tables.ts';

const {
  SIZE,
  COST_HIGH,
  COST_LOW,
  FUNDING_INDEX,
  BUY_SIZE,
  SELL_SIZE,
  ACCOUNT,
  MARKET,
  REALISED_PROFIT_HIGH,
  REALISED_FUNDING_HIGH,
  NEXT_OF_ACCOUNT,
  HIGHEST_BUY,
  LOWEST_SELL,
} = POSITION;
const { FIRST_POSITION } = ACCOUNT_COLUMNS;
const { FUNDING_SETTLED_HIGH, OPEN_INTEREST, NET_SIZE } = MARKET_COLUMNS;
const MARKET_FUNDING_INDEX = MARKET_COLUMNS.FUNDING_INDEX;

/** Funding indexes are in 1e-6 price units. */
const INDEX_UNIT = 1e6;
/** Products up to here divide exactly as floats (`divideFloor`). */
const HALF_SAFE = 2 ** 52;
const WIDE_CHARGE = 2 ** 51 * INDEX_UNIT;
const LIMB_BASE = 2 ** 50;

/** The row of an account's position in a market, made if there is none. */
export function openPosition(state: State, account: number, market: number): number {
  return findPosition(state, account, market) || makePosition(state, account, market);
}

/** Makes the position of an account in a market where it has none. Rows are never given back, so a new one is all zero. */
export function makePosition(state: State, account: number, market: number): number {
  const row = state.position.allocate();
  const { f64, i32 } = state.position;
  i32[row * 32 + ACCOUNT] = account;
  i32[row * 32 + MARKET] = market;
  f64[row * 16 + FUNDING_INDEX] = state.market.f64[market * 128 + MARKET_FUNDING_INDEX] as number;
  const accounts = state.account.i32;
  i32[row * 32 + NEXT_OF_ACCOUNT] = accounts[account * 16 + FIRST_POSITION] as number;
  accounts[account * 16 + FIRST_POSITION] = row;
  state.position.touch(row);
  state.account.touch(account);
  state.index.positions.add(state.position, row);
  return row;
}

/**
 * What a position of `size` lots is charged for the index moving by `indexChange`: size × change, rounded up, so against
 * the trader by less than 1e-8 USDC. Positive is paid. Source: Paradex, "Funding mechanism" (realised funding).
 */
export function fundingCharge(size: number, indexChange: number): number {
  const product = size * indexChange;
  if (product <= HALF_SAFE && product >= -HALF_SAFE) return divideCeil(product, INDEX_UNIT);
  return multiplyDivideCeil(size, indexChange, INDEX_UNIT);
}

/** True when a charge is beyond what `fundingCharge` gives: 2^51, which is 22 million USDC. */
export function isWideCharge(size: number, indexChange: number): boolean {
  const product = size * indexChange;
  return product >= WIDE_CHARGE || product <= -WIDE_CHARGE;
}

/** The same charge of any size, into `result`. */
export function wideFundingCharge(size: number, indexChange: number, result: Wide): Wide {
  return result.clear().addProduct(size, indexChange).scaleCeil(1, INDEX_UNIT);
}

const settled = new Wide();

/** Settles what a position owes since it last did, from the index difference; its cached index becomes the market's. */
export function settleFunding(state: State, row: number): void {
  const { f64, i32 } = state.position;
  const market = i32[row * 32 + MARKET] as number;
  const markets = state.market.f64;
  const index = markets[market * 128 + MARKET_FUNDING_INDEX] as number;
  const cached = f64[row * 16 + FUNDING_INDEX] as number;
  // Before all else: an index that was zeroed is also what a position has that never settled.
  if (index !== state.index.fundingIndexes[market]) {
    throw new InvariantBroken('funding_index_moved_by_tick', `market ${market}: ${index} is not what the tick left`);
  }
  if (index === cached) return;
  f64[row * 16 + FUNDING_INDEX] = index;
  state.position.touch(row);
  const size = f64[row * 16 + SIZE] as number;
  if (size === 0) return;
  const change = index - cached;
  settled
    .load(markets, market * 128 + FUNDING_SETTLED_HIGH)
    .addProduct(size, change)
    .store(markets, market * 128 + FUNDING_SETTLED_HIGH);
  state.market.touch(market);
  const account = i32[row * 32 + ACCOUNT] as number;
  if (isWideCharge(size, change)) {
    settleWide(state, row, account, market, size, change);
    return;
  }
  const charge = fundingCharge(size, change);
  if (charge === 0) return;
  changeBalance(state, account, -charge);
  changeClearing(state, market, charge);
  addToWide(f64, row * 16 + REALISED_FUNDING_HIGH, -charge);
  state.events.emit(EVENT.fundingSettled, account, market, size, charge, index);
}

/** The same where the charge is beyond what floats hold; the event tells the nearest float. */
function settleWide(state: State, row: number, account: number, market: number, size: number, change: number): void {
  const { f64 } = state.position;
  const charge = wideFundingCharge(size, change, settled);
  chargeWide(state, account, market, charge);
  const at = row * 16 + REALISED_FUNDING_HIGH;
  released.load(f64, at).subtractWide(charge).store(f64, at);
  const index = f64[row * 16 + FUNDING_INDEX] as number;
  state.events.emit(EVENT.fundingSettled, account, market, size, charge.toNumber(), index);
}

const released = new Wide();

/**
 * What of the profit of the last `changePosition` its caller adds to the balance: all of it, but where the profit is beyond
 * what floats hold (the price fell or rose many times): then nothing, it is in the balance already.
 */
export let unpaidProfit = 0;

/**
 * Changes a position by `lots` (signed) at a total of `notional` (|lots| × price, positive). Returns the profit realised, beyond
 * 2^52 as the nearest float; the caller adds `unpaidProfit` to the balance. The cost released by closing a part is
 * cost × closed / size rounded down (towards −∞). Funding must have been settled. Does not charge fees.
 */
export function changePosition(state: State, row: number, lots: number, notional: number): number {
  const { f64, i32 } = state.position;
  const at = row * 16;
  const size = f64[at + SIZE] as number;
  const after = size + lots;
  f64[at + SIZE] = after;
  state.position.touch(row);
  addInterest(state, i32[row * 32 + MARKET] as number, size, after, lots);
  const signed = lots > 0 ? notional : -notional;
  if (size === 0 || size > 0 === lots > 0) {
    if (size === 0) clearRealised(f64, at);
    changeCost(state, row, signed);
    unpaidProfit = 0;
    return 0;
  }
  const closed = Math.min(Math.abs(lots), Math.abs(size));
  // The part of the notional that closes: all of it, or by whole lots at the one price of the trade.
  const closing = closed === Math.abs(lots) ? signed : (signed / Math.abs(lots)) * closed;
  const cost = releaseCost(f64, at, closed, Math.abs(size));
  let profit = -closing - cost;
  if (cost < COST_LIMIT && cost > -COST_LIMIT) {
    changeCost(state, row, -cost);
    addToWide(f64, at + REALISED_PROFIT_HIGH, profit);
    unpaidProfit = profit;
  } else {
    profit = realiseWideProfit(state, row, closing);
    unpaidProfit = 0;
  }
  if (closed !== Math.abs(lots)) {
    clearRealised(f64, at);
    changeCost(state, row, signed - closing);
  }
  return profit;
}

/** A cost released up to here leaves a profit that floats hold. */
const COST_LIMIT = 2 ** 51;

/**
 * cost × closed / size of the position whose columns start at `at`, rounded down; beyond `COST_LIMIT` as the nearest float, and
 * exactly in `released`.
 */
function releaseCost(f64: Float64Array, at: number, closed: number, size: number): number {
  const high = f64[at + COST_HIGH] as number;
  const low = f64[at + COST_LOW] as number;
  if (high === 0) return closed === size ? low : multiplyDivideFloor(low, closed, size);
  if (high === -1) return closed === size ? low - LIMB_BASE : multiplyDivideFloor(low - LIMB_BASE, closed, size);
  return releaseWideCost(high, low, closed, size);
}

function releaseWideCost(high: number, low: number, closed: number, size: number): number {
  released.set(high, low);
  if (closed !== size) {
    const highQuotient = multiplyDivideFloor(high, closed, size);
    const middle = multiplyDivideFloor(remainder, LIMB_BASE, size);
    const rest = remainder;
    const lowQuotient = multiplyDivideFloor(low, closed, size);
    released.set(highQuotient, 0).add(middle).add(lowQuotient);
    if (rest + remainder >= size) released.add(1);
  }
  return released.toNumber();
}

const wideProfit = new Wide();

/** Realises the profit of a `closing` (signed) whose cost, in `released`, is beyond what floats hold. */
function realiseWideProfit(state: State, row: number, closing: number): number {
  const account = state.position.i32[row * 32 + ACCOUNT] as number;
  wideProfit.clear().add(-closing).subtractWide(released);
  realiseWide(state, row, account, released, wideProfit, closing);
  const { f64 } = state.position;
  const at = row * 16 + REALISED_PROFIT_HIGH;
  released.load(f64, at).addWide(wideProfit).store(f64, at);
  return wideProfit.toNumber();
}

function clearRealised(f64: Float64Array, at: number): void {
  f64[at + REALISED_PROFIT_HIGH] = 0;
  f64[at + REALISED_PROFIT_HIGH + 1] = 0;
  f64[at + REALISED_FUNDING_HIGH] = 0;
  f64[at + REALISED_FUNDING_HIGH + 1] = 0;
}

function addInterest(state: State, market: number, before: number, after: number, lots: number): void {
  const { f64 } = state.market;
  const at = market * 128;
  f64[at + NET_SIZE] = (f64[at + NET_SIZE] as number) + lots;
  const long = (after > 0 ? after : 0) - (before > 0 ? before : 0);
  if (long !== 0) f64[at + OPEN_INTEREST] = (f64[at + OPEN_INTEREST] as number) + long;
  state.market.touch(market);
}

/** Throws unless the positions of a market sum to zero. */
export function checkNetSize(state: State, market: number): void {
  const net = state.market.f64[market * 128 + NET_SIZE];
  if (net !== 0) throw new InvariantBroken('positions_sum_to_zero', `market ${market}: the positions sum to ${net}`);
}

/** Counts an order of `size` lots at `price` into its position's open sizes (the caller marks the row as touched). */
export function addOpenSize(state: State, row: number, sell: number, size: number, price: number): void {
  shiftForOrder(state, row, sell, size, price);
  const { f64, i32 } = state.position;
  if (sell === 0) {
    const open = f64[row * 16 + BUY_SIZE] as number;
    if (open === 0 || price > (i32[row * 32 + HIGHEST_BUY] as number)) i32[row * 32 + HIGHEST_BUY] = price;
    f64[row * 16 + BUY_SIZE] = open + size;
  } else {
    const open = f64[row * 16 + SELL_SIZE] as number;
    if (open === 0 || price < (i32[row * 32 + LOWEST_SELL] as number)) i32[row * 32 + LOWEST_SELL] = price;
    f64[row * 16 + SELL_SIZE] = open + size;
  }
}

/** Takes `size` lots at `price` out of a position's open sizes (the caller marks the row as touched). */
export function removeOpenSize(state: State, row: number, sell: number, size: number, price: number): void {
  shiftForOrder(state, row, sell, -size, price);
  const { f64 } = state.position;
  const at = row * 16 + (sell === 0 ? BUY_SIZE : SELL_SIZE);
  f64[at] = (f64[at] as number) - size;
}
