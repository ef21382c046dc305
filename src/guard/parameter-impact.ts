/** Who could be liquidated by a change of parameters or rules alone, at the marks of now: nobody may be, without notice. */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { RULE } from '../engine/rules.ts';
import { ACCOUNT_KIND, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { Unreadable, whole } from './exact.ts';
import type { Known } from './known.ts';
import { equityOf, type LiveAccount, maintenanceOf, readAccount } from './live-account.ts';

export type Change =
  | { readonly kind: 'parameter'; readonly market: number; readonly number: number; readonly value: number }
  | { readonly kind: 'rule'; readonly number: number; readonly value: number };

const MARGINS = new Set([MARKET_PARAMETERS.indexOf('INITIAL_MARGIN'), MARKET_PARAMETERS.indexOf('MAINTENANCE_FACTOR')]);
const FEES: ReadonlySet<number> = new Set([RULE.taker_fee, RULE.retail_taker_fee]);
const LIMB = 2 ** 50;
/** Floats may be wrong by this share of everything they sum up: accounts that near are computed exactly. */
const DOUBT = 1e-6;

/** True for a change on which maintenance margins depend. */
export function movesMargins(change: Change): boolean {
  return change.kind === 'rule' ? FEES.has(change.number) : MARGINS.has(change.number);
}

/** Accounts that could not be liquidated before the change and could be after it, ascending. */
export function newlyLiquidatable(known: Known, state: State, change: Change): number[] {
  const after = changed(known, change);
  const accounts = new Set<number>();
  const { i32, f64, rows } = state.position;
  for (let row = 1; row < rows; row++) {
    if (f64[row * 16 + POSITION.SIZE] === 0) continue;
    if (change.kind === 'parameter' && i32[row * 32 + POSITION.MARKET] !== change.market) continue;
    accounts.add(i32[row * 32 + POSITION.ACCOUNT] as number);
  }
  const found = [...accounts].filter((account) => isTrader(state, account) && isForced(known, after, state, account));
  return found.sort((a, b) => a - b);
}

function isTrader(state: State, account: number): boolean {
  return state.account.i32[account * 16 + ACCOUNT.KIND] === ACCOUNT_KIND.TRADER;
}

/** What is known, as it would be after the change. */
function changed(known: Known, change: Change): Known {
  const value = whole(change.value);
  const own = change.kind === 'rule' ? 'rule' : 'parameter';
  const read =
    change.kind === 'rule'
      ? (number: number): bigint => (number === change.number ? value : known.rule(number))
      : (market: number, number: number): bigint =>
          market === change.market && number === change.number ? value : known.parameter(market, number);
  return Object.create(known, { [own]: { value: read } }) as Known;
}

/** True when the change alone makes an account liquidatable. One whose numbers are none is for other checks. */
function isForced(known: Known, after: Known, state: State, account: number): boolean {
  try {
    if (isFarFromIt(after, state, account)) return false;
    const live = readAccount(state, account);
    const equity = equityOf(known, live);
    const isUnhealthy = (by: Known): boolean => equity <= 0n || maintenanceOf(by, live) > equity;
    return isUnhealthy(after) && !isUnhealthy(known);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return false;
  }
}

/** True when floats alone show that the account stays healthy. */
function isFarFromIt(after: Known, state: State, account: number): boolean {
  const { positions, balance }: LiveAccount = readAccount(state, account);
  const { f64 } = after.inputs.market;
  let equity = Number(balance);
  let margin = 0;
  let gross = Math.abs(equity);
  for (const { market, size, cost, index } of positions) {
    const lots = Number(size);
    if (lots === 0) continue;
    const at = market * 128;
    const mark = f64[at + MARKET.MARK] as number;
    const funding = (lots * ((f64[at + MARKET.FUNDING_INDEX] as number) - Number(index))) / 1e6;
    const initial = Number(after.parameter(market, MARKET_PARAMETERS.indexOf('INITIAL_MARGIN')));
    const factor = Number(after.parameter(market, MARKET_PARAMETERS.indexOf('MAINTENANCE_FACTOR')));
    const fee = Math.max(Number(after.rule(RULE.taker_fee)), Number(after.rule(RULE.retail_taker_fee)));
    equity += lots * mark - Number(cost) - funding;
    margin += (Math.abs(lots) * mark * ((initial * factor) / 1e6 + 1 + fee)) / 1e6;
    gross += Math.abs(lots) * mark + Math.abs(Number(cost)) + Math.abs(funding) + LIMB * Number.EPSILON;
  }
  return equity - margin > gross * DOUBT;
}
