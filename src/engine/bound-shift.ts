/** Keeping the margin bound of an account in step with what orders and fills change, without walking its positions. */
import { takerFee } from './fee.ts';
import type { State } from './state.ts';
import { MARKET, POSITION } from './tables.ts';

const { SIZE, BUY_SIZE, SELL_SIZE, ACCOUNT, INITIAL_MARGIN } = POSITION;
const POSITION_MARKET = POSITION.MARKET;
const { MARK, TICK_UNITS } = MARKET;
const MARKET_INITIAL = MARKET.INITIAL_MARGIN;
/** For a bound, the last bit of a fraction does not matter: a product is quicker than a quotient. */
const MILLIONTH = 1e-6;

/** Fraction of the open value that a position takes from slack, fee provision included. */
function fractionOf(state: State, row: number, at: number, account: number): number {
  const own = state.position.i32[row * 32 + INITIAL_MARGIN] as number;
  const base = state.market.f64[at + MARKET_INITIAL] as number;
  return ((own > base ? own : base) + takerFee(state, account)) * MILLIONTH;
}

function openSize(size: number, buys: number, sells: number): number {
  const up = buys + size;
  const down = sells - size;
  const open = up > down ? up : down;
  return open > 0 ? open : 0;
}

/**
 * An order of `lots` at `price` ticks joins (positive) or leaves (negative) the open sizes of a position: its initial margin
 * changes with the open size, and by the open loss of the order itself. Called before the sizes change.
 */
export function shiftForOrder(state: State, row: number, sell: number, lots: number, price: number): void {
  const { f64, i32 } = state.position;
  const account = i32[row * 32 + ACCOUNT] as number;
  const at = (i32[row * 32 + POSITION_MARKET] as number) * 128;
  const markets = state.market.f64;
  const mark = markets[at + MARK] as number;
  const fraction = fractionOf(state, row, at, account);
  const size = f64[row * 16 + SIZE] as number;
  const buys = f64[row * 16 + BUY_SIZE] as number;
  const sells = f64[row * 16 + SELL_SIZE] as number;
  const before = openSize(size, buys, sells);
  const after = sell === 0 ? openSize(size, buys + lots, sells) : openSize(size, buys, sells + lots);
  const above = price * (markets[at + TICK_UNITS] as number) - mark;
  const loss = sell === 0 ? above : -above;
  const slack = (before - after) * mark * fraction - (loss > 0 ? loss * lots : 0);
  state.index.bounds.change(account, slack, lots * (1 + fraction) * mark);
}

/**
 * A position was changed by `lots` (signed) for `paid` (signed, fee included): equity changes by what the lots are worth at the
 * mark less what was paid. `made` of its own open lots were filled for it (a maker's; 0 of a taker, whose order is not open).
 * Called after sizes and open sizes changed. Open loss that went with the filled lots is not given back: the bound stays one.
 */
export function shiftForFill(state: State, row: number, lots: number, paid: number, made: number): void {
  const { f64, i32 } = state.position;
  const account = i32[row * 32 + ACCOUNT] as number;
  const at = (i32[row * 32 + POSITION_MARKET] as number) * 128;
  const mark = state.market.f64[at + MARK] as number;
  const fraction = fractionOf(state, row, at, account);
  const after = f64[row * 16 + SIZE] as number;
  const before = after - lots;
  const buys = f64[row * 16 + BUY_SIZE] as number;
  const sells = f64[row * 16 + SELL_SIZE] as number;
  const was = lots > 0 ? openSize(before, buys + made, sells) : openSize(before, buys, sells + made);
  const opened = openSize(after, buys, sells) - was;
  const held = (after < 0 ? -after : after) - (before < 0 ? -before : before) - made;
  state.index.bounds.change(account, lots * mark - paid - opened * mark * fraction, held * (1 + fraction) * mark);
}
