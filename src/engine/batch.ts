/**
 * Applying a run of commands. Each needs a few rows that are far apart in memory; reading them a little ahead lets the
 * machine fetch them side by side instead of one after the other. It changes nothing but the time.
 */
import { applyCommand } from './apply.ts';
import type { Book } from './book.ts';
import { AMEND_ORDER, COMMAND, PLACE_ORDER } from './command.ts';
import { TICK_LIMIT } from './ladder.ts';
import type { State } from './state.ts';
import { ACCOUNT, ORDER, POSITION, VENUE } from './tables.ts';

const AHEAD = 32;
const PLACE = COMMAND.placeOrder;
const CANCEL = COMMAND.cancelOrder;
const AMEND = COMMAND.amendOrder;
const TICK = COMMAND.tick;
const PLACE_ACCOUNT = PLACE_ORDER.ACCOUNT;
const PLACE_MARKET = PLACE_ORDER.MARKET;
const ORDER_ID = AMEND_ORDER.ORDER;
const { KIND } = ACCOUNT;
const { SEQUENCE } = VENUE;
const { SIZE, NEXT_OF_ACCOUNT } = POSITION;
const PLACE_PRICE = PLACE_ORDER.PRICE;
const { FIRST_ORDER } = POSITION;
const ORDER_POSITION = ORDER.POSITION;
const ORDER_ACCOUNT = ORDER.ACCOUNT;
const { NEXT, PREVIOUS, NEXT_OWN, PREVIOUS_OWN } = ORDER;
const ROWS = 2 ** 24;

/** What was read ahead: stored, so that the reading is not optimised away. */
const ahead = { sum: 0 };

/** Reads what the commands from row `from` up to `to` will need. */
function readAhead(state: State, words: Int32Array, floats: Float64Array, from: number, to: number): void {
  const accounts = state.account.i32;
  const positions = state.position.f64;
  const positionWords = state.position.i32;
  const orders = state.order.i32;
  const orderRows = state.order.rows;
  const { bounds, books, positions: index } = state.index;
  let sum = 0;
  for (let row = from; row < to; row++) {
    const kind = words[row * 16] as number;
    if (kind === PLACE) {
      const account = words[row * 16 + PLACE_ACCOUNT] as number;
      const position = index.probe(account, words[row * 16 + PLACE_MARKET] as number);
      sum += (positions[position * 16 + SIZE] as number) + (positionWords[position * 32 + NEXT_OF_ACCOUNT] as number);
      const market = words[row * 16 + PLACE_MARKET] as number;
      const price = words[row * 16 + PLACE_PRICE] as number;
      if (market > 0 && market < books.length && price > 0 && price < TICK_LIMIT) {
        sum += orders[(books[market] as Book).ladder.tail(price) * 16] as number;
      }
      sum += orders[(positionWords[position * 32 + FIRST_ORDER] as number) * 16] as number;
      sum +=
        account > 0 && account * 16 < accounts.length
          ? (accounts[account * 16 + KIND] as number) + bounds.peek(account)
          : 0;
    } else if (kind === CANCEL || kind === AMEND) {
      const order = (floats[row * 8 + ORDER_ID] as number) % ROWS;
      if (!(order > 0 && order < orderRows)) continue;
      const position = orders[order * 16 + ORDER_POSITION] as number;
      const account = orders[order * 16 + ORDER_ACCOUNT] as number;
      sum += orders[(orders[order * 16 + NEXT] as number) * 16] as number;
      sum += orders[(orders[order * 16 + PREVIOUS] as number) * 16] as number;
      sum += orders[(orders[order * 16 + NEXT_OWN] as number) * 16] as number;
      sum += orders[(orders[order * 16 + PREVIOUS_OWN] as number) * 16] as number;
      sum += (positions[position * 16 + SIZE] as number) + (positionWords[position * 32 + NEXT_OF_ACCOUNT] as number);
      sum += (accounts[account * 16 + KIND] as number) + bounds.peek(account);
    }
  }
  ahead.sum = sum;
}

/**
 * Applies the commands that start at row `from`, up to row `to` or to the first tick, which it applies too: only a tick
 * proposes forced actions. Returns the row behind the last one applied.
 */
export function applyUntilTick(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  from: number,
  to: number,
): number {
  let row = from;
  let read = from;
  while (row < to) {
    if (row >= read) {
      read = row + AHEAD < to ? row + AHEAD : to;
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
