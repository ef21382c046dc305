/**
 * Matching alone: the engine's own books, `match` and order table, driven by a workload. No accounts, so no self-trade
 * prevention, no margin, no money and no events: what other matching engines measure, on the same operations.
 */
import { Book } from '../src/engine/book.ts';
import { FLAG, INSTRUCTION, ORDER_KIND, orderFlags, SELF_TRADE } from '../src/engine/flags.ts';
import { LadderHeap } from '../src/engine/ladder.ts';
import { Fills, match, NO_ACCOUNT } from '../src/engine/match.ts';
import { Table } from '../src/engine/table.ts';
import { ORDER, SCHEMAS } from '../src/engine/tables.ts';
import { measureSeries, type Series, startStopwatch, type Tell } from './series.ts';
import { FIELD, HEADER_WORDS, IOC_SHIFT, KIND, RECORD_WORDS, SIDE_SHIFT, type Workload } from './workload.ts';
import { openWorkload, summaryOf, type WorkloadSource, type WorkloadSummary } from './workload-source.ts';

const { PRICE, REMAINING, SIZE, FLAGS, ACCOUNT, MARKET, CLIENT_ID, GENERATION } = ORDER;
const ROW_WORDS = SCHEMAS.order.rowBytes / 4;
const BUY = orderFlags(0, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);

class Matcher {
  trades = 0;
  volume = 0;
  private readonly orders = new Table(SCHEMAS.order, 1 << 18);
  private readonly books: Book[] = [];
  private readonly fills = new Fills();
  /** Row of each of the workload's orders while it lives, else 0. Its number stands in the row's CLIENT_ID, unused here. */
  private readonly rows: Int32Array;

  constructor(workload: Workload) {
    const heap = new LadderHeap();
    for (let market = 0; market < workload.markets; market++) this.books.push(new Book(heap));
    this.rows = new Int32Array(workload.orders + 1);
  }

  run(words: Int32Array): void {
    for (let at = HEADER_WORDS; at < words.length; at += RECORD_WORDS) this.apply(words, at);
  }

  private apply(words: Int32Array, at: number): void {
    const head = words[at] as number;
    const kind = head & 255;
    const order = words[at + FIELD.ORDER] as number;
    const market = words[at + FIELD.MARKET] as number;
    if (kind !== KIND.NEW) {
      const row = this.rows[order] as number;
      if (row === 0) return;
      (this.books[market] as Book).remove(this.orders, row);
      this.release(row);
      if (kind === KIND.CANCEL) return;
    }
    const price = words[at + FIELD.PRICE] as number;
    const size = words[at + FIELD.SIZE] as number;
    this.submit(
      order,
      market,
      (head >> SIDE_SHIFT) & 1,
      price,
      size,
      head >> IOC_SHIFT,
      words[at + FIELD.ACCOUNT] as number,
    );
  }

  private submit(
    order: number,
    market: number,
    sell: number,
    price: number,
    size: number,
    ioc: number,
    account: number,
  ): void {
    const book = this.books[market] as Book;
    let left = size;
    if (book.crosses(sell, price)) {
      left = match(book, this.orders, sell, price, size, NO_ACCOUNT, SELF_TRADE.EXPIRE_TAKER, this.fills);
      this.settle();
    }
    if (left === 0 || ioc !== 0) return;
    const row = this.orders.allocate();
    const { i32 } = this.orders;
    const at = row * ROW_WORDS;
    i32[at + PRICE] = price;
    i32[at + REMAINING] = left;
    i32[at + SIZE] = size;
    i32[at + FLAGS] = BUY | (sell === 0 ? 0 : FLAG.SELL);
    i32[at + ACCOUNT] = account;
    i32[at + MARKET] = market;
    i32[at + CLIENT_ID] = order;
    this.orders.touch(row);
    book.insert(this.orders, row, sell);
    this.rows[order] = row;
  }

  /** Counts what the last match did and gives the rows of exhausted makers back. */
  private settle(): void {
    const { fills } = this;
    const { i32 } = this.orders;
    for (let n = 0; n < fills.count; n++) {
      const maker = fills.makers[n] as number;
      this.trades++;
      this.volume += fills.sizes[n] as number;
      if (i32[maker * ROW_WORDS + REMAINING] === 0) this.release(maker);
    }
  }

  private release(row: number): void {
    const { i32 } = this.orders;
    const at = row * ROW_WORDS;
    this.rows[i32[at + CLIENT_ID] as number] = 0;
    i32[at + GENERATION] = (i32[at + GENERATION] as number) + 1;
    this.orders.release(row);
  }
}

export interface MatchingResult extends Series {
  readonly trades: number;
  readonly volume: number;
  readonly workload: WorkloadSummary;
}

/** A matcher whose figures are not those of the workload: nothing it measured counts. */
export class FiguresDiffer extends Error {
  constructor(what: string, found: number, expected: number) {
    super(`${what}: ${found}, but a correct run of this workload has ${expected}`);
    this.name = 'FiguresDiffer';
  }
}

export interface MatchingRequest {
  readonly source: WorkloadSource;
  readonly runs: number;
}

/** Measures matching alone. Throws `FiguresDiffer` unless every run has the workload's own trades and volume. */
export async function measureMatching({ source, runs }: MatchingRequest, tell: Tell): Promise<MatchingResult> {
  const workload = openWorkload(source);
  tell(`${workload.operations} operations, ${workload.markets} markets`);
  const series = await measureSeries(runs, tell, () => {
    const matcher = new Matcher(workload);
    const stop = startStopwatch();
    matcher.run(workload.words);
    const elapsed = stop();
    if (matcher.trades !== workload.trades) throw new FiguresDiffer('trades', matcher.trades, workload.trades);
    if (matcher.volume !== workload.volume) throw new FiguresDiffer('volume', matcher.volume, workload.volume);
    return { elapsed, units: workload.operations };
  });
  return { ...series, trades: workload.trades, volume: workload.volume, workload: summaryOf(workload, source) };
}
