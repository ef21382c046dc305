/** Orders at the door: one that waited too long is not what its owner wants any more, and in what is quarantined nothing may grow. */
import { AMEND_ORDER, COMMAND, PLACE_BATCH, PLACE_ORDER } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { FLAG } from '../engine/flags.ts';
import { findPosition, type State } from '../engine/state.ts';
import { ORDER, POSITION } from '../engine/tables.ts';
import { heldByQuarantine } from './finding.ts';
import type { Quarantine } from './quarantine.ts';
import { cellOf } from './validity.ts';
import type { Check } from './verdict.ts';

export interface JudgedOrder {
  readonly account: number;
  readonly market: number;
  readonly check: Check | undefined;
}

const ROWS_OF_ORDERS = 2 ** 24;

export class OrderScreen {
  /** Judges the order command at a row; `newestMs` is the newest time that came with it. */
  judge(
    state: State,
    { i32, f64 }: CommandBuffer,
    row: number,
    newestMs: number,
    lagMs: number,
    quarantine: Quarantine,
  ): JudgedOrder {
    const account = i32[row * 16 + PLACE_ORDER.ACCOUNT] as number;
    const order = orderOf(state, i32, f64, row);
    const waitedMs = newestMs - (f64[row * 8 + 1] as number);
    if (waitedMs > lagMs) {
      const [found, expected] = [`${waitedMs} ms old`, `at most ${lagMs} ms`];
      const check = {
        class: 'I',
        name: 'order_lag',
        about: `account ${account}`,
        holds: false,
        found,
        expected,
      } as const;
      return { account, market: order, check };
    }
    if (quarantine.isEmpty) return { account, market: order, check: undefined };
    return this.judgeQuarantined(state, i32, row, account, order, quarantine);
  }

  private judgeQuarantined(
    state: State,
    i32: Int32Array,
    row: number,
    account: number,
    market: number,
    quarantine: Quarantine,
  ): JudgedOrder {
    for (const [place, of] of ordersAt(i32, row, market)) {
      const finding = quarantine.ofAccount(account, [of]);
      const action = isReducing(state, i32, place, account, of) ? 'reduce' : 'place';
      if (finding === undefined || cellOf('broken', action) === 'allow') continue;
      return { account, market: of, check: heldByQuarantine(finding) };
    }
    return { account, market, check: undefined };
  }
}

/** The market of an order command; of an amendment that of its order, 0 when there is none; of a batch that of its first order. */
function orderOf({ order }: State, i32: Int32Array, f64: Float64Array, row: number): number {
  const kind = i32[row * 16];
  if (kind === COMMAND.placeOrder) return i32[row * 16 + PLACE_ORDER.MARKET] as number;
  if (kind === COMMAND.placeBatch) return i32[(row + 1) * 16 + PLACE_ORDER.MARKET] ?? 0;
  const id = f64[row * 8 + AMEND_ORDER.ORDER] as number;
  const at = id % ROWS_OF_ORDERS;
  return at > 0 && at < order.rows ? (order.i32[at * 16 + ORDER.MARKET] as number) : 0;
}

/** Rows and markets of the orders that a command places or amends. */
function ordersAt(i32: Int32Array, row: number, market: number): (readonly [row: number, market: number])[] {
  if (i32[row * 16] !== COMMAND.placeBatch) return [[row, market]];
  const orders: (readonly [number, number])[] = [];
  const count = i32[row * 16 + PLACE_BATCH.COUNT] as number;
  const end = row + (i32[row * 16 + 1] as number);
  for (let at = row + 1; at < end && orders.length < count; at += Math.max(1, i32[at * 16 + 1] as number)) {
    orders.push([at, i32[at * 16 + PLACE_ORDER.MARKET] as number]);
  }
  return orders;
}

/** True for an order that says it only reduces, or that is no larger than the position it goes against. */
function isReducing(state: State, i32: Int32Array, row: number, account: number, market: number): boolean {
  if (i32[row * 16] !== COMMAND.placeOrder) return false;
  const flags = i32[row * 16 + PLACE_ORDER.FLAGS] as number;
  if ((flags & FLAG.REDUCE_ONLY) !== 0) return true;
  const position = findPosition(state, account, market);
  const size = position === 0 ? 0 : (state.position.f64[position * 16 + POSITION.SIZE] as number);
  const lots = i32[row * 16 + PLACE_ORDER.SIZE] as number;
  return (flags & FLAG.SELL) === 0 ? size < 0 && lots <= -size : size > 0 && lots <= size;
}
