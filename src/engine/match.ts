/** Matching: a taker against the other side of a book, best price first, oldest first within a price. */
import type { Book } from './book.ts';
import { SELF_TRADE } from './flags.ts';
import { InvariantBroken } from './invariant-broken.ts';
import type { Table } from './table.ts';
import { ORDER } from './tables.ts';

const { REMAINING, PREVIOUS, NEXT, ACCOUNT } = ORDER;
const { EXPIRE_TAKER, EXPIRE_BOTH } = SELF_TRADE;

/** What a match did, in order: makers (order rows), the lots each gave (0: it expired, self-trade) and their price ticks. */
export class Fills {
  makers = new Int32Array(256);
  sizes = new Int32Array(256);
  prices = new Int32Array(256);
  count = 0;
  /** The taker met an order of its own account and ends without resting. */
  takerExpired = false;
  /** Rows of orders: nobody is met twice in one match. */
  most = 0;

  add(maker: number, size: number, price: number): void {
    const at = this.count++;
    if (at === this.makers.length) this.grow();
    this.makers[at] = maker;
    this.sizes[at] = size;
    this.prices[at] = price;
  }

  private grow(): void {
    // Without this a queue that leads back into itself would be matched until there is no memory left.
    if (this.makers.length >= this.most) throw new InvariantBroken('queue_ends', `${this.count} makers in one match`);
    const larger = (values: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(values.length * 2);
      grown.set(values);
      return grown;
    };
    this.makers = larger(this.makers);
    this.sizes = larger(this.sizes);
    this.prices = larger(this.prices);
  }
}

/** An account that is no account: its orders never meet themselves. */
export const NO_ACCOUNT = -1;

/**
 * Trades `size` lots of a taker (`sell` 1 or 0) up to its limit tick. Returns what is left of it. Writes `fills`, lowers the
 * makers' remaining lots and takes exhausted and expired makers out of the book; their rows stay for the caller to settle
 * and release. Does not touch positions, money or the taker's own row.
 */
export function match(
  book: Book,
  orders: Table,
  sell: number,
  limit: number,
  size: number,
  account: number,
  selfTrade: number,
  fills: Fills,
): number {
  fills.count = 0;
  fills.takerExpired = false;
  fills.most = orders.rows;
  const { ladder } = book;
  const { i32 } = orders;
  let left = size;
  let price = sell === 0 ? book.bestAsk : book.bestBid;
  while (left > 0 && (sell === 0 ? price <= limit : price >= limit)) {
    let row = ladder.head(price);
    do {
      const at = row * 16;
      if (i32[at + ACCOUNT] === account) {
        if (selfTrade !== EXPIRE_TAKER) {
          fills.add(row, 0, price);
          row = i32[at + NEXT] as number;
        }
        if (selfTrade !== EXPIRE_TAKER && selfTrade !== EXPIRE_BOTH) continue;
        fills.takerExpired = true;
        break;
      }
      const available = i32[at + REMAINING] as number;
      orders.touch(row);
      if (available > left) {
        i32[at + REMAINING] = available - left;
        fills.add(row, left, price);
        left = 0;
        break;
      }
      i32[at + REMAINING] = 0;
      fills.add(row, available, price);
      left -= available;
      row = i32[at + NEXT] as number;
    } while (row !== 0 && left > 0);
    if (row === 0) {
      ladder.vacate(price);
      price = sell === 0 ? ladder.above(price) : ladder.below(price);
    } else if (ladder.head(price) !== row) {
      ladder.setHead(price, row);
      i32[row * 16 + PREVIOUS] = 0;
      orders.touch(row);
    }
    if (fills.takerExpired) break;
  }
  if (sell === 0) book.bestAsk = price;
  else book.bestBid = price;
  return left;
}
