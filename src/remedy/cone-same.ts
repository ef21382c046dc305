/** Whether two parts of worlds are the same: row by row, whatever the numbers of their positions. */
import { FEE_ACCOUNT, INSURANCE_FUND, type State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import { ACCOUNT, ORACLE_LIMIT, ORDER, POSITION, VENUE_LIMIT } from '../engine/tables.ts';
import type { TouchIndex } from './touch-index.ts';
import type { Part } from './cone-plan.ts';

/** Columns of a position that are numbers of rows, and those of an order that may be others for the same order. */
const POSITION_NAMES: readonly number[] = [POSITION.NEXT_OF_ACCOUNT];
const ORDER_NAMES: readonly number[] = [ORDER.POSITION, ORDER.CLIENT_ID];

/** True when markets, accounts, positions and live orders of the part are the same in both. */
export function isSamePart(one: State, two: State, { markets, accounts }: Pick<Part, 'markets' | 'accounts'>): boolean {
  const areMarketsSame = markets.every(
    (market) =>
      areSame(one.market, market, two.market, market) &&
      areRunsSame(one.oracle, two.oracle, market * ORACLE_LIMIT, ORACLE_LIMIT) &&
      areRunsSame(one.quote, two.quote, market * VENUE_LIMIT, VENUE_LIMIT),
  );
  if (!areMarketsSame || one.position.live !== two.position.live) return false;
  const house = Int32Array.of(INSURANCE_FUND, FEE_ACCOUNT);
  return areAccountsSame(one, two, accounts) && areAccountsSame(one, two, house) && areOrdersSame(one, two);
}

/**
 * True when the actual world's part, executed alone, has come out as it stands in the whole: nothing bore on it that was left out. Money is
 * not looked at, since what was left out moves it too.
 */
export function comesOutAsItWas({ end, positions }: TouchIndex, actual: State, { markets }: Part): boolean {
  for (const market of markets) {
    if (!areSame(end.market, market, actual.market, market)) return false;
    for (const row of positions.of(market)) {
      const account = end.position.i32[row * 32 + POSITION.ACCOUNT] as number;
      const found = actual.index.positions.find(actual.position, account, market);
      if (found === 0 || !areSame(end.position, row, actual.position, found, POSITION_NAMES)) return false;
    }
  }
  const isIn = new Uint8Array(end.market.rows);
  for (const market of markets) isIn[market] = 1;
  for (let row = 1; row < end.order.rows; row++) {
    const isLive = end.order.i32[row * 16 + ORDER.SIZE] !== 0;
    if (!isLive || isIn[end.order.i32[row * 16 + ORDER.MARKET] as number] === 0) continue;
    if (!areSame(end.order, row, actual.order, row, ORDER_NAMES)) return false;
  }
  return true;
}

function areRunsSame(one: Table, two: Table, from: number, count: number): boolean {
  for (let row = from; row < from + count; row++) if (!areSame(one, row, two, row)) return false;
  return true;
}

function areAccountsSame(one: State, two: State, accounts: Int32Array): boolean {
  for (const account of accounts) {
    for (const column of [ACCOUNT.BALANCE_HIGH, ACCOUNT.BALANCE_LOW, ACCOUNT.PENDING_HIGH, ACCOUNT.PENDING_LOW]) {
      if (one.account.f64[account * 8 + column] !== two.account.f64[account * 8 + column]) return false;
    }
    if (!arePositionsSame(one, two, account)) return false;
  }
  return true;
}

/** True when an account has the same positions in both, in the order of its list. */
function arePositionsSame(one: State, two: State, account: number): boolean {
  let a = one.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  let b = two.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  while (a !== 0 && b !== 0) {
    if (!areSame(one.position, a, two.position, b, POSITION_NAMES)) return false;
    a = one.position.i32[a * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
    b = two.position.i32[b * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
  }
  return a === b;
}

function areOrdersSame(one: State, two: State): boolean {
  const [a, b] = [one.order.i32, two.order.i32];
  const rows = Math.max(one.order.rows, two.order.rows);
  for (let row = 1; row < rows; row++) {
    const size = a[row * 16 + ORDER.SIZE] ?? 0;
    if (size !== (b[row * 16 + ORDER.SIZE] ?? 0)) return false;
    if (size !== 0 && !areSame(one.order, row, two.order, row, ORDER_NAMES)) return false;
  }
  return true;
}

/** True when two rows are the same in all words but those of some columns. */
function areSame(one: Table, a: number, two: Table, b: number, but: readonly number[] = []): boolean {
  const words = one.rowWords;
  for (let word = 0; word < words; word++) {
    if (one.i32[a * words + word] === two.i32[b * words + word] || but.includes(word)) continue;
    return false;
  }
  return true;
}
