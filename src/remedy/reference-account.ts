/**
 * An account of the actual world as it would stand had its wrongful forced events not been: its own positions, those it is given back, the
 * true marks, the true funding. What it says is whether a forced action on it was wrongful, and whether one became due later anyway.
 */
import { takerFee } from '../engine/fee.ts';
import { isPaused, isVenuePaused } from '../engine/market.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { OPERATION } from '../engine/status.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { ceilOf, floorOf, sizeOf, whole, wide } from '../guard/exact.ts';
import type { Cause } from './cause.ts';
import type { ReferenceFunding } from './reference-funding.ts';

const MILLION = 1_000_000n;

/** When a conditional order fires: the mark of its market at or beyond this price (price units). */
export interface Trigger {
  readonly market: number;
  readonly price: bigint;
  readonly isAbove: boolean;
}

/** Lots that an account is given back: it is as if they had never been taken at `price`. */
export interface Undone {
  readonly account: number;
  readonly market: number;
  readonly cause: Cause;
  /** Signed: positive where a long was taken, or something was sold. */
  readonly lots: bigint;
  readonly price: bigint;
  /** True index when they were taken. */
  readonly index: bigint;
  /** Penalty or fee that goes back with them. */
  readonly cost: bigint;
  /** Of lots that a conditional order traded: it may become due later. */
  readonly trigger?: Trigger;
  /** Where it became due anyway: at this price and index, with this penalty or fee. */
  ended?: { readonly price: bigint; readonly index: bigint; readonly cost: bigint };
}

/** Positions of an account before a forced action, and its balance. */
export interface AccountThen {
  readonly account: number;
  readonly balance: bigint;
  readonly held: readonly {
    readonly row: number;
    readonly market: number;
    readonly size: bigint;
    readonly cost: bigint;
  }[];
}

/** Reads an account as it stands. */
export function accountThen(state: State, account: number): AccountThen {
  const { i32, f64 } = state.position;
  const held: AccountThen['held'][number][] = [];
  let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    const size = whole(f64[row * 16 + POSITION.SIZE]);
    const cost = wide(f64, row * 16 + POSITION.COST_HIGH);
    held.push({ row, market: i32[row * 32 + POSITION.MARKET] as number, size, cost });
  }
  return { account, balance: wide(state.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH), held };
}

/** Lots given back that have not ended. */
function isOpen({ ended }: Undone): boolean {
  return ended === undefined;
}

export interface TrueMargin {
  readonly equity: bigint;
  readonly maintenance: bigint;
  /** Of the lots that were given back alone. */
  readonly maintenanceOfUndone: bigint;
}

/** Equity and maintenance margin at the marks, indexes and parameters of the world as it would have been; as the engine rounds them. */
export function trueMargin(
  { account, balance, held }: AccountThen,
  undone: readonly Undone[],
  other: State,
  funding: ReferenceFunding,
): TrueMargin {
  let equity = balance;
  const sizes = new Map<number, bigint>();
  const add = (market: number, lots: bigint): void => void sizes.set(market, (sizes.get(market) ?? 0n) + lots);
  for (const { row, market, size, cost } of held) {
    const due = ceilOf(funding.dueAt(row, indexOf(other, market)), MILLION);
    equity += size * markOf(other, market) - cost + funding.cashOf(row) - due;
    add(market, size);
  }
  const given = new Map<number, bigint>();
  for (const each of undone) {
    equity += worthOf(each, markOf(other, each.market), indexOf(other, each.market));
    if (!isOpen(each)) continue;
    add(each.market, each.lots);
    given.set(each.market, (given.get(each.market) ?? 0n) + each.lots);
  }
  const fee = account < other.account.rows ? BigInt(takerFee(other, account)) : 0n;
  return { equity, maintenance: required(other, sizes, fee), maintenanceOfUndone: required(other, given, fee) };
}

/** What having lots back is worth at a price and an index: profit and cost since they were taken, less funding on them. */
function worthOf({ lots, price, index, cost, ended }: Undone, mark: bigint, now: bigint): bigint {
  const [at, upTo, again] = ended === undefined ? [mark, now, 0n] : [ended.price, ended.index, ended.cost];
  return lots * (at - price) + cost - again - ceilOf(lots * (upTo - index), MILLION);
}

function required(state: State, sizes: ReadonlyMap<number, bigint>, fee: bigint): bigint {
  let sum = 0n;
  for (const [market, size] of sizes) {
    const { f64 } = state.market;
    const initial = whole(f64[market * 128 + MARKET.INITIAL_MARGIN]);
    const fraction = ceilOf(initial * whole(f64[market * 128 + MARKET.MAINTENANCE_FACTOR]), MILLION);
    sum += ceilOf(sizeOf(size) * markOf(state, market) * (fraction + fee), MILLION);
  }
  return sum;
}

/** As the engine has it: maintenance above equity, or nothing left. */
export function isDue({ equity, maintenance }: TrueMargin): boolean {
  return maintenance > equity || equity <= 0n;
}

/** The penalty on what was given back, as the engine takes it: fee × maintenance margin, rounded down, at most the equity. */
export function penaltyOf({ equity, maintenanceOfUndone }: TrueMargin, other: State): bigint {
  const fee = whole(other.rule.f64[64 + RULE.liquidation_fee]);
  const penalty = floorOf(maintenanceOfUndone * fee, MILLION);
  const most = equity > 0n ? equity : 0n;
  return penalty < most ? penalty : most;
}

/** Whether the world as it would have been forces nothing now in any of these markets. */
export function arePaused(other: State, markets: Iterable<number>): boolean {
  if (isVenuePaused(other, OPERATION.LIQUIDATIONS)) return true;
  for (const market of markets) if (isPaused(other, market, OPERATION.LIQUIDATIONS)) return true;
  return false;
}

export function markOf({ market: { f64 } }: State, market: number): bigint {
  return whole(f64[market * 128 + MARKET.MARK]);
}

export function indexOf({ market: { f64 } }: State, market: number): bigint {
  return whole(f64[market * 128 + MARKET.FUNDING_INDEX]);
}
