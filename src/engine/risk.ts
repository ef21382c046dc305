/** Whether an account can bear an order. */
import { takerFee } from './fee.ts';
import { addInitialMargin, computeMargin, Margin } from './margin.ts';
import { INSURANCE_FUND, type State } from './state.ts';
import { MARKET, POSITION } from './tables.ts';
import { Wide } from './amount.ts';

const { MARK, TICK_UNITS } = MARKET;
const { ACCOUNT, BUY_SIZE, SELL_SIZE, INITIAL_MARGIN } = POSITION;
const POSITION_MARKET = POSITION.MARKET;
const MARKET_INITIAL = MARKET.INITIAL_MARGIN;

const margin = new Margin();
const without = new Wide();
const withOrder = new Wide();

/**
 * True when the account of a position may have this order open: equity ≥ initial margin with the order, or the order does
 * not raise the initial margin. Source: Paradex, "Risk checks" (the two bullets are alternatives: see its example).
 */
export function canBear(state: State, row: number, sell: number, size: number, price: number): boolean {
  const { i32 } = state.position;
  const account = i32[row * 32 + ACCOUNT] as number;
  if (account === INSURANCE_FUND) return true;
  const at = (i32[row * 32 + POSITION_MARKET] as number) * 128;
  const markets = state.market.f64;
  const mark = markets[at + MARK] as number;
  const own = i32[row * 32 + INITIAL_MARGIN] as number;
  const base = markets[at + MARKET_INITIAL] as number;
  const fee = takerFee(state, account);
  const above = price * (markets[at + TICK_UNITS] as number) - mark;
  const loss = sell === 0 ? above : -above;
  const most = size * (mark * ((own > base ? own : base) + fee) * 1e-6 + (loss > 0 ? loss : 0)) * (1 + 1e-9) + 2;
  if (state.index.bounds.slack(account) >= most) return true;
  return canBearExactly(state, row, account, sell, size, price, fee);
}

/** The same decision from the exact sums over all positions of the account. */
function canBearExactly(
  state: State,
  row: number,
  account: number,
  sell: number,
  size: number,
  price: number,
  fee: number,
): boolean {
  computeMargin(state, account, margin);
  addInitialMargin(state, row, fee, without.clear());
  const { f64 } = state.position;
  const at = row * 16 + (sell === 0 ? BUY_SIZE : SELL_SIZE);
  const open = f64[at] as number;
  f64[at] = open + size;
  addInitialMargin(state, row, fee, withOrder.clear());
  f64[at] = open;
  addOwnLoss(state, row, sell, size, price, withOrder);
  if (withOrder.compare(without) <= 0) return true;
  margin.initial.addWide(withOrder).subtractWide(without);
  return margin.equity.compare(margin.initial) >= 0;
}

/** The open loss of the order itself, which is not in the position's list of orders yet. */
function addOwnLoss(state: State, row: number, sell: number, size: number, price: number, sum: Wide): void {
  const at = (state.position.i32[row * 32 + POSITION_MARKET] as number) * 128;
  const markets = state.market.f64;
  const above = price * (markets[at + TICK_UNITS] as number) - (markets[at + MARK] as number);
  const loss = sell === 0 ? above : -above;
  if (loss > 0) sum.addProduct(loss, size);
}
