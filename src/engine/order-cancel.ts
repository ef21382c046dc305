/** Cancels: one order, one by client id, all of an account, all that a rollback ends. */
import { FLAG } from './flags.ts';
import { isPaused } from './market.ts';
import { orderRow } from './order-id.ts';
import { closeOrder } from './order-list.ts';
import { CLOSE, REFUSAL } from './refusal.ts';
import type { State } from './state.ts';
import { OPERATION } from './status.ts';
import { ACCOUNT as ACCOUNT_COLUMNS, CLIENT_ID, ORDER, POSITION } from './tables.ts';
import type { ClientIdText } from './order-place.ts';

const { ACCOUNT, MARKET, NEXT_OWN, FLAGS } = ORDER;
const { FIRST_ORDER, NEXT_OF_ACCOUNT } = POSITION;
const POSITION_MARKET = POSITION.MARKET;
const { FIRST_POSITION } = ACCOUNT_COLUMNS;
const { CANCELS } = OPERATION;

/** Why an account has no such order: because there is no such account, or just so. */
export function whyUnknown(state: State, account: number): number {
  return account >= 1 && account < state.account.rows ? REFUSAL.order_unknown : REFUSAL.account_unknown;
}

/** Cancels an order of the account, or returns why not. */
export function cancelOrder(state: State, account: number, order: number): number {
  const row = orderRow(state, order);
  if (row === 0 || state.order.i32[row * 16 + ACCOUNT] !== account) return whyUnknown(state, account);
  if (isPaused(state, state.order.i32[row * 16 + MARKET] as number, CANCELS)) return REFUSAL.operation_paused;
  closeOrder(state, row, CLOSE.USER_CANCELED);
  return 0;
}

/** Cancels the live order of the account with this client id, or returns why not. */
export function cancelByClientId(state: State, account: number, text: ClientIdText): number {
  const found = state.index.clientIds.find(state.clientId, account, text.length, text.words, text.at);
  if (found === 0) return whyUnknown(state, account);
  const row = state.clientId.i32[found * 32 + CLIENT_ID.ORDER] as number;
  if (isPaused(state, state.order.i32[row * 16 + MARKET] as number, CANCELS)) return REFUSAL.operation_paused;
  closeOrder(state, row, CLOSE.USER_CANCELED);
  return 0;
}

/** Cancels all orders of an account, in one market or (0) in all; markets whose cancels are paused keep theirs. */
export function cancelAll(state: State, account: number, market: number): number {
  if (market !== 0 && !(market >= 1 && market < state.market.rows)) return REFUSAL.market_unknown;
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  if (market !== 0 && isPaused(state, market, CANCELS)) return REFUSAL.operation_paused;
  const { i32 } = state.position;
  let position = state.account.i32[account * 16 + FIRST_POSITION] as number;
  for (; position !== 0; position = i32[position * 32 + NEXT_OF_ACCOUNT] as number) {
    const here = i32[position * 32 + POSITION_MARKET] as number;
    if ((market === 0 || here === market) && !isPaused(state, here, CANCELS)) {
      endOrdersOf(state, position, CLOSE.USER_CANCELED);
    }
  }
  return 0;
}

/**
 * Ends every order of every account but reduce-only ones, which can only ever close and which take-profits and stop-losses always are.
 * Pauses do not hold it up. By position, as they were opened; the orders of each newest first.
 */
export function cancelForFork(state: State): void {
  const orders = state.order.i32;
  for (let position = 1; position < state.position.rows; position++) {
    let row = state.position.i32[position * 32 + FIRST_ORDER] as number;
    while (row !== 0) {
      const next = orders[row * 16 + NEXT_OWN] as number;
      if (((orders[row * 16 + FLAGS] as number) & FLAG.REDUCE_ONLY) === 0) closeOrder(state, row, CLOSE.FORK);
      row = next;
    }
  }
}

/** Ends all orders of a position, newest first. */
export function endOrdersOf(state: State, position: number, reason: number): void {
  const orders = state.order.i32;
  let row = state.position.i32[position * 32 + FIRST_ORDER] as number;
  while (row !== 0) {
    const next = orders[row * 16 + NEXT_OWN] as number;
    closeOrder(state, row, reason);
    row = next;
  }
}
