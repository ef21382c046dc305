/**
 * How far a decision about an account's margin was from being the other one. An order is taken while equity − initial margin covers at
 * most what the order takes of it; so while what a correction changes of that difference is less than what was left, the decision
 * stays, and nothing has to be decided again.
 */
import { takerFee } from '../engine/fee.ts';
import { FLAG, isMarketKind, kindOf } from '../engine/flags.ts';
import { computeMargin, Margin } from '../engine/margin.ts';
import { bandBottom, bandTop } from '../engine/market.ts';
import { findPosition, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';

/** An order that is judged: `price` in ticks, not read of market kinds. */
export interface JudgedOrder {
  readonly account: number;
  readonly market: number;
  readonly price: number;
  readonly size: number;
  readonly flags: number;
}

/** The slack of what was refused for its margin: it stays refused while nothing is added. */
export const REFUSED = Number.NEGATIVE_INFINITY;
/** The claim of what takes money away: it needs free collateral and a balance as well. */
export const MONEY = -1;

/**
 * At most what the order takes of equity − initial margin: the bound of `risk.ts`. 0: it raises no margin, so no equity
 * refuses it; never where it is one of several that are not applied yet.
 */
export function orderClaim(state: State, order: JudgedOrder, isAlone = true): number {
  const { account, market, size, flags } = order;
  const at = market * 128;
  const sell = flags & FLAG.SELL;
  const { f64 } = state.market;
  const mark = f64[at + MARKET.MARK] as number;
  const edge = sell === 0 ? bandTop(state, market) : bandBottom(state, market);
  const price = isMarketKind(kindOf(flags)) ? edge : order.price;
  const above = price * (f64[at + MARKET.TICK_UNITS] as number) - mark;
  const loss = Math.max(0, sell === 0 ? above : -above);
  const row = findPosition(state, account, market);
  if (isAlone && row !== 0 && loss === 0 && raisesNothing(state, row, sell, size)) return 0;
  const own = row === 0 ? 0 : (state.position.i32[row * 32 + POSITION.INITIAL_MARGIN] as number);
  const fraction = Math.max(own, f64[at + MARKET.INITIAL_MARGIN] as number) + takerFee(state, account);
  return size * (mark * fraction * 1e-6 + loss) * (1 + 1e-9) + 2;
}

/** True when the larger of what the position is open to on either side does not grow. */
function raisesNothing(state: State, row: number, sell: number, size: number): boolean {
  const { f64 } = state.position;
  const held = f64[row * 16 + POSITION.SIZE] as number;
  const buys = f64[row * 16 + POSITION.BUY_SIZE] as number;
  const sells = f64[row * 16 + POSITION.SELL_SIZE] as number;
  const before = Math.max(buys + held, sells - held, 0);
  return (sell === 0 ? buys + size + held : sells + size - held) <= before;
}

const margin = new Margin();
/** A bound below this share of the balance is made exact: a loose one would ask for decisions that are far from any edge. */
const NEAR = 1 / 4;

/** A lower bound of equity − initial margin that is close to it where it is small. Refreshes the account's bound. */
export function slackOf(state: State, account: number, needed: number): number {
  const slack = state.index.bounds.slack(account);
  const balance = Math.abs(state.account.f64[account * 8 + ACCOUNT.BALANCE_HIGH] as number) * 2 ** 50;
  const low = Math.abs(state.account.f64[account * 8 + ACCOUNT.BALANCE_LOW] as number);
  if (slack - needed >= (balance + low) * NEAR) return slack;
  computeMargin(state, account, margin);
  return state.index.bounds.slack(account);
}

/** What two numbers of this size may be off by as floats. */
const ROUNDING = 1e-14;

/**
 * True when a decision stays what it was although equity − initial margin of the account is `difference` more, and its balance
 * `balanceDifference`. A decision of slack `slack` took at most `claim` of it.
 */
export function staysDecided(slack: number, claim: number, difference: number, balanceDifference: number): boolean {
  if (claim === 0) return true;
  const least = claim === MONEY ? Math.min(difference, balanceDifference) : difference;
  const most = claim === MONEY ? Math.max(difference, balanceDifference) : difference;
  if (slack === REFUSED) return most <= 0;
  return slack + least - (Math.abs(slack) + Math.abs(least)) * ROUNDING - 2 >= Math.max(claim, 0);
}
