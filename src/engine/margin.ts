/**
 * Cross margin of an account, exactly. Formulas: Paradex, "Cross margin requirement" and "Margin term reference".
 *
 *   equity      = balance + Σ (size × mark − cost − funding owed)
 *   initial     = Σ (open size × mark × (IMF + fee), rounded up, + open loss)
 *   maintenance = Σ (|size| × mark × (IMF of the market × factor + fee), rounded up)
 *
 * open size = max(buys + size, sells − size, 0); fee = the account's taker fee; open loss = Σ over open orders of what they
 * would lose at once against the mark. USDC is worth 1 here: prices are converted to USDC when they enter (`price.ts`).
 */
import { PPM, Wide } from './amount.ts';
import { takerFee } from './fee.ts';
import { FLAG } from './flags.ts';
import { fundingCharge, isWideCharge, wideFundingCharge } from './position.ts';
import type { State } from './state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from './tables.ts';

const { SIZE, COST_HIGH, COST_LOW, BUY_SIZE, SELL_SIZE, FIRST_ORDER, INITIAL_MARGIN, NEXT_OF_ACCOUNT } = POSITION;
const { HIGHEST_BUY, LOWEST_SELL } = POSITION;
const POSITION_MARKET = POSITION.MARKET;
const POSITION_INDEX = POSITION.FUNDING_INDEX;
const { MARK, TICK_UNITS, MAINTENANCE_FACTOR, FUNDING_INDEX } = MARKET;
const MARKET_INITIAL = MARKET.INITIAL_MARGIN;
const { PRICE, REMAINING, FLAGS, NEXT_OWN } = ORDER;
const { BALANCE_HIGH, FIRST_POSITION } = ACCOUNT;
const { SELL, UNTRIGGERED } = FLAG;
const LIMB_BASE = 2 ** 50;
const MILLION = PPM;

/** The margin of one account; `gross` and `scale` are what `margin-bounds.ts` needs. */
export class Margin {
  readonly equity = new Wide();
  readonly initial = new Wide();
  readonly maintenance = new Wide();
  gross = 0;
  scale = 0;

  clear(): void {
    this.equity.clear();
    this.initial.clear();
    this.maintenance.clear();
    this.gross = 0;
    this.scale = 0;
  }
}

/** The initial margin fraction of a position, ppm: the account's own for this market, at least the market's. */
function initialFraction(state: State, row: number): number {
  const { i32 } = state.position;
  const own = i32[row * 32 + INITIAL_MARGIN] as number;
  const base = state.market.f64[(i32[row * 32 + POSITION_MARKET] as number) * 128 + MARKET_INITIAL] as number;
  return own > base ? own : base;
}

/** The maintenance margin fraction of a market, ppm: IMF × factor, rounded up. */
function maintenanceFraction(state: State, market: number): number {
  const { f64 } = state.market;
  return Math.ceil(
    ((f64[market * 128 + MARKET_INITIAL] as number) * (f64[market * 128 + MAINTENANCE_FACTOR] as number)) / MILLION,
  );
}

const product = new Wide();

/** Adds a × b × ppm / 1e6, rounded up, to `sum`; a and b not negative. */
function addFraction(sum: Wide, a: number, b: number, ppm: number): void {
  const value = a * b;
  if (value < LIMB_BASE) {
    const whole = Math.floor(value / MILLION);
    sum.add(whole * ppm + Math.ceil(((value - whole * MILLION) * ppm) / MILLION));
    return;
  }
  sum.addWide(product.clear().addProduct(a, b).scaleCeil(ppm, MILLION));
}

/** The larger of what an account is open to on either side, lots. */
function openSize(size: number, buys: number, sells: number): number {
  return Math.max(buys + size, sells - size, 0);
}

/** Adds to `sum` what the open orders of a position would lose at once at the mark. */
function addOpenLoss(state: State, row: number, mark: number, units: number, sum: Wide): void {
  const { f64, i32 } = state.position;
  const buysLose = f64[row * 16 + BUY_SIZE] !== 0 && (i32[row * 32 + HIGHEST_BUY] as number) * units > mark;
  const sellsLose = f64[row * 16 + SELL_SIZE] !== 0 && (i32[row * 32 + LOWEST_SELL] as number) * units < mark;
  if (!buysLose && !sellsLose) return;
  const orders = state.order.i32;
  for (
    let order = i32[row * 32 + FIRST_ORDER] as number;
    order !== 0;
    order = orders[order * 16 + NEXT_OWN] as number
  ) {
    const flags = orders[order * 16 + FLAGS] as number;
    if ((flags & UNTRIGGERED) !== 0) continue;
    const above = (orders[order * 16 + PRICE] as number) * units - mark;
    const loss = (flags & SELL) === 0 ? above : -above;
    if (loss > 0) sum.addProduct(loss, orders[order * 16 + REMAINING] as number);
  }
}

/** Adds the initial margin of one position to `sum`. */
export function addInitialMargin(state: State, row: number, fee: number, sum: Wide): void {
  const { f64, i32 } = state.position;
  const market = (i32[row * 32 + POSITION_MARKET] as number) * 128;
  const mark = state.market.f64[market + MARK] as number;
  const open = openSize(
    f64[row * 16 + SIZE] as number,
    f64[row * 16 + BUY_SIZE] as number,
    f64[row * 16 + SELL_SIZE] as number,
  );
  addFraction(sum, open, mark, initialFraction(state, row) + fee);
  addOpenLoss(state, row, mark, state.market.f64[market + TICK_UNITS] as number, sum);
}

function addPosition(state: State, row: number, fee: number, margin: Margin): void {
  const { f64, i32 } = state.position;
  const market = i32[row * 32 + POSITION_MARKET] as number;
  const markets = state.market.f64;
  const mark = markets[market * 128 + MARK] as number;
  const size = f64[row * 16 + SIZE] as number;
  const buys = f64[row * 16 + BUY_SIZE] as number;
  const sells = f64[row * 16 + SELL_SIZE] as number;
  if (size !== 0) {
    const index = markets[market * 128 + FUNDING_INDEX] as number;
    margin.equity
      .addProduct(size, mark)
      .addLimbs(-(f64[row * 16 + COST_HIGH] as number), -(f64[row * 16 + COST_LOW] as number));
    const change = index - (f64[row * 16 + POSITION_INDEX] as number);
    if (isWideCharge(size, change)) margin.equity.subtractWide(wideFundingCharge(size, change, product));
    else margin.equity.add(-fundingCharge(size, change));
    addFraction(margin.maintenance, Math.abs(size), mark, maintenanceFraction(state, market) + fee);
  }
  if (size === 0 && buys === 0 && sells === 0) return;
  addInitialMargin(state, row, fee, margin.initial);
  addToBound(state, row, fee, margin);
}

/** Computes the margin of an account into `margin`, walking all its positions, and refreshes its bound. */
export function computeMargin(state: State, account: number, margin: Margin): Margin {
  margin.clear();
  margin.equity.load(state.account.f64, account * 8 + BALANCE_HIGH);
  margin.scale = Math.abs(margin.equity.toNumber());
  const fee = takerFee(state, account);
  const { position } = state;
  let row = state.account.i32[account * 16 + FIRST_POSITION] as number;
  while (row !== 0) {
    addPosition(state, row, fee, margin);
    row = position.i32[row * 32 + NEXT_OF_ACCOUNT] as number;
  }
  const slack = margin.equity.toNumber() - margin.initial.toNumber();
  state.index.bounds.set(account, slack, margin.gross, margin.scale);
  return margin;
}

/** Adds to `gross` and `scale` what the bound of the account needs to know of a position (`margin-bounds.ts`). */
function addToBound(state: State, row: number, fee: number, margin: Margin): void {
  const { f64 } = state.position;
  const at = row * 16;
  const market = (state.position.i32[row * 32 + POSITION_MARKET] as number) * 128;
  const mark = state.market.f64[market + MARK] as number;
  const fraction = (initialFraction(state, row) + fee) / MILLION;
  const lots = Math.abs(f64[at + SIZE] as number) + (f64[at + BUY_SIZE] as number) + (f64[at + SELL_SIZE] as number);
  // A move changes the value of the size, the margin of what is open (a fraction of it) and the open loss.
  margin.gross += lots * (1 + fraction) * mark;
  margin.scale += 2 * lots * mark + Math.abs(f64[at + COST_HIGH] as number) * LIMB_BASE + LIMB_BASE;
}
