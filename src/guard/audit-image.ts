/**
 * The audit at each block's end: the live rows against the image that the block's events lead to. Of small tables it compares all
 * rows; of larger ones a slice that moves on, so that every row is seen within sixteen blocks. What differs is told with the
 * component that rests on it.
 */
import { FLAG } from '../engine/flags.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from '../engine/tables.ts';
import { compareRows, type Found } from './derived-image.ts';
import type { Known } from './known.ts';
import { differentColumn } from './order-image.ts';
import { KNOWN_ORDER } from './order-lists.ts';

/** Tables up to this many rows are compared whole. */
const SMALL = 8192;
const SLICES = 16;

const { BALANCE_HIGH, PENDING_HIGH, FIRST_POSITION, KIND, FEE_CLASS } = ACCOUNT;
const { SIZE, COST_HIGH, FUNDING_INDEX, INITIAL_MARGIN, NEXT_OF_ACCOUNT } = POSITION;
const POSITION_ACCOUNT = POSITION.ACCOUNT;
const POSITION_MARKET = POSITION.MARKET;

export class AuditImage {
  private readonly known: Known;
  private slice = 0;

  constructor(known: Known) {
    this.known = known;
  }

  /** Compares; tells each component that differs. */
  run(state: State, found: Found): void {
    this.slice = (this.slice + 1) % SLICES;
    this.audit(state.account.rows, (row) => this.auditAccount(state, row, found));
    this.audit(state.position.rows, (row) => this.auditPosition(state, row, found));
    this.audit(state.order.rows, (row) => this.auditOrder(state, row, found));
    for (let market = 1; market < state.market.rows; market++) this.auditMarket(state, market, found);
    compareRows(this.known.inputs, state, found);
    if (state.position.rows <= SMALL && state.order.rows <= SMALL) this.auditSums(state, found);
  }

  private audit(rows: number, each: (row: number) => void): void {
    const isSmall = rows <= SMALL;
    const from = isSmall ? 1 : Math.max(1, Math.floor((rows * this.slice) / SLICES));
    const to = isSmall ? rows : Math.floor((rows * (this.slice + 1)) / SLICES);
    for (let row = from; row < to; row++) each(row);
  }

  private auditAccount(state: State, row: number, found: Found): void {
    const live = state.account;
    const { f64, i32 } = this.known.image.account;
    const at = row * 8;
    const word = row * 16;
    if (
      live.f64[at + BALANCE_HIGH] === f64[at + BALANCE_HIGH] &&
      live.f64[at + BALANCE_HIGH + 1] === f64[at + BALANCE_HIGH + 1] &&
      live.f64[at + PENDING_HIGH] === f64[at + PENDING_HIGH] &&
      live.f64[at + PENDING_HIGH + 1] === f64[at + PENDING_HIGH + 1] &&
      live.i32[word + FIRST_POSITION] === i32[word + FIRST_POSITION] &&
      live.i32[word + KIND] === i32[word + KIND] &&
      live.i32[word + FEE_CLASS] === i32[word + FEE_CLASS]
    ) {
      return;
    }
    const told = [BALANCE_HIGH, BALANCE_HIGH + 1, PENDING_HIGH, PENDING_HIGH + 1].find(
      (column) => live.f64[at + column] !== f64[at + column],
    );
    const about = told === undefined ? 'class or positions' : `balance or pending, column ${told}`;
    const [is, was] = told === undefined ? ['other', 'as told'] : [live.f64[at + told], f64[at + told]];
    found({ kind: 'account', account: row }, different('account_continuity', about, is, was));
  }

  private auditPosition(state: State, row: number, found: Found): void {
    const live = state.position;
    const { f64, i32 } = this.known.image.position;
    const at = row * 16;
    const word = row * 32;
    const size = f64[at + SIZE] as number;
    if (
      live.f64[at + SIZE] === size &&
      live.f64[at + COST_HIGH] === f64[at + COST_HIGH] &&
      live.f64[at + COST_HIGH + 1] === f64[at + COST_HIGH + 1] &&
      // Where nothing is held the index says nothing.
      (size === 0 || live.f64[at + FUNDING_INDEX] === f64[at + FUNDING_INDEX]) &&
      live.i32[word + POSITION_ACCOUNT] === i32[word + POSITION_ACCOUNT] &&
      live.i32[word + POSITION_MARKET] === i32[word + POSITION_MARKET] &&
      live.i32[word + INITIAL_MARGIN] === i32[word + INITIAL_MARGIN] &&
      live.i32[word + NEXT_OF_ACCOUNT] === i32[word + NEXT_OF_ACCOUNT]
    ) {
      return;
    }
    const account = i32[word + POSITION_ACCOUNT] as number;
    const about = `position ${row}`;
    const told = [SIZE, COST_HIGH, COST_HIGH + 1, FUNDING_INDEX].find(
      (column) => live.f64[at + column] !== f64[at + column],
    );
    const [is, was] = told === undefined ? ['other', 'as told'] : [live.f64[at + told], f64[at + told]];
    found({ kind: 'account', account }, different('position_continuity', about, is, was));
  }

  private auditOrder(state: State, row: number, found: Found): void {
    const { orders } = this.known;
    const live = state.order.i32;
    if (!orders.isLive(row)) {
      if (live[row * 16 + ORDER.SIZE] === 0) return;
      const owner = live[row * 16 + ORDER.ACCOUNT] as number;
      const account = owner >= 1 && owner < state.account.rows ? owner : 0;
      const check = different('order_continuity', `order row ${row}`, live[row * 16 + ORDER.SIZE], 'no order');
      return found(account === 0 ? { kind: 'venue' } : { kind: 'account', account }, check);
    }
    const column = differentColumn(orders, this.known.image.position.i32, state, row);
    if (column === undefined) return;
    const account = orders.i32[row * 8 + KNOWN_ORDER.ACCOUNT] as number;
    found(
      { kind: 'account', account },
      different('order_continuity', `order ${orders.idOf(row)} ${column}`, 'other', 'as told'),
    );
  }

  private auditMarket(state: State, market: number, found: Found): void {
    const live = state.market.f64;
    const { f64 } = this.known.image.market;
    const at = market * 128;
    const tell = (about: string, is: number | undefined, was: number | undefined): void => {
      if (is === was) return;
      found({ kind: 'market', market }, different('market_continuity', `market ${market} ${about}`, is, was));
    };
    tell('NET_SIZE', live[at + MARKET.NET_SIZE], 0);
    for (const name of [
      'FUNDING_CLEARING_HIGH',
      'FUNDING_CLEARING_LOW',
      'TRADE_COUNT',
      'VOLUME_HIGH',
      'VOLUME_LOW',
    ] as const) {
      tell(name, live[at + MARKET[name]], f64[at + MARKET[name]]);
    }
  }

  /** Positions of a market sum to zero and their longs to its open interest; each knows the sizes of its open orders. */
  private auditSums(state: State, found: Found): void {
    const { image, orders } = this.known;
    const { rows } = state.position;
    const net = new Float64Array(state.market.rows);
    const longs = new Float64Array(state.market.rows);
    for (let row = 1; row < rows; row++) {
      const market = image.position.i32[row * 32 + POSITION_MARKET] as number;
      const size = image.position.f64[row * 16 + SIZE] as number;
      net[market] = (net[market] as number) + size;
      longs[market] = (longs[market] as number) + Math.max(size, 0);
    }
    for (let market = 1; market < state.market.rows; market++) {
      const open = state.market.f64[market * 128 + MARKET.OPEN_INTEREST];
      if (net[market] === 0 && open === longs[market]) continue;
      const about = net[market] === 0 ? 'OPEN_INTEREST' : 'sum of positions';
      const [is, was] = net[market] === 0 ? [open, longs[market]] : [net[market], 0];
      found({ kind: 'market', market }, different('market_continuity', `market ${market} ${about}`, is, was));
    }
    const open = new Float64Array(rows * 3);
    for (let row = 1; row < orders.rows; row++) {
      if (!orders.isLive(row)) continue;
      const account = orders.i32[row * 8 + KNOWN_ORDER.ACCOUNT] as number;
      const position = image.positionOf(account, orders.i32[row * 8 + KNOWN_ORDER.MARKET] as number, 0);
      const flags = orders.i32[row * 8 + KNOWN_ORDER.FLAGS] as number;
      open[position * 3 + 2] = (open[position * 3 + 2] as number) + 1;
      if ((flags & FLAG.UNTRIGGERED) !== 0) continue;
      const side = position * 3 + (flags & FLAG.SELL);
      open[side] = (open[side] as number) + (orders.i32[row * 8 + KNOWN_ORDER.REMAINING] as number);
    }
    for (let row = 1; row < rows; row++) this.compareSums(state, row, open, found);
  }

  private compareSums(state: State, row: number, open: Float64Array, found: Found): void {
    const { f64, i32 } = state.position;
    const pairs = [
      ['BUY_SIZE', f64[row * 16 + POSITION.BUY_SIZE], open[row * 3]],
      ['SELL_SIZE', f64[row * 16 + POSITION.SELL_SIZE], open[row * 3 + 1]],
      ['ORDER_COUNT', i32[row * 32 + POSITION.ORDER_COUNT], open[row * 3 + 2]],
    ] as const;
    for (const [name, is, was] of pairs) {
      if (is === was) continue;
      const account = this.known.image.position.i32[row * 32 + POSITION_ACCOUNT] as number;
      found({ kind: 'account', account }, different('order_sums', `position ${row} ${name}`, is, was));
    }
  }
}

function different(
  name: string,
  about: string,
  found: number | string | undefined,
  expected: number | string | undefined,
) {
  return { class: 'I', name, about, holds: false, found: String(found), expected: String(expected) } as const;
}
