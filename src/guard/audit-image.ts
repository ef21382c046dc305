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
import { differentColumn, type OrderImage } from './order-image.ts';
import { KNOWN_ORDER } from './order-lists.ts';
import { KNOWN_POSITION } from './sealed-image.ts';

/** Tables up to this many rows are compared whole at each block. */
const SMALL = 512;
/** Up to this many, their sums are formed in every 64th. */
const SUMMED = 65_536;
const SUMMED_BLOCKS = 64;
const SLICES = 16;
const EXACT = 2 ** 52;
/** Orders whose positions are read ahead together. */
const AHEAD = 32;
/** What was read ahead: stored, so that the reading is not optimised away. */
const ahead = { sum: 0 };

const { BALANCE_HIGH, PENDING_HIGH, FIRST_POSITION, KIND, FEE_CLASS, CREATED_MS, RECEIVABLE } = ACCOUNT;
/** All but the last column stand where the live row has them, of rows half as long. */
const { SIZE, COST_HIGH, FUNDING_INDEX, INITIAL_MARGIN, NEXT_OF_ACCOUNT } = KNOWN_POSITION;
const ORDER_SIZE = ORDER.SIZE;
const ORDER_POSITION = ORDER.POSITION;
const LIVE_NEXT_OF_ACCOUNT = POSITION.NEXT_OF_ACCOUNT;
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
    this.auditAccounts(state, this.from(account.rows), this.to(account.rows), found);
    this.auditPositions(state, this.from(position.rows), this.to(position.rows), found);
    this.auditOrders(state, this.from(order.rows), this.to(order.rows), found);
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

  private auditAccounts(state: State, from: number, to: number, found: Found): void {
    const { f64: live, i32: liveWords } = state.account;
    const { f64: told, i32: toldWords } = this.known.image.account;
    for (let row = from; row < to; row++) {
      const at = row * 8;
      const word = row * 16;
      if (
        live[at + BALANCE_HIGH] === told[at + BALANCE_HIGH] &&
        live[at + BALANCE_HIGH + 1] === told[at + BALANCE_HIGH + 1] &&
        live[at + PENDING_HIGH] === told[at + PENDING_HIGH] &&
        live[at + PENDING_HIGH + 1] === told[at + PENDING_HIGH + 1] &&
        liveWords[word + FIRST_POSITION] === toldWords[word + FIRST_POSITION] &&
        liveWords[word + KIND] === toldWords[word + KIND] &&
        liveWords[word + FEE_CLASS] === toldWords[word + FEE_CLASS] &&
        live[at + CREATED_MS] === told[at + CREATED_MS]
      ) {
        this.auditReceivable(state, row, found);
      } else tellAccount(live, told, row, found);
    }
  }

  private auditReceivable(state: State, row: number, found: Found): void {
    const is = state.account.f64[row * 8 + RECEIVABLE];
    const told = this.known.remedy.receivableOf(row);
    if (is !== told) found({ kind: 'account', account: row }, different('account_continuity', 'receivable', is, told));
  }

  private auditPositions(state: State, from: number, to: number, found: Found): void {
    const { f64: live, i32: liveWords } = state.position;
    const { f64: told, i32: toldWords } = this.known.image.position;
    for (let row = from; row < to; row++) {
      const at = row * 16;
      const word = row * 32;
      const own = row * 8;
      const size = told[own + SIZE] as number;
      const isSame =
        live[at + SIZE] === size &&
        live[at + COST_HIGH] === told[own + COST_HIGH] &&
        live[at + COST_HIGH + 1] === told[own + COST_HIGH + 1] &&
        // Where nothing is held the index says nothing.
        (size === 0 || live[at + FUNDING_INDEX] === told[own + FUNDING_INDEX]) &&
        liveWords[word + POSITION_ACCOUNT] === toldWords[at + POSITION_ACCOUNT] &&
        liveWords[word + POSITION_MARKET] === toldWords[at + POSITION_MARKET] &&
        liveWords[word + INITIAL_MARGIN] === toldWords[at + INITIAL_MARGIN] &&
        liveWords[word + LIVE_NEXT_OF_ACCOUNT] === toldWords[at + NEXT_OF_ACCOUNT];
      if (!isSame) tellPosition(live, told, row, toldWords[at + POSITION_ACCOUNT] as number, found);
    }
  }

  private auditOrders(state: State, from: number, to: number, found: Found): void {
    const { orders, image } = this.known;
    const live = state.order.i32;
    const positions = image.position.i32;
    for (let row = from, read = from; row < to; row++) {
      if (row === read) {
        // The positions of orders are far apart: read a little ahead, so that the machine fetches them side by side.
        read = Math.min(row + AHEAD, to);
        let sum = 0;
        for (let next = row; next < read; next++) {
          sum ^= positions[(live[next * 16 + ORDER_POSITION] as number) * 16 + POSITION_ACCOUNT] as number;
        }
        ahead.sum = sum;
      }
      if (orders.isLive(row)) {
        const column = differentColumn(orders, positions, live, row);
        if (column !== undefined) tellOrder(orders, row, column, found);
      } else if (live[row * 16 + ORDER_SIZE] !== 0) tellNoOrder(state, row, found);
    }
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

function tellAccount(live: Float64Array, told: Float64Array, row: number, found: Found): void {
  const at = row * 8;
  const column = [BALANCE_HIGH, BALANCE_HIGH + 1, PENDING_HIGH, PENDING_HIGH + 1].find(
    (each) => live[at + each] !== told[at + each],
  );
  const about = column === undefined ? 'class, positions or age' : `balance or pending, column ${column}`;
  const [is, was] = column === undefined ? ['other', 'as told'] : [live[at + column], told[at + column]];
  found({ kind: 'account', account: row }, different('account_continuity', about, is, was));
}

function tellPosition(live: Float64Array, told: Float64Array, row: number, account: number, found: Found): void {
  const [at, own] = [row * 16, row * 8];
  const column = [SIZE, COST_HIGH, COST_HIGH + 1, FUNDING_INDEX].find((each) => live[at + each] !== told[own + each]);
  const [is, was] = column === undefined ? ['other', 'as told'] : [live[at + column], told[own + column]];
  found({ kind: 'account', account }, different('position_continuity', `position ${row}`, is, was));
}

function tellOrder(orders: OrderImage, row: number, column: string, found: Found): void {
  const account = orders.i32[row * 8 + KNOWN_ORDER.ACCOUNT] as number;
  const check = different('order_continuity', `order ${orders.idOf(row)} ${column}`, 'other', 'as told');
  found({ kind: 'account', account }, check);
}

function tellNoOrder(state: State, row: number, found: Found): void {
  const { i32 } = state.order;
  const owner = i32[row * 16 + ORDER.ACCOUNT] as number;
  const check = different('order_continuity', `order row ${row}`, i32[row * 16 + ORDER_SIZE], 'no order');
  found(owner >= 1 && owner < state.account.rows ? { kind: 'account', account: owner } : { kind: 'venue' }, check);
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
