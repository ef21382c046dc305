/**
 * Books in obvious code: what a workload's generator keeps to know which orders live, and what says how many trades and how
 * much volume a correct matcher must find in it. Not the engine's books, and nothing of theirs is used here.
 */

/** Prices are ticks 1 … 131,070; a book has one slot for each. */
const PRICES = 1 << 17;

export class ReferenceBooks {
  /** Fills so far, and their lots. */
  trades = 0;
  volume = 0;
  /** Numbers of the live orders, in no order that means anything; the first `liveCount` count. */
  readonly live: Int32Array;
  liveCount = 0;
  readonly price: Int32Array;
  readonly size: Int32Array;
  readonly side: Uint8Array;
  readonly market: Uint16Array;
  private readonly head: readonly [Int32Array, Int32Array];
  private readonly tail: readonly [Int32Array, Int32Array];
  private readonly bestBid: Int32Array;
  private readonly bestAsk: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  /** Place of each order in `live`, −1 when it does not live. */
  private readonly place: Int32Array;

  /** Room for orders 1 … `orders`. */
  constructor(markets: number, orders: number) {
    const slots = (): Int32Array => new Int32Array(PRICES * markets);
    const each = (): Int32Array => new Int32Array(orders + 1);
    this.head = [slots(), slots()];
    this.tail = [slots(), slots()];
    this.bestBid = new Int32Array(markets);
    this.bestAsk = new Int32Array(markets).fill(PRICES - 1);
    this.live = each();
    this.price = each();
    this.size = each();
    this.side = new Uint8Array(orders + 1);
    this.market = new Uint16Array(orders + 1);
    this.next = each();
    this.previous = each();
    this.place = each().fill(-1);
  }

  /** True while an order rests in its book. */
  isLive(order: number): boolean {
    return (this.place[order] as number) >= 0;
  }

  /** Trades an order against its market (`side` 0 buys, 1 sells) and rests what is left, unless `ioc` is 1. */
  submit(order: number, market: number, side: number, price: number, size: number, ioc: number): void {
    let left = size;
    const best = side === 0 ? this.bestAsk : this.bestBid;
    const makers = this.head[side === 0 ? 1 : 0];
    for (;;) {
      const at = best[market] as number;
      const crosses = side === 0 ? at <= price && at < PRICES - 1 : at >= price && at > 0;
      if (left === 0 || !crosses) break;
      left -= this.take(makers[market * PRICES + at] as number, left);
    }
    if (left > 0 && ioc === 0) this.rest(order, market, side, price, left);
  }

  /** Takes a live order out of its book. */
  remove(order: number): void {
    const market = this.market[order] as number;
    const side = this.side[order] as 0 | 1;
    const price = this.price[order] as number;
    const slot = market * PRICES + price;
    const before = this.previous[order] as number;
    const after = this.next[order] as number;
    if (before !== 0) this.next[before] = after;
    else this.head[side][slot] = after;
    if (after !== 0) this.previous[after] = before;
    else this.tail[side][slot] = before;
    if (before === 0 && after === 0) this.repairBest(market, side, price);
    const last = this.live[--this.liveCount] as number;
    const place = this.place[order] as number;
    this.live[place] = last;
    this.place[last] = place;
    this.place[order] = -1;
  }

  private take(maker: number, wanted: number): number {
    const size = this.size[maker] as number;
    const taken = Math.min(wanted, size);
    this.size[maker] = size - taken;
    this.trades++;
    this.volume += taken;
    if (taken === size) this.remove(maker);
    return taken;
  }

  private rest(order: number, market: number, side: number, price: number, size: number): void {
    const slot = market * PRICES + price;
    const tail = this.tail[side as 0 | 1];
    const last = tail[slot] as number;
    this.price[order] = price;
    this.size[order] = size;
    this.side[order] = side;
    this.market[order] = market;
    this.next[order] = 0;
    this.previous[order] = last;
    if (last !== 0) this.next[last] = order;
    else this.head[side as 0 | 1][slot] = order;
    tail[slot] = order;
    if (side === 0) this.bestBid[market] = Math.max(this.bestBid[market] as number, price);
    else this.bestAsk[market] = Math.min(this.bestAsk[market] as number, price);
    this.place[order] = this.liveCount;
    this.live[this.liveCount++] = order;
  }

  /** The level at `price` is empty now. */
  private repairBest(market: number, side: 0 | 1, price: number): void {
    const head = this.head[side];
    const from = market * PRICES;
    if (side === 0 && price === this.bestBid[market]) {
      let at = price;
      while (at > 0 && head[from + at] === 0) at--;
      this.bestBid[market] = at;
    } else if (side === 1 && price === this.bestAsk[market]) {
      let at = price;
      while (at < PRICES - 1 && head[from + at] === 0) at++;
      this.bestAsk[market] = at;
    }
  }
}
