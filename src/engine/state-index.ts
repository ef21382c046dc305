/**
 * What is derived from the tables to find rows fast: books and trigger ladders, hashes, margin bounds. Never hashed, never
 * stored; `restore` makes it anew from any state, and nothing that an event tells may depend on how it came about.
 */
import { Book } from './book.ts';
import { ClientIdIndex } from './client-id-index.ts';
import { FLAG } from './flags.ts';
import { KeyIndex } from './key-index.ts';
import { LadderHeap } from './ladder.ts';
import { refreshBand } from './market.ts';
import { MarginBounds } from './margin-bounds.ts';
import { PositionIndex } from './position-index.ts';
import type { State } from './state.ts';
import { ACCOUNT_KEY, CLIENT_ID, MARKET, ORDER, REFUND } from './tables.ts';
import { TriggerBook } from './trigger-book.ts';

export class StateIndex {
  readonly heap = new LadderHeap();
  /** Per market row; slot 0 is unused. */
  books: Book[] = [];
  triggers: TriggerBook[] = [];
  readonly positions: PositionIndex;
  readonly clientIds = new ClientIdIndex();
  readonly accountKeys = new KeyIndex(8, ACCOUNT_KEY.KEY, 8);
  readonly refunds = new KeyIndex(8, REFUND.ID, 4);
  readonly bounds = new MarginBounds();
  /** Moves of money of the command being applied, wide: zero after each (`ledger.ts`). */
  readonly ledger = new Float64Array(2);
  /** Bottom and top of each market's price band, ticks. */
  bands = new Int32Array(256);
  /** Funding index of each market as the last tick left it: what is in the table must equal it until the next tick. */
  fundingIndexes: number[] = [];

  constructor(positions: number) {
    this.positions = new PositionIndex(positions);
  }

  /** Adds the index of one more market. */
  addMarket(fundingIndex: number): void {
    this.books.push(new Book(this.heap));
    this.triggers.push(new TriggerBook(this.heap));
    this.fundingIndexes.push(fundingIndex);
    if (this.books.length * 2 > this.bands.length) {
      const grown = new Int32Array(this.bands.length * 2);
      grown.set(this.bands);
      this.bands = grown;
    }
  }

  /** Builds everything from the tables. */
  restore(state: State): void {
    this.books = [new Book(this.heap)];
    this.triggers = [new TriggerBook(this.heap)];
    this.fundingIndexes = [0];
    this.positions.clear();
    this.clientIds.clear();
    this.accountKeys.clear();
    this.refunds.clear();
    this.heap.clear();
    this.ledger.fill(0);
    const { market, position, clientId } = state;
    for (let row = 1; row < market.rows; row++) {
      this.addMarket(market.f64[row * market.rowFloats + MARKET.FUNDING_INDEX] as number);
      refreshBand(state, row);
    }
    for (let row = 1; row < position.rows; row++) this.positions.add(position, row);
    for (let row = 1; row < clientId.rows; row++) {
      if (clientId.i32[row * clientId.rowWords + CLIENT_ID.LENGTH] !== 0) this.clientIds.add(clientId, row);
    }
    for (let row = 3; row < state.accountKey.rows; row++) this.accountKeys.add(state.accountKey, row);
    for (let row = 1; row < state.refund.rows; row++) this.refunds.add(state.refund, row);
    this.restoreQueues(state);
    this.bounds.reset(state.account.rows);
  }

  /** A queue is its links in the order table: heads have no order before them, tails none after. */
  private restoreQueues(state: State): void {
    const { i32, rows, rowWords } = state.order;
    for (let row = 1; row < rows; row++) {
      const at = row * rowWords;
      // A free row has size 0.
      if (i32[at + ORDER.SIZE] === 0) continue;
      const flags = i32[at + ORDER.FLAGS] as number;
      const market = i32[at + ORDER.MARKET] as number;
      const first = i32[at + ORDER.PREVIOUS] === 0;
      const last = i32[at + ORDER.NEXT] === 0;
      if ((flags & FLAG.UNTRIGGERED) !== 0) {
        const trigger = i32[at + ORDER.TRIGGER] as number;
        (this.triggers[market] as TriggerBook).restore((flags & FLAG.TRIGGER_ABOVE) !== 0, trigger, row, first, last);
      } else {
        (this.books[market] as Book).restore(flags & FLAG.SELL, i32[at + ORDER.PRICE] as number, row, first, last);
      }
    }
  }
}
