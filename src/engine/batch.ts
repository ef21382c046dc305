/**
 * Applying a run of commands. Each needs a few rows that are far apart in memory; reading them a little ahead lets the
 * machine fetch them side by side instead of one after the other. It changes nothing but the time.
 */
import { applyCommand } from './apply.ts';
import type { Book } from './book.ts';
import { AMEND_ORDER, COMMAND, PLACE_ORDER } from './command.ts';
import { TICK_LIMIT } from './ladder.ts';
import type { State } from './state.ts';
import { ORDER, POSITION, VENUE } from './tables.ts';

const AHEAD = 32;
const PLACE = COMMAND.placeOrder;
const CANCEL = COMMAND.cancelOrder;
const AMEND = COMMAND.amendOrder;
const TICK = COMMAND.tick;
/** The account of an order command of any kind. */
const COMMAND_ACCOUNT = PLACE_ORDER.ACCOUNT;
const PLACE_MARKET = PLACE_ORDER.MARKET;
const ORDER_ID = AMEND_ORDER.ORDER;
const { SEQUENCE } = VENUE;
const PLACE_PRICE = PLACE_ORDER.PRICE;
const { FIRST_ORDER } = POSITION;
const ORDER_POSITION = ORDER.POSITION;
const { NEXT, PREVIOUS, NEXT_OWN, PREVIOUS_OWN } = ORDER;
const ROWS = 2 ** 24;

/** What was read ahead: stored, so that the reading is not optimised away. */
const ahead = { sum: 0 };
/** Of each command in sight: rows of its position, its account and the order it names, 0 for none. */
const positionOf = new Int32Array(AHEAD);
const accountOf = new Int32Array(AHEAD);
const orderOf = new Int32Array(AHEAD);

/**
 * Reads what the commands from row `from` up to `to` will need, in three short passes: what the commands name, the rows that
 * this leads to, and the neighbours that those name. Within a pass nothing waits for anything, so the misses overlap.
 */
function readAhead(state: State, words: Int32Array, floats: Float64Array, from: number, to: number): void {
  findRows(state, words, floats, from, to);
  const count = to - from;
  const accounts = state.account.i32;
  const positions = state.position.i32;
  const { bounds } = state.index;
  let sum = 0;
  for (let n = 0; n < count; n++) {
    const position = (positionOf[n] as number) * 32;
    sum ^= (positions[position] as number) ^ (positions[position + 16] as number);
    sum ^= accounts[(accountOf[n] as number) * 16] as number;
    sum ^= bounds.peek(accountOf[n] as number);
  }
  ahead.sum = sum ^ readNeighbours(state, words, from, count);
}

function findRows(state: State, words: Int32Array, floats: Float64Array, from: number, to: number): void {
  const orders = state.order.i32;
  const orderRows = state.order.rows;
  const accountRows = state.account.rows;
  const { positions: index } = state.index;
  for (let row = from; row < to; row++) {
    const n = row - from;
    const kind = words[row * 16] as number;
    const account = words[row * 16 + COMMAND_ACCOUNT] as number;
    orderOf[n] = 0;
    positionOf[n] = 0;
    accountOf[n] = kind >= PLACE && kind <= CANCEL && account > 0 && account < accountRows ? account : 0;
    if (kind === PLACE) positionOf[n] = index.probe(account, words[row * 16 + PLACE_MARKET] as number);
    else if (kind === CANCEL || kind === AMEND) {
      const id = floats[row * 8 + ORDER_ID] as number;
      const order = id - Math.floor(id / ROWS) * ROWS;
      if (!(order > 0 && order < orderRows)) continue;
      orderOf[n] = order;
      positionOf[n] = orders[order * 16 + ORDER_POSITION] as number;
    }
  }
}

/** Orders before and behind in queues and lists: those of the orders that are named, and where a new one will be put. */
function readNeighbours(state: State, words: Int32Array, from: number, count: number): number {
  const orders = state.order.i32;
  const positions = state.position.i32;
  const { books } = state.index;
  let sum = 0;
  for (let n = 0; n < count; n++) {
    const order = (orderOf[n] as number) * 16;
    if (order !== 0) {
      sum ^= orders[(orders[order + NEXT] as number) * 16] as number;
      sum ^= orders[(orders[order + PREVIOUS] as number) * 16] as number;
      sum ^= orders[(orders[order + NEXT_OWN] as number) * 16] as number;
      sum ^= orders[(orders[order + PREVIOUS_OWN] as number) * 16] as number;
    } else if (positionOf[n] !== 0) {
      sum ^= orders[(positions[(positionOf[n] as number) * 32 + FIRST_ORDER] as number) * 16] as number;
      const market = words[(from + n) * 16 + PLACE_MARKET] as number;
      const price = words[(from + n) * 16 + PLACE_PRICE] as number;
      if (market > 0 && market < books.length && price > 0 && price < TICK_LIMIT) {
        sum ^= orders[(books[market] as Book).ladder.tail(price) * 16] as number;
      }
    }
  }
  return sum;
}

/**
 * Applies the commands that start at row `from`, up to row `to` or to the first tick, which it applies too: only a tick
 * proposes forced actions. Stops as well behind the first command that ends at row `pause` or beyond. Returns the row behind the last
 * one applied.
 */
export function applyUntilTick(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  from: number,
  to: number,
  pause = to,
): number {
  let row = from;
  let read = from;
  while (row < to && row < pause) {
    if (row >= read) {
      const end = pause < to ? pause : to;
      read = row + AHEAD < end ? row + AHEAD : end;
      readAhead(state, words, floats, row, read);
    }
    const kind = words[row * 16];
    row += applyCommand(state, words, floats, row, to);
    if (kind === TICK) return row;
  }
  return row;
}

/** Applies the commands of rows 0 to `rows`; returns how many commands they were. */
export function applyCommands(state: State, words: Int32Array, floats: Float64Array, rows: number): number {
  const { venue } = state;
  const before = venue.f64[venue.rowFloats + SEQUENCE] as number;
  for (let row = 0; row < rows; ) row = applyUntilTick(state, words, floats, row, rows);
  return (venue.f64[venue.rowFloats + SEQUENCE] as number) - before;
}
