/**
 * A part of a world as a state of its own, for the real engine: some markets with their books and positions, all accounts. Rows have
 * the numbers that they have in the whole. An account that also holds positions elsewhere is given money without end: whether it can
 * bear something is decided outside, from the slack that it had (`cone-accounts.ts`).
 */
import { INSURANCE_FUND, State } from '../engine/state.ts';
import { ACCOUNT, CLIENT_ID, ORDER, POSITION } from '../engine/tables.ts';
import type { TouchIndex } from './touch-index.ts';

/** 2^90 units of 1e-8 USDC (in the high limb): no margin comes near, and sums stay exact. */
const ENDLESS = 2 ** 40;
const ENDLESS_BOUND = 2 ** 88;
/** Tables of which a part is a whole: they are small, or every market reads them. */
const WHOLE = ['venue', 'rule', 'market', 'oracle', 'quote', 'account', 'withdrawal', 'refund'] as const;

/** The start of the window restricted to `markets`; `isMixed[account]` 1 for an account that holds positions elsewhere too. */
export function partOf(index: TouchIndex, markets: readonly number[], isMixed: Uint8Array): State {
  const { start, end } = index;
  const state = new State({ accounts: start.account.rows, orders: end.order.rows + 1024 });
  for (const name of WHOLE) copyRows(start, state, name);
  // Keys are looked up where an account is defined, and nowhere else.
  if (index.definesAccounts) copyRows(start, state, 'accountKey');
  copyRows(start, state, 'clientId');
  state.position.reserve(end.position.rows + 1024);
  takeOrders(index, state, markets);
  // The index is built before positions are there: most of their rows stay empty, and an empty row is none.
  state.index.restore(state);
  takePositions(index, state, markets);
  for (let row = 1; row < start.account.rows; row++) {
    // What the fund lacks is the whole venue's to say.
    if (isMixed[row] !== 1 && row !== INSURANCE_FUND) continue;
    const at = row * state.account.rowFloats + ACCOUNT.BALANCE_HIGH;
    state.account.f64[at] = (state.account.f64[at] as number) + ENDLESS;
  }
  boundEndless(state, isMixed);
  return state;
}

/** Bounds the margin of those who have money without end: below what they have by more than anything can take of it. */
export function boundEndless({ account, index }: State, isMixed: Uint8Array): void {
  for (let row = 1; row < account.rows; row++) {
    if (isMixed[row] === 1 || row === INSURANCE_FUND) index.bounds.set(row, ENDLESS_BOUND, 0, 0);
  }
}

function copyRows(from: State, to: State, name: (typeof WHOLE)[number] | 'accountKey' | 'clientId'): void {
  const table = to[name];
  const { rows, free, live, bytes, schema } = from[name];
  table.reserve(rows);
  table.bytes.set(bytes.subarray(0, rows * schema.rowBytes));
  table.rows = rows;
  table.free = free;
  table.live = live;
}

function takeOrders({ start, end, startOrders }: TouchIndex, state: State, markets: readonly number[]): void {
  const { order, clientId } = state;
  // All rows that the whole world ever used count as used: the names of orders are given, not allocated.
  order.rows = end.order.rows;
  const isTaken = new Uint8Array(start.market.rows);
  for (const market of markets) {
    isTaken[market] = 1;
    for (const row of startOrders.of(market)) {
      order.bytes.set(start.order.bytes.subarray(row * 64, row * 64 + 64), row * 64);
      order.live++;
    }
  }
  for (let row = 1; row < clientId.rows; row++) {
    const owner = clientId.i32[row * clientId.rowWords + CLIENT_ID.ORDER] as number;
    if (clientId.i32[row * clientId.rowWords + CLIENT_ID.LENGTH] === 0) continue;
    if (isTaken[start.order.i32[owner * 16 + ORDER.MARKET] as number] === 0) {
      clientId.i32[row * clientId.rowWords + CLIENT_ID.LENGTH] = 0;
    }
  }
}

function takePositions({ start, startPositions }: TouchIndex, state: State, markets: readonly number[]): void {
  const { position, account, index } = state;
  for (let row = 1; row < account.rows; row++) account.i32[row * account.rowWords + ACCOUNT.FIRST_POSITION] = 0;
  const rows = Int32Array.from(markets.flatMap((market) => [...startPositions.of(market)])).sort();
  position.rows = start.position.rows;
  for (const row of rows) {
    position.bytes.set(start.position.bytes.subarray(row * 128, row * 128 + 128), row * 128);
    position.live++;
    const owner = position.i32[row * 32 + POSITION.ACCOUNT] as number;
    const first = owner * account.rowWords + ACCOUNT.FIRST_POSITION;
    // Rows are never given back, so the newest position of an account is the one with the highest row.
    position.i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] = account.i32[first] as number;
    account.i32[first] = row;
    index.positions.add(position, row);
  }
}
