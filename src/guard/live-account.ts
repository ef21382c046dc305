/** An account as its live rows have it, and its margin by the guard's own formulas. Source: Paradex, "Cross margin requirement". */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { RULE } from '../engine/rules.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { owed } from './account-path.ts';
import { ceilOf, floorOf, largest, sizeOf, whole, wide } from './exact.ts';
import type { Known } from './known.ts';
import type { KnownOrder } from './order-lists.ts';

const MILLION = 1_000_000n;
const INITIAL_MARGIN = MARKET_PARAMETERS.indexOf('INITIAL_MARGIN');
const MAINTENANCE_FACTOR = MARKET_PARAMETERS.indexOf('MAINTENANCE_FACTOR');

interface LivePosition {
  readonly row: number;
  readonly market: number;
  readonly size: bigint;
  readonly cost: bigint;
  readonly index: bigint;
  readonly ownFraction: bigint;
}

export interface LiveAccount {
  readonly account: number;
  readonly balance: bigint;
  /** Newest first, as they are linked. */
  readonly positions: readonly LivePosition[];
  /** False when the list of positions has no end, leaves the table or leads to another account's. */
  readonly isWhole: boolean;
}

/** Reads an account's live rows. Refuses (throws `Unreadable`) numbers that are none. */
export function readAccount(state: State, account: number): LiveAccount {
  const { f64, i32, rows } = state.position;
  const positions: LivePosition[] = [];
  let isWhole = true;
  let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  while (row !== 0) {
    isWhole = row > 0 && row < rows && i32[row * 32 + POSITION.ACCOUNT] === account;
    isWhole &&= positions.length < state.market.rows;
    if (!isWhole) break;
    positions.push({
      row,
      market: i32[row * 32 + POSITION.MARKET] as number,
      size: whole(f64[row * 16 + POSITION.SIZE]),
      cost: wide(f64, row * 16 + POSITION.COST_HIGH),
      index: whole(f64[row * 16 + POSITION.FUNDING_INDEX]),
      ownFraction: whole(i32[row * 32 + POSITION.INITIAL_MARGIN]),
    });
    row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
  }
  return { account, balance: wide(state.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH), positions, isWhole };
}

/** The mark of a market: as events tell it, unless said. */
type Marks = (market: number) => bigint;

function toldBy(known: Known): Marks {
  return (market) => known.derived(market, 'MARK');
}

/** balance + Σ (size × mark − cost − funding owed), at the prices and indexes that events tell. */
export function equityOf(known: Known, { balance, positions }: LiveAccount, mark: Marks = toldBy(known)): bigint {
  let equity = balance;
  for (const { market, size, cost, index } of positions) {
    if (size === 0n) continue;
    const funding = owed(size, known.derived(market, 'FUNDING_INDEX') - index);
    equity += size * mark(market) - cost - funding;
  }
  return equity;
}

/** The taker fee that an account pays now, ppm. */
export function takerFeeOf(known: Known, account: number): bigint {
  if (account === INSURANCE_FUND) return 0n;
  const isRetail = known.image.account.i32[account * 16 + ACCOUNT.FEE_CLASS] !== 0;
  return known.rule(isRetail ? RULE.retail_taker_fee : RULE.taker_fee);
}

/** Σ |size| × mark × (initial margin × factor, rounded up, + taker fee), rounded up. */
export function maintenanceOf(known: Known, { account, positions }: LiveAccount, mark: Marks = toldBy(known)): bigint {
  const fee = takerFeeOf(known, account);
  let sum = 0n;
  for (const { market, size } of positions) {
    if (size === 0n) continue;
    const initial = known.parameter(market, INITIAL_MARGIN);
    const fraction = ceilOf(initial * known.parameter(market, MAINTENANCE_FACTOR), MILLION) + fee;
    sum += ceilOf(sizeOf(size) * mark(market) * fraction, MILLION);
  }
  return sum;
}

/** Σ open size × mark × (initial margin + taker fee), rounded up, + what open orders would lose at once. */
export function initialOf(known: Known, { account, positions }: LiveAccount, markOf: Marks = toldBy(known)): bigint {
  const fee = takerFeeOf(known, account);
  let sum = 0n;
  for (const { market, size, ownFraction } of positions) {
    const mark = markOf(market);
    const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
    let buys = 0n;
    let sells = 0n;
    for (const { isSell, ticks, lots } of known.orders.openOf(account, market)) {
      if (isSell) sells += lots;
      else buys += lots;
      const worse = isSell ? mark - ticks * units : ticks * units - mark;
      sum += largest(worse, 0n) * lots;
    }
    const open = largest(largest(buys + size, sells - size), 0n);
    const fraction = largest(ownFraction, known.parameter(market, INITIAL_MARGIN)) + fee;
    sum += ceilOf(open * mark * fraction, MILLION);
  }
  return sum;
}

/**
 * Rows of the orders that deleveraging cancels: all that do not offset their position, and of those that do the most passive
 * ones until the rest is no more than it.
 */
export function ordersToCancel(known: Known, { account, positions }: LiveAccount): Set<number> {
  const rows = new Set<number>();
  for (const { market, size } of positions) {
    const orders = known.orders.openOf(account, market);
    for (const isSell of [false, true]) {
      const side = orders.filter((order) => order.isSell === isSell).toReversed();
      // Most passive last; the sort is stable, so that the newer of two at one price counts as the more passive.
      side.sort((a, b) => Number(isSell ? a.ticks - b.ticks : b.ticks - a.ticks));
      const kept = size !== 0n && size > 0n === isSell ? sizeOf(size) : 0n;
      let left = side.reduce((sum, { lots }) => sum + lots, 0n);
      while (left > kept) {
        const last = side.pop() as KnownOrder;
        left -= last.lots;
        rows.add(last.row);
      }
    }
  }
  return rows;
}

/** The smallest multiple of the step after which the margin ratio is predicted below the target, ppm; all when none is. */
export function shareOf(known: Known, equity: bigint, maintenance: bigint): bigint {
  const step = known.rule(RULE.liquidation_step);
  const fee = known.rule(RULE.liquidation_fee);
  const target = known.rule(RULE.liquidation_target);
  for (let share = step; share < MILLION; share += step) {
    const penalty = floorOf(maintenance * share * fee, MILLION * MILLION);
    const required = ceilOf(maintenance * (MILLION - share), MILLION);
    if (required < floorOf((equity - penalty) * target, MILLION)) return share;
  }
  return MILLION;
}
