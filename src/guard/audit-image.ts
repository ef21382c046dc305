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
import { addExact, addWide } from './limbs.ts';
import { differentColumn } from './order-image.ts';
import { KNOWN_ORDER } from './order-lists.ts';
import { KNOWN_POSITION } from './sealed-image.ts';

/** Tables up to this many rows are compared whole at each block. */
const SMALL = 512;
/** Up to this many, their sums are formed in every 64th. */
const SUMMED = 65_536;
const SUMMED_BLOCKS = 64;
const SLICES = 16;
const EXACT = 2 ** 52;

const { BALANCE_HIGH, PENDING_HIGH, FIRST_POSITION, KIND, FEE_CLASS, CREATED_MS } = ACCOUNT;
/** All but the last column stand where the live row has them, of rows half as long. */
const { SIZE, COST_HIGH, FUNDING_INDEX, INITIAL_MARGIN, NEXT_OF_ACCOUNT } = KNOWN_POSITION;
const ORDER_SIZE = ORDER.SIZE;
const POSITION_ACCOUNT = KNOWN_POSITION.ACCOUNT;
const POSITION_MARKET = KNOWN_POSITION.MARKET;

export class AuditImage {
  private readonly known: Known;
  private blocks = 0;
  private slice = 0;

  constructor(known: Known) {
    this.known = known;
  }

  /** Compares; tells each component that differs. */
  run(state: State, found: Found): void {
    this.blocks++;
    this.slice = this.blocks % SLICES;
    const { account, position, order, market, refund } = state;
    for (let row = this.from(account.rows); row < this.to(account.rows); row++) this.auditAccount(state, row, found);
    for (let row = this.from(position.rows); row < this.to(position.rows); row++) this.auditPosition(state, row, found);
    for (let row = this.from(order.rows); row < this.to(order.rows); row++) this.auditOrder(state, row, found);
    this.known.remedy.compareRows(state, this.from(refund.rows), this.to(refund.rows), found);
    for (let row = 1; row < market.rows; row++) this.auditMarket(state, row, found);
    compareRows(this.known.inputs, state, found);
    const rows = Math.max(position.rows, order.rows);
    if (rows <= SMALL || (this.blocks % SUMMED_BLOCKS === 0 && rows <= SUMMED)) this.auditSums(state, found);
  }

  /** First row of the slice of a table with so many rows, and the row behind it. */
  private from(rows: number): number {
    return rows <= SMALL ? 1 : Math.max(1, Math.floor((rows * this.slice) / SLICES));
  }

  private to(rows: number): number {
    return rows <= SMALL ? rows : Math.floor((rows * (this.slice + 1)) / SLICES);
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
      live.i32[word + FEE_CLASS] === i32[word + FEE_CLASS] &&
      live.f64[at + CREATED_MS] === f64[at + CREATED_MS]
    ) {
      return this.auditReceivable(state, row, found);
    }
    const told = [BALANCE_HIGH, BALANCE_HIGH + 1, PENDING_HIGH, PENDING_HIGH + 1].find(
      (column) => live.f64[at + column] !== f64[at + column],
    );
    const about = told === undefined ? 'class, positions or age' : `balance or pending, column ${told}`;
    const [is, was] = told === undefined ? ['other', 'as told'] : [live.f64[at + told], f64[at + told]];
    found({ kind: 'account', account: row }, different('account_continuity', about, is, was));
  }

  private auditReceivable(state: State, row: number, found: Found): void {
    const is = state.account.f64[row * 8 + ACCOUNT.RECEIVABLE];
    const told = this.known.remedy.receivableOf(row);
    if (is !== told) found({ kind: 'account', account: row }, different('account_continuity', 'receivable', is, told));
  }

  private auditPosition(state: State, row: number, found: Found): void {
    const live = state.position;
    const { f64, i32 } = this.known.image.position;
    const [at, word, own, ownWord] = [row * 16, row * 32, row * 8, row * 16];
    const size = f64[own + SIZE] as number;
    if (
      live.f64[at + SIZE] === size &&
      live.f64[at + COST_HIGH] === f64[own + COST_HIGH] &&
      live.f64[at + COST_HIGH + 1] === f64[own + COST_HIGH + 1] &&
      // Where nothing is held the index says nothing.
      (size === 0 || live.f64[at + FUNDING_INDEX] === f64[own + FUNDING_INDEX]) &&
      live.i32[word + POSITION_ACCOUNT] === i32[ownWord + POSITION_ACCOUNT] &&
      live.i32[word + POSITION_MARKET] === i32[ownWord + POSITION_MARKET] &&
      live.i32[word + INITIAL_MARGIN] === i32[ownWord + INITIAL_MARGIN] &&
      live.i32[word + POSITION.NEXT_OF_ACCOUNT] === i32[ownWord + NEXT_OF_ACCOUNT]
    ) {
      return;
    }
    const account = i32[ownWord + POSITION_ACCOUNT] as number;
    const about = `position ${row}`;
    const told = [SIZE, COST_HIGH, COST_HIGH + 1, FUNDING_INDEX].find(
      (column) => live.f64[at + column] !== f64[own + column],
    );
    const [is, was] = told === undefined ? ['other', 'as told'] : [live.f64[at + told], f64[own + told]];
    found({ kind: 'account', account }, different('position_continuity', about, is, was));
  }

  private auditOrder(state: State, row: number, found: Found): void {
    const { orders } = this.known;
    const live = state.order.i32;
    if (!orders.isLive(row)) {
      if (live[row * 16 + ORDER_SIZE] === 0) return;
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

  /** Positions of a market sum to zero, their longs to its open interest, size × cached index to what was settled. */
  private auditSums(state: State, found: Found): void {
    const { image } = this.known;
    const { rows } = state.position;
    const net = new Float64Array(state.market.rows);
    const longs = new Float64Array(state.market.rows);
    const settled = new Float64Array(state.market.rows * 2);
    for (let row = 1; row < rows; row++) {
      const market = image.position.i32[row * 16 + POSITION_MARKET] as number;
      const size = image.position.f64[row * 8 + SIZE] as number;
      net[market] = (net[market] as number) + size;
      longs[market] = (longs[market] as number) + Math.max(size, 0);
      const index = image.position.f64[row * 8 + FUNDING_INDEX] as number;
      const product = size * index;
      if (product <= EXACT && product >= -EXACT) addExact(settled, market * 2, product);
      else addWide(settled, market * 2, BigInt(size) * BigInt(index));
    }
    for (let market = 1; market < state.market.rows; market++) {
      const at = market * 128;
      const told = state.market.f64[at + MARKET.FUNDING_SETTLED_LOW];
      if (
        state.market.f64[at + MARKET.FUNDING_SETTLED_HIGH] !== settled[market * 2] ||
        told !== settled[market * 2 + 1]
      ) {
        const check = different('market_continuity', `market ${market} FUNDING_SETTLED`, told, settled[market * 2 + 1]);
        found({ kind: 'market', market }, check);
      }
      const open = state.market.f64[at + MARKET.OPEN_INTEREST];
      if (net[market] === 0 && open === longs[market]) continue;
      const about = net[market] === 0 ? 'OPEN_INTEREST' : 'sum of positions';
      const [is, was] = net[market] === 0 ? [open, longs[market]] : [net[market], 0];
      found({ kind: 'market', market }, different('market_continuity', `market ${market} ${about}`, is, was));
    }
    this.auditOwnOrders(state, found);
  }

  /** Each position knows how many orders it has, how much of them is open, and within which prices. */
  private auditOwnOrders(state: State, found: Found): void {
    const { image, orders } = this.known;
    const { rows } = state.position;
    const sums = Object.fromEntries(SUMS.map((name) => [name, new Float64Array(rows)])) as Record<Sum, Float64Array>;
    const add = (name: Sum, position: number, amount: number): void => {
      sums[name][position] = (sums[name][position] as number) + amount;
    };
    const { i32, f64 } = state.position;
    for (let row = 1; row < orders.rows; row++) {
      if (!orders.isLive(row)) continue;
      const at = row * 8;
      const account = orders.i32[at + KNOWN_ORDER.ACCOUNT] as number;
      const position = image.positionOf(account, orders.i32[at + KNOWN_ORDER.MARKET] as number, 0);
      const flags = orders.i32[at + KNOWN_ORDER.FLAGS] as number;
      add('ORDER_COUNT', position, 1);
      if ((flags & FLAG.REDUCE_ONLY) !== 0) add('REDUCE_ONLY_COUNT', position, 1);
      if ((flags & FLAG.UNTRIGGERED) !== 0) continue;
      const price = orders.i32[at + KNOWN_ORDER.PRICE] as number;
      const isSell = (flags & FLAG.SELL) !== 0;
      add(isSell ? 'SELL_SIZE' : 'BUY_SIZE', position, orders.i32[at + KNOWN_ORDER.REMAINING] as number);
      const edge = i32[position * 32 + (isSell ? POSITION.LOWEST_SELL : POSITION.HIGHEST_BUY)] as number;
      if (isSell ? price >= edge : price <= edge) continue;
      const check = different('order_sums', `position ${position} bound of open orders`, edge, price);
      found({ kind: 'account', account }, check);
    }
    for (let row = 1; row < rows; row++) {
      for (const name of SUMS) {
        const is =
          name === 'BUY_SIZE' || name === 'SELL_SIZE' ? f64[row * 16 + POSITION[name]] : i32[row * 32 + POSITION[name]];
        if (is === sums[name][row]) continue;
        const account = image.position.i32[row * 16 + POSITION_ACCOUNT] as number;
        found({ kind: 'account', account }, different('order_sums', `position ${row} ${name}`, is, sums[name][row]));
      }
    }
  }
}

const SUMS = ['BUY_SIZE', 'SELL_SIZE', 'ORDER_COUNT', 'REDUCE_ONLY_COUNT'] as const;
type Sum = (typeof SUMS)[number];

function different(
  name: string,
  about: string,
  found: number | string | undefined,
  expected: number | string | undefined,
) {
  return { class: 'I', name, about, holds: false, found: String(found), expected: String(expected) } as const;
}
