/**
 * What a client sees of the exchange: prices, the top of each book, its own positions, orders and money. Reads the state and
 * changes nothing. Amounts are floats: a client's estimate, by which it asks; what it gets the engine decides.
 */
import type { Book } from '../../engine/book.ts';
import { TICK_LIMIT } from '../../engine/ladder.ts';
import { isKnown, MARKET_KNOWN, statusOf } from '../../engine/market.ts';
import type { State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import { ACCOUNT, MARKET, POSITION } from '../../engine/tables.ts';

const LIMB = 2 ** 50;

/** Whether a market can be traded as a client sees it. */
export const ACCESS = { NONE: 0, MAKING_ONLY: 1, ALL: 2 } as const;

/** The markets as they stood after the last tick; slot 0 is unused. Prices in price units unless said. */
export class MarketView {
  readonly access: Uint8Array;
  readonly mark: Float64Array;
  readonly spot: Float64Array;
  /** The spot with the basis that the external venues agree on: what the perpetual is worth elsewhere. */
  readonly fair: Float64Array;
  /** Ticks; 0 when there is no bid, `TICK_LIMIT` when there is no ask. */
  readonly bid: Int32Array;
  readonly ask: Int32Array;
  readonly tickUnits: Float64Array;

  constructor(markets: number) {
    this.access = new Uint8Array(markets + 1);
    this.mark = new Float64Array(markets + 1);
    this.spot = new Float64Array(markets + 1);
    this.fair = new Float64Array(markets + 1);
    this.bid = new Int32Array(markets + 1);
    this.ask = new Int32Array(markets + 1);
    this.tickUnits = new Float64Array(markets + 1);
  }

  /** Looks at one market. `timeMs` is now: prices older than `staleMs` are as good as none. */
  refresh(state: State, market: number, timeMs: number, staleMs: number): void {
    this.access[market] = ACCESS.NONE;
    if (!isKnown(state, market, MARKET_KNOWN.MARK)) return;
    const { f64 } = state.market;
    const at = market * 128;
    if (timeMs - (f64[at + MARKET.SPOT_MS] as number) > staleMs) return;
    const status = statusOf(state, market);
    if (status !== STATUS.OK && status !== STATUS.POST_ONLY) return;
    this.access[market] = status === STATUS.OK ? ACCESS.ALL : ACCESS.MAKING_ONLY;
    const spot = f64[at + MARKET.SPOT] as number;
    const basis = isKnown(state, market, MARKET_KNOWN.EXTERNAL_BASIS) ? (f64[at + MARKET.EXTERNAL_BASIS] as number) : 0;
    this.spot[market] = spot;
    this.mark[market] = f64[at + MARKET.MARK] as number;
    this.fair[market] = spot + spot * (basis / 1e12);
    this.tickUnits[market] = f64[at + MARKET.TICK_UNITS] as number;
    const { bestBid, bestAsk } = state.index.books[market] as Book;
    this.bid[market] = bestBid;
    this.ask[market] = bestAsk;
  }

  /** The middle of the book, ticks; the fair price where a side is missing. */
  middle(market: number): number {
    const bid = this.bid[market] as number;
    const ask = this.ask[market] as number;
    if (bid > 0 && ask < TICK_LIMIT) return (bid + ask) / 2;
    return (this.fair[market] as number) / (this.tickUnits[market] as number);
  }
}

/** An account's money as its owner sees it, 1e-8 USDC. */
export class AccountView {
  balance = 0;
  /** Balance and unrealised profit at the marks; accrued funding is left out. */
  equity = 0;
  /** Initial margin of the positions, without open orders. */
  used = 0;
  /** Value of all positions at the marks. */
  exposure = 0;

  read(state: State, account: number): this {
    const { f64, i32 } = state.position;
    const markets = state.market.f64;
    const accounts = state.account;
    const balance = account * 8 + ACCOUNT.BALANCE_HIGH;
    this.balance = (accounts.f64[balance] as number) * LIMB + (accounts.f64[balance + 1] as number);
    let equity = this.balance;
    let used = 0;
    let exposure = 0;
    let row = accounts.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
    for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
      const size = f64[row * 16 + POSITION.SIZE] as number;
      if (size === 0) continue;
      const market = (i32[row * 32 + POSITION.MARKET] as number) * 128;
      const value = size * (markets[market + MARKET.MARK] as number);
      const cost =
        (f64[row * 16 + POSITION.COST_HIGH] as number) * LIMB + (f64[row * 16 + POSITION.COST_LOW] as number);
      const own = i32[row * 32 + POSITION.INITIAL_MARGIN] as number;
      const base = markets[market + MARKET.INITIAL_MARGIN] as number;
      equity += value - cost;
      exposure += Math.abs(value);
      used += (Math.abs(value) * Math.max(own, base)) / 1e6;
    }
    this.equity = equity;
    this.used = used;
    this.exposure = exposure;
    return this;
  }
}
