/**
 * Is a forced action right at the true world's prices, where that world does not have it? Worlds part: a liquidation that was held
 * leaves a stop that fires later, a cancel that was lost leaves an order. Such an action is judged by what it says: at the true marks,
 * funding indexes, parameters and rules, now or as long ago as a sample may be that a forced action rests on, is it due for this account as it stands?
 */
import { MarginBounds } from '../../engine/margin-bounds.ts';
import { computeMargin, Margin } from '../../engine/margin.ts';
import { CLOSE } from '../../engine/refusal.ts';
import { FLAG } from '../../engine/flags.ts';
import { State } from '../../engine/state.ts';
import type { Table } from '../../engine/table.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, ORDER, QUOTE, VENUE, VENUE_LIMIT } from '../../engine/tables.ts';
import type { ForcedAction } from '../../guard/verdict.ts';
import { grossOf } from './dues.ts';

/** Ticks within the age of a sample that a forced action may rest on. */
const AGE_TICKS = 4;
/** Honest sources differ by less, ppm. */
const HAIR_PPM = 1000;
const ROWS_OF_ORDERS = 2 ** 24;

export class TruePrices {
  /** Rows of the markets by tick. */
  private readonly markets = new Map<number, Float64Array<ArrayBuffer>>();
  private readonly margin = new Margin();
  private rule: Table | undefined;

  /** What the sources said by tick, as one text a market: equal where they said the same. */
  private readonly said = new Map<number, readonly string[]>();

  /** Takes in the state behind a tick. */
  take(tick: number, state: State): void {
    this.said.set(tick, saidIn(state));
    this.markets.set(tick, state.market.f64.slice(0, state.market.rows * 128));
    this.rule = state.rule;
  }

  /** The markets whose sources have said something else by a tick than in the true world. */
  strayed(tick: number, here: State): number[] {
    const theirs = this.said.get(tick);
    return saidIn(here).flatMap((said, market) => (theirs !== undefined && theirs[market] !== said ? [market] : []));
  }

  /** True when the action on `account` is due at the true prices of a tick or shortly before, for the rows of `here`. */
  isDue(action: ForcedAction, account: number, tick: number, here: State): boolean {
    for (let at = tick; at > tick - AGE_TICKS; at--) {
      const prices = this.markets.get(at);
      if (prices !== undefined && this.isDueAt(action, account, prices, here)) return true;
    }
    return false;
  }

  private isDueAt(action: ForcedAction, account: number, prices: Float64Array, here: State): boolean {
    if (action.kind === 'settlePosition') return false;
    if (action.kind === 'fireTrigger') return isReached(action.order, prices, here);
    const state = priced(here, prices, this.rule ?? here.rule);
    const { equity, initial, maintenance } = computeMargin(state, account, this.margin);
    const hair = (grossOf(state, account) * HAIR_PPM) / 1e6;
    if (action.kind === 'liquidate') return equity.toNumber() - maintenance.toNumber() <= hair;
    return action.reason === CLOSE.DELEVERAGE && equity.toNumber() - initial.toNumber() <= hair;
  }
}

/** The prices and stamps of a state's sources, market by market. */
function saidIn(state: State): string[] {
  const { oracle, quote, venue, market } = state;
  const usdc = [VENUE.COLLATERAL_PRICE, VENUE.COLLATERAL_MS].map((column) => venue.f64[64 + column]).join();
  return Array.from({ length: market.rows }, (_, row) => {
    const said: (number | undefined)[] = [];
    for (let at = row * ORACLE_LIMIT; at < (row + 1) * ORACLE_LIMIT; at++) {
      said.push(oracle.f64[at * 4 + ORACLE.PRICE], oracle.f64[at * 4 + ORACLE.TIME_MS]);
    }
    for (let at = row * VENUE_LIMIT; at < (row + 1) * VENUE_LIMIT; at++) {
      for (const column of [QUOTE.MARK, QUOTE.INDEX, QUOTE.TIME_MS]) said.push(quote.f64[at * 8 + column]);
    }
    return `${usdc},${said.join()}`;
  });
}

function isReached(order: number, prices: Float64Array, { order: orders }: State): boolean {
  const at = (order % ROWS_OF_ORDERS) * 16;
  const market = orders.i32[at + ORDER.MARKET] as number;
  const mark = prices[market * 128 + MARKET.MARK] as number;
  const trigger = (orders.i32[at + ORDER.TRIGGER] as number) * (prices[market * 128 + MARKET.TICK_UNITS] as number);
  const isAbove = ((orders.i32[at + ORDER.FLAGS] as number) & FLAG.TRIGGER_ABOVE) !== 0;
  const beyond = isAbove ? mark - trigger : trigger - mark;
  return beyond * 1e6 >= -mark * HAIR_PPM;
}

/** The accounts, positions and orders of `here` among the true world's markets and rules: for computing alone. */
function priced(here: State, f64: Float64Array, rule: Table): State {
  const market = Object.assign(Object.create(Object.getPrototypeOf(here.market)), here.market, { f64 });
  const bounds = new MarginBounds();
  bounds.reset(here.account.rows);
  const index = Object.assign(Object.create(Object.getPrototypeOf(here.index)), here.index, { bounds });
  return Object.assign(Object.create(State.prototype) as State, here, { market, index, rule });
}
