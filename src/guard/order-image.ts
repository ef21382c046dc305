/**
 * The guard's own copy of every live order, moved by events alone. Each fill is checked against it: the order is known, of that
 * account, market and side, has as many lots left, and trades at its limit or better (a maker exactly at it). Triggers and forced
 * cancels are judged by it. It is in the hot path: an order is half a cache line.
 */
import { FLAG, isTakeProfitOrStopLoss, kindOf } from '../engine/flags.ts';
import type { State } from '../engine/state.ts';
import { CLOSE } from '../engine/refusal.ts';
import { MARKET, ORDER } from '../engine/tables.ts';
import type { InputImage } from './input-image.ts';
import { KNOWN_ORDER, type KnownOrder, OrderLists } from './order-lists.ts';
import type { OrderViolation } from './order-violation.ts';
import { OWN_ROOM, type Room } from './room.ts';
import { KNOWN_POSITION } from './sealed-image.ts';

const { PRICE, REMAINING, SIZE, FLAGS, ACCOUNT, TRIGGER, GENERATION } = KNOWN_ORDER;
const ORDER_MARKET = KNOWN_ORDER.MARKET;
const { FILLED, USER_CANCELED } = CLOSE;
const ROWS = 2 ** 24;
const ROWS_INVERSE = 2 ** -24;
const WAITING = FLAG.UNTRIGGERED | FLAG.TRIGGER_ABOVE;

const NONE: readonly OrderViolation[] = [];
/** Rows that there is room for at first. */
const FIRST_ROWS = 1024;

export class OrderImage {
  i32: Int32Array;
  /** When each was accepted, amended or fired last. */
  private stamps: Float64Array;
  /** 1 where the row holds a live order. */
  private live: Uint8Array;
  private readonly room: Room;
  /** Rows up to the highest that was used. */
  rows = 1;
  /** Rises with every change. */
  version = 0;
  /** Number of the batch whose events are taken in. */
  batch = 0;
  private violations: OrderViolation[] = [];
  private readonly lists = new OrderLists(this);

  constructor(room: Room = OWN_ROOM) {
    this.room = room;
    this.i32 = new Int32Array(room.take(FIRST_ROWS * 32));
    this.stamps = new Float64Array(room.take(FIRST_ROWS * 8));
    this.live = new Uint8Array(room.take(FIRST_ROWS));
  }

  /** The memory that it is in, for `adoptBuffers`. */
  buffers(): ArrayBufferLike[] {
    return [this.i32.buffer, this.stamps.buffer, this.live.buffer];
  }

  adoptBuffers([rows, stamps, live]: readonly ArrayBufferLike[]): void {
    this.i32 = new Int32Array(rows as ArrayBufferLike);
    this.stamps = new Float64Array(stamps as ArrayBufferLike);
    this.live = new Uint8Array(live as ArrayBufferLike);
  }

  /** Takes all live orders as they are. */
  begin(state: State): void {
    const { i32, rows } = state.order;
    this.reserve(rows);
    for (let row = 1; row < rows; row++) {
      if (i32[row * 16 + ORDER.SIZE] === 0) continue;
      for (const name of COMPARED) this.i32[row * 8 + KNOWN_ORDER[name]] = i32[row * 16 + ORDER[name]] as number;
      this.live[row] = 1;
    }
    this.stampLists(state);
  }

  /** An order is newer than the one that follows it in its list: its stamp is the number of those behind it. */
  private stampLists(state: State): void {
    const { i32, rows } = state.order;
    const lists: number[] = [];
    for (let row = 1; row < rows; row++) {
      if (i32[row * 16 + ORDER.SIZE] !== 0 && i32[row * 16 + ORDER.NEXT_OWN] === 0) lists.push(row);
    }
    for (const last of lists) {
      let steps = 0;
      for (let row = last; row > 0 && row < rows && steps < rows; row = i32[row * 16 + ORDER.PREVIOUS_OWN] as number) {
        this.stamps[row] = steps++;
      }
      this.version = Math.max(this.version, steps);
    }
  }

  /** True when there is room for so many rows. */
  hasRoom(rows: number): boolean {
    return rows <= this.live.length;
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    this.rows = Math.max(this.rows, rows);
    if (rows <= this.live.length) return;
    let length = this.live.length;
    while (length < rows) length *= 2;
    const { i32, stamps, live, room } = this;
    this.adoptBuffers([room.take(length * 32), room.take(length * 8), room.take(length)]);
    this.i32.set(i32);
    this.stamps.set(stamps);
    this.live.set(live);
  }

  /** What another thread took in and cannot be. */
  addViolations(violations: readonly OrderViolation[]): void {
    this.violations.push(...violations);
  }

  /** What was told since the last call, in batches before number `before` (by default: in any), and cannot be. */
  takeViolations(before = Number.POSITIVE_INFINITY): readonly OrderViolation[] {
    const { violations } = this;
    if (violations.length === 0) return NONE;
    this.violations = violations.filter(({ batch }) => batch >= before);
    return violations.filter(({ batch }) => batch < before);
  }

  isLive(row: number): boolean {
    return this.live[row] === 1;
  }

  /** Row of a live order, 0 when the image has none of this id. */
  rowOf(id: number): number {
    const generation = Math.floor(id * ROWS_INVERSE);
    const row = id - generation * ROWS;
    return this.live[row] === 1 && this.i32[row * 8 + GENERATION] === generation ? row : 0;
  }

  idOf(row: number): number {
    return (this.i32[row * 8 + GENERATION] as number) * ROWS + row;
  }

  stampOf(row: number): number {
    return this.stamps[row] as number;
  }

  /** The orders of an account in the book of a market, newest first. */
  openOf(account: number, market: number): KnownOrder[] {
    return this.lists.openOf(account, market);
  }

  /** `orderAccepted` at a place of the events. */
  accept(values: Float64Array, at: number): void {
    const id = values[at + 2] as number;
    const generation = Math.floor(id * ROWS_INVERSE);
    const row = id - generation * ROWS;
    if (row >= this.rows) this.reserve(row + 1);
    const { i32 } = this;
    const to = row * 8;
    i32[to + PRICE] = values[at + 5] as number;
    i32[to + REMAINING] = values[at + 6] as number;
    i32[to + SIZE] = values[at + 6] as number;
    i32[to + FLAGS] = values[at + 8] as number;
    i32[to + ACCOUNT] = values[at + 3] as number;
    i32[to + ORDER_MARKET] = values[at + 4] as number;
    i32[to + TRIGGER] = values[at + 7] as number;
    i32[to + GENERATION] = generation;
    this.stamps[row] = ++this.version;
    this.live[row] = 1;
  }

  /** `orderAmended`: the filled part stays, a conditional order decides anew on which side it fires. */
  amend(values: Float64Array, at: number, inputs: InputImage): void {
    const row = this.known(values, at);
    if (row === 0) return;
    const { i32 } = this;
    const to = row * 8;
    const size = values[at + 6] as number;
    const filled = (i32[to + SIZE] as number) - (i32[to + REMAINING] as number);
    i32[to + PRICE] = values[at + 5] as number;
    i32[to + REMAINING] = size - filled;
    i32[to + SIZE] = size;
    i32[to + TRIGGER] = values[at + 7] as number;
    this.stamps[row] = ++this.version;
    const flags = i32[to + FLAGS] as number;
    if ((flags & FLAG.UNTRIGGERED) !== 0) i32[to + FLAGS] = firesAbove(flags, i32, to, inputs);
  }

  /** `orderTriggered`: from now on it is what it became; of size 0 it became nothing and closes next. */
  trigger(values: Float64Array, at: number): void {
    const row = this.known(values, at);
    const size = values[at + 7] as number;
    if (row === 0 || size === 0) return;
    const { i32 } = this;
    const to = row * 8;
    i32[to + FLAGS] = (i32[to + FLAGS] as number) & ~WAITING;
    i32[to + PRICE] = values[at + 6] as number;
    i32[to + SIZE] = size;
    i32[to + REMAINING] = size;
    this.stamps[row] = ++this.version;
  }

  /**
   * `orderClosed`: what was told of it leaves exactly what is told to be left. Of one that its owner cancels, only that it lives:
   * its row was read by nobody, so the audit of a block looks at it.
   */
  close(values: Float64Array, at: number): void {
    const id = values[at + 2] as number;
    const row = id - Math.floor(id * ROWS_INVERSE) * ROWS;
    const reason = values[at + 5] as number;
    if (reason !== USER_CANCELED || this.live[row] !== 1) {
      if (this.known(values, at) === 0) return;
      const remaining = values[at + 6] as number;
      const left = this.i32[row * 8 + REMAINING] as number;
      if (left !== remaining || (reason === FILLED && left !== 0)) {
        this.violate([values[at + 3] as number], 0, `order ${id} closed`, remaining, left);
      }
    }
    this.live[row] = 0;
    this.version++;
  }

  /** The row of the order that an event names first, with its account and market; 0, and a violation, when they do not fit. */
  private known(values: Float64Array, at: number): number {
    const id = values[at + 2] as number;
    const row = this.rowOf(id);
    const account = values[at + 3] as number;
    const market = values[at + 4] as number;
    if (row !== 0 && this.i32[row * 8 + ACCOUNT] === account && this.i32[row * 8 + ORDER_MARKET] === market) return row;
    const owner = row === 0 ? account : (this.i32[row * 8 + ACCOUNT] as number);
    this.violate([account, owner], market, `order ${id}`, `of account ${account}`, row === 0 ? 'none' : `of ${owner}`);
    return 0;
  }

  /** `filled`: checks both orders and takes the lots off. */
  fill(values: Float64Array, at: number): void {
    const { i32, live } = this;
    const makerId = values[at + 3] as number;
    const takerId = values[at + 4] as number;
    const makerGeneration = Math.floor(makerId * ROWS_INVERSE);
    const takerGeneration = Math.floor(takerId * ROWS_INVERSE);
    const makerRow = makerId - makerGeneration * ROWS;
    const takerRow = takerId - takerGeneration * ROWS;
    const maker = makerRow * 8;
    const taker = takerRow * 8;
    const price = values[at + 7] as number;
    const size = values[at + 8] as number;
    const sells = values[at + 9] as number;
    const left = (i32[maker + REMAINING] as number) - size;
    const takerLeft = (i32[taker + REMAINING] as number) - size;
    const limit = i32[taker + PRICE] as number;
    const flags = i32[maker + FLAGS] as number;
    const takerFlags = i32[taker + FLAGS] as number;
    const isSound =
      live[makerRow] === 1 &&
      live[takerRow] === 1 &&
      i32[maker + GENERATION] === makerGeneration &&
      i32[taker + GENERATION] === takerGeneration &&
      i32[maker + ACCOUNT] === values[at + 5] &&
      i32[taker + ACCOUNT] === values[at + 6] &&
      i32[maker + ORDER_MARKET] === values[at + 2] &&
      i32[taker + ORDER_MARKET] === values[at + 2] &&
      ((flags | takerFlags) & FLAG.UNTRIGGERED) === 0 &&
      (flags & FLAG.SELL) !== sells &&
      (takerFlags & FLAG.SELL) === sells &&
      size > 0 &&
      left >= 0 &&
      takerLeft >= 0 &&
      i32[maker + PRICE] === price &&
      (sells === 0 ? price <= limit : price >= limit);
    if (!isSound) this.violateFill(values, at, makerRow, takerRow);
    i32[maker + REMAINING] = left;
    i32[taker + REMAINING] = takerLeft;
    this.version++;
  }

  private violateFill(values: Float64Array, at: number, maker: number, taker: number): void {
    const { i32 } = this;
    const accounts = new Set([values[at + 5] as number, values[at + 6] as number]);
    for (const row of [maker, taker]) if (this.isLive(row)) accounts.add(i32[row * 8 + ACCOUNT] as number);
    const told = `${values[at + 8]} lots at ${values[at + 7]}`;
    const sides = [maker, taker].map((row) => this.describe(row));
    this.violate([...accounts], values[at + 2] as number, `trade ${values[at + 14]}`, told, sides.join(' and '));
  }

  private describe(row: number): string {
    if (!this.isLive(row)) return 'no order';
    const { i32 } = this;
    const side = ((i32[row * 8 + FLAGS] as number) & FLAG.SELL) === 0 ? 'buy' : 'sell';
    return `a ${side} of ${i32[row * 8 + REMAINING]} lots at ${i32[row * 8 + PRICE]} of account ${i32[row * 8 + ACCOUNT]}`;
  }

  private violate(
    accounts: number[],
    market: number,
    about: string,
    found: string | number,
    expected: string | number,
  ): void {
    const { batch } = this;
    this.violations.push({ accounts, market, about, found: String(found), expected: String(expected), batch });
  }
}

const COMPARED = Object.keys(KNOWN_ORDER) as (keyof typeof KNOWN_ORDER)[];

const { PRICE: LIVE_PRICE, REMAINING: LIVE_REMAINING, SIZE: LIVE_SIZE, FLAGS: LIVE_FLAGS } = ORDER;
const { ACCOUNT: LIVE_ACCOUNT, MARKET: LIVE_MARKET, TRIGGER: LIVE_TRIGGER, GENERATION: LIVE_GENERATION } = ORDER;
const LIVE_POSITION = ORDER.POSITION;
const { ACCOUNT: POSITION_ACCOUNT, MARKET: POSITION_MARKET } = KNOWN_POSITION;

/** The first column in which a live order's row among those of the state is not what was told of it; undefined when there is none. */
export function differentColumn(
  image: OrderImage,
  positions: Int32Array,
  live: Int32Array,
  row: number,
): string | undefined {
  const told = image.i32;
  const [own, at] = [row * 8, row * 16];
  const isSame =
    told[own + PRICE] === live[at + LIVE_PRICE] &&
    told[own + REMAINING] === live[at + LIVE_REMAINING] &&
    told[own + SIZE] === live[at + LIVE_SIZE] &&
    told[own + FLAGS] === live[at + LIVE_FLAGS] &&
    told[own + ACCOUNT] === live[at + LIVE_ACCOUNT] &&
    told[own + ORDER_MARKET] === live[at + LIVE_MARKET] &&
    told[own + TRIGGER] === live[at + LIVE_TRIGGER] &&
    told[own + GENERATION] === live[at + LIVE_GENERATION];
  if (!isSame) return COMPARED.find((name) => told[own + KNOWN_ORDER[name]] !== live[at + ORDER[name]]);
  const position = (live[at + LIVE_POSITION] as number) * 16;
  const isOwn =
    positions[position + POSITION_ACCOUNT] === told[own + ACCOUNT] &&
    positions[position + POSITION_MARKET] === told[own + ORDER_MARKET];
  return isOwn ? undefined : 'POSITION';
}

/** The flags of an amended conditional order: take-profit and stop-loss by their kind, a stop by where the mark is. */
function firesAbove(flags: number, i32: Int32Array, at: number, inputs: InputImage): number {
  const kind = kindOf(flags);
  const market = i32[at + ORDER_MARKET] as number;
  const { f64 } = inputs.market;
  const trigger = (i32[at + TRIGGER] as number) * (f64[market * 128 + MARKET.TICK_UNITS] as number);
  const sells = (flags & FLAG.SELL) !== 0;
  const isAbove = isTakeProfitOrStopLoss(kind)
    ? sells === kind < STOP_LOSS
    : trigger >= (f64[market * 128 + MARKET.MARK] as number);
  return isAbove ? flags | FLAG.TRIGGER_ABOVE : flags & ~FLAG.TRIGGER_ABOVE;
}

/** The first kind that is a stop-loss. */
const STOP_LOSS = 6;
