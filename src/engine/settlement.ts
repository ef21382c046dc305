/**
 * Settlement of a delisted market: every position is closed at a mark of the last tick, with the insurance fund on the other side.
 * When all are, the fund holds nothing there either. It proposes; a settlement is a forced action, thus a command.
 */
import { EVENT } from './event.ts';
import { takePosition } from './forced.ts';
import { isVenuePaused } from './market.ts';
import { endOrdersOf } from './order-cancel.ts';
import { CLOSE, REFUSAL } from './refusal.ts';
import { ACCOUNT_KIND, findPosition, INSURANCE_FUND, marketCount, type State } from './state.ts';
import { OPERATION, STATUS } from './status.ts';
import { ACCOUNT, MARKET, POSITION } from './tables.ts';

const { SIZE, ORDER_COUNT } = POSITION;

/** Whether the market's own status is SETTLEMENT. */
function isInSettlement(state: State, market: number): boolean {
  return state.market.i32[market * 256 + MARKET.STATUS] === STATUS.SETTLEMENT;
}

/** Settlements stop where the venue pauses liquidations, by status or one by one, and where the market does one by one. */
function isSettlementPaused(state: State, market: number): boolean {
  const own = state.market.i32[market * 256 + MARKET.PAUSED] as number;
  return (own & OPERATION.LIQUIDATIONS) !== 0 || isVenuePaused(state, OPERATION.LIQUIDATIONS);
}

/** Whether the last tick of the market made its mark. */
function isMarkNew(state: State, market: number): boolean {
  const { f64 } = state.market;
  const at = market * 128;
  return (f64[at + MARKET.MARK] as number) > 0 && f64[at + MARKET.MARK_MS] === f64[at + MARKET.TICK_MS];
}

/** Whether a position has something to settle: lots, or orders that can never trade again. The fund settles by the others. */
function isOpen(state: State, row: number): boolean {
  const { f64, i32 } = state.position;
  const account = i32[row * 32 + POSITION.ACCOUNT] as number;
  if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) return false;
  return f64[row * 16 + SIZE] !== 0 || i32[row * 32 + ORDER_COUNT] !== 0;
}

/** Proposes the settlement of every trader's position in markets that are in settlement and have a mark of this tick. */
export function proposeSettlements(state: State): void {
  let isAny = false;
  for (let market = 1; market <= marketCount(state); market++) isAny ||= isInSettlement(state, market);
  if (!isAny) return;
  const { i32, f64, rows } = state.position;
  for (let row = 1; row < rows; row++) {
    const market = i32[row * 32 + POSITION.MARKET] as number;
    if (!isInSettlement(state, market) || !isOpen(state, row)) continue;
    if (isSettlementPaused(state, market) || !isMarkNew(state, market)) continue;
    const mark = state.market.f64[market * 128 + MARKET.MARK] as number;
    const account = i32[row * 32 + POSITION.ACCOUNT] as number;
    state.events.emit(EVENT.settlementDue, account, market, f64[row * 16 + SIZE] as number, mark);
  }
}

/**
 * Settles a trader's position in a delisted market: its orders end, and all of it goes to the insurance fund at the mark, without a
 * penalty. Refused unless size and mark are exactly those of the position and of the market's last tick.
 */
export function settlePosition(state: State, account: number, market: number, size: number, mark: number): number {
  if (!(market >= 1 && market < state.market.rows)) return REFUSAL.market_unknown;
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) return REFUSAL.account_is_not_a_trader;
  const row = findPosition(state, account, market);
  if (!isInSettlement(state, market) || row === 0 || !isOpen(state, row)) return REFUSAL.settlement_not_due;
  if (isSettlementPaused(state, market)) return REFUSAL.forced_action_paused;
  const held = state.position.f64[row * 16 + SIZE] as number;
  if (!isMarkNew(state, market) || state.market.f64[market * 128 + MARKET.MARK] !== mark || held !== size) {
    return REFUSAL.margin_facts_differ;
  }
  endOrdersOf(state, row, CLOSE.IN_SETTLEMENT);
  if (held !== 0) takePosition(state, row, held);
  state.index.bounds.void(account);
  state.index.bounds.void(INSURANCE_FUND);
  state.events.emit(EVENT.positionSettled, account, market, held, mark);
  return 0;
}
