/** What a command touches: read from its rows and from the state just before it. */
import {
  AMEND_ORDER,
  CANCEL_ALL,
  CANCEL_BY_CLIENT_ID,
  COMMAND,
  COMMAND_BYTES,
  ORACLE_PRICE,
  PLACE_BATCH,
  PLACE_ORDER,
  SET_STATUS,
} from '../engine/command.ts';
import { orderRow } from '../engine/order-id.ts';
import type { State } from '../engine/state.ts';
import { CLIENT_ID, ORDER } from '../engine/tables.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { Floats, Whole } from './numbers.ts';
import { type Tie, TOUCHES } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;
const { NOTHING, VENUE, MONEY, FORCED } = TOUCHES;

const OF_MONEY: ReadonlySet<number> = new Set([
  COMMAND.deposit,
  COMMAND.requestWithdrawal,
  COMMAND.settleWithdrawal,
  COMMAND.transfer,
]);

const OF_VENUE: ReadonlySet<number> = new Set([
  COMMAND.tick,
  COMMAND.collateralPrice,
  COMMAND.setRule,
  COMMAND.defineMarket,
  COMMAND.defineAccount,
  COMMAND.cancelForFork,
]);

export class CommandTouch {
  private readonly state: State;
  private readonly ties: Tie[];
  /** Market in which each client id of an account was used last. */
  private readonly clientIds = new Map<string, number>();
  /** Commands that name an order that is not there any more, or never was, and the id. */
  private readonly unresolved: { readonly number: number; readonly id: number }[] = [];
  private number = 0;

  /** Appends to `ties`. */
  constructor(state: State, ties: Tie[]) {
    this.state = state;
    this.ties = ties;
    this.takeLiveClientIds();
  }

  /** The market that the next command touches, or one of `TOUCHES`. */
  of(words: Int32Array, floats: Float64Array, row: number, rows: number): number {
    const at = row * WORDS;
    const kind = words[at] as number;
    const number = this.number++;
    if (kind === COMMAND.placeOrder) return this.ofOrder(words, row);
    if (kind === COMMAND.cancelOrder || kind === COMMAND.amendOrder) {
      return this.ofNamed(
        words[at + AMEND_ORDER.ACCOUNT] as number,
        floats[row * FLOATS + AMEND_ORDER.ORDER] as number,
        number,
      );
    }
    if (isForced(kind)) return FORCED;
    if (OF_MONEY.has(kind)) return MONEY;
    if (OF_VENUE.has(kind)) return VENUE;
    return this.ofRare(words, row, rows, kind);
  }

  private ofRare(words: Int32Array, row: number, rows: number, kind: number): number {
    const at = row * WORDS;
    switch (kind) {
      case COMMAND.oraclePrice:
      case COMMAND.venueQuote:
      case COMMAND.setMarketParameter:
        return this.market(words[at + ORACLE_PRICE.MARKET] as number);
      case COMMAND.setStatus:
        return words[at + SET_STATUS.MARKET] === 0 ? VENUE : this.market(words[at + SET_STATUS.MARKET] as number);
      case COMMAND.setLeverage:
        return this.market(words[at + PLACE_ORDER.MARKET] as number);
      case COMMAND.cancelAll:
        return words[at + CANCEL_ALL.MARKET] === 0 ? VENUE : this.market(words[at + CANCEL_ALL.MARKET] as number);
      case COMMAND.cancelByClientId: {
        const account = words[at + CANCEL_BY_CLIENT_ID.ACCOUNT] as number;
        return this.clientIds.get(keyOf(account, words, row + 1)) ?? NOTHING;
      }
      case COMMAND.placeBatch:
        return this.ofBatch(words, row, rows);
      default:
        return NOTHING;
    }
  }

  private market(row: number): number {
    return row >= 1 && row < this.state.market.rows ? row : NOTHING;
  }

  private ofOrder(words: Int32Array, row: number): number {
    const at = row * WORDS;
    const market = this.market(words[at + PLACE_ORDER.MARKET] as number);
    if (market !== NOTHING && words[at + PLACE_ORDER.CLIENT_ID_LENGTH] !== 0) {
      this.useClientId(keyOf(words[at + PLACE_ORDER.ACCOUNT] as number, words, row + 1), market);
    }
    return market;
  }

  /** A client id that is used in two markets ties them: whether it is in use in one decides whether it may be used in the other. */
  private useClientId(key: string, market: number): void {
    const before = this.clientIds.get(key);
    if (before !== undefined && before !== market) this.ties.push({ markets: [before, market], account: 0 });
    this.clientIds.set(key, market);
  }

  private ofBatch(words: Int32Array, row: number, rows: number): number {
    const markets: number[] = [];
    const count = words[row * WORDS + PLACE_BATCH.COUNT] as number;
    for (let at = row + 1, item = 0; at < row + rows && item < count; item++) {
      const market = this.ofOrder(words, at);
      if (market !== NOTHING && !markets.includes(market)) markets.push(market);
      at += Math.max(1, words[at * WORDS + 1] as number);
    }
    if (markets.length > 1) this.ties.push({ markets, account: 0 });
    return markets[0] ?? NOTHING;
  }

  private ofNamed(account: number, id: number, number: number): number {
    const row = orderRow(this.state, id);
    const { i32 } = this.state.order;
    if (row === 0) {
      this.unresolved.push({ number, id });
      return NOTHING;
    }
    return i32[row * 16 + ORDER.ACCOUNT] === account ? (i32[row * 16 + ORDER.MARKET] as number) : NOTHING;
  }

  /** Finds the markets of commands that named orders which had ended: in another world they may not have. `start` is the state before. */
  resolve(touched: Whole, given: Floats, start: State): void {
    if (this.unresolved.length === 0) return;
    const markets = new Map<number, number>();
    for (const { id } of this.unresolved) {
      const row = orderRow(start, id);
      markets.set(id, row === 0 ? NOTHING : (start.order.i32[row * 16 + ORDER.MARKET] as number));
    }
    for (let number = 0; number < given.length; number++) {
      const id = given.at(number);
      if (id !== 0 && markets.has(id)) markets.set(id, touched.at(number));
    }
    for (const { number, id } of this.unresolved) {
      const market = markets.get(id) as number;
      if (market > 0) touched.values[number] = market;
    }
  }

  private takeLiveClientIds(): void {
    const { clientId, order } = this.state;
    for (let row = 1; row < clientId.rows; row++) {
      const at = row * clientId.rowWords;
      if (clientId.i32[at + CLIENT_ID.LENGTH] === 0) continue;
      const market = order.i32[(clientId.i32[at + CLIENT_ID.ORDER] as number) * 16 + ORDER.MARKET] as number;
      const account = clientId.i32[at + CLIENT_ID.ACCOUNT] as number;
      this.clientIds.set(textKey(account, clientId.i32, at + CLIENT_ID.TEXT), market);
    }
  }
}

/** An account and the client id in a row of a command, as one key. */
function keyOf(account: number, words: Int32Array, row: number): string {
  return textKey(account, words, row * WORDS);
}

function textKey(account: number, words: Int32Array, from: number): string {
  return `${account} ${words.subarray(from, from + WORDS).join()}`;
}
