/**
 * The portable workload: a stream of orders, cancels and modifies that any matching engine can run, with the trades and the
 * volume that a correct one finds. It is generated in memory or read from a file; both are the same bytes.
 *
 * Bytes, little-endian: a header of 16 (the text "100_WBEM", version 1, the number of records) and records of 40:
 * kind, side, immediate-or-cancel, 0 (one byte each) | size u32 | sequence u64 | order u64 | price ticks i64 | account u32 |
 * market u32. It is the record of the public "matching-engine-benchmark", so that its adapters read our files.
 */
import { ReferenceBooks } from './reference-books.ts';
import { WorkloadChance } from './workload-chance.ts';

/** What a workload is made from. */
export interface WorkloadParameters {
  /** Orders, cancels and modifies together. */
  readonly operations: number;
  readonly markets: number;
  readonly accounts: number;
  /** Live orders of a market that the sizes of marketable orders steer towards. */
  readonly liveTarget: number;
  readonly seed: number;
}

/** The two workloads by which engines are compared: one market, and fifty markets with many accounts. */
export const P5M: WorkloadParameters = {
  operations: 5_000_000,
  markets: 1,
  accounts: 100_000,
  liveTarget: 20_000,
  seed: 1,
};
export const P5M50: WorkloadParameters = { ...P5M, markets: 50, liveTarget: 4_000 };

export interface Workload {
  /** The file's bytes as 32-bit words: operation n starts at `HEADER_WORDS + n × RECORD_WORDS`. */
  readonly words: Int32Array;
  readonly operations: number;
  readonly markets: number;
  readonly accounts: number;
  /** Orders are numbered 1 … orders. */
  readonly orders: number;
  /** What a correct matcher finds when accounts do not matter (no self-trade prevention). */
  readonly trades: number;
  readonly volume: number;
}

export const HEADER_WORDS = 4;
export const RECORD_WORDS = 10;
/** Word of each field in a record. The first word holds kind, side and immediate-or-cancel, one byte each. */
export const FIELD = { KIND: 0, SIZE: 1, SEQUENCE: 2, ORDER: 4, PRICE: 6, ACCOUNT: 8, MARKET: 9 } as const;
export const KIND = { NEW: 0, CANCEL: 1, MODIFY: 2 } as const;
export const SIDE_SHIFT = 8;
export const IOC_SHIFT = 16;

/** "MEBW_001" read as a little-endian number, in two words. */
export const MAGIC = [0x5f303031, 0x4d454257] as const;
export const VERSION = 1;

const PRICES = 1 << 17;
/** Prices start here and are kept within these, in 1/256 tick. */
const START = 50_000 * 256;
const LOWEST = 20_000 * 256;
const HIGHEST = 100_000 * 256;

class Generator {
  private readonly parameters: WorkloadParameters;
  private readonly chance: WorkloadChance;
  private readonly books: ReferenceBooks;
  private readonly words: Int32Array;
  private readonly accounts: Uint32Array;
  /** Each market's fair price, 1/256 tick. */
  private readonly fair: Int32Array;
  /** Running sum of the markets' weights 1, 1/2, 1/3, …, in millionths. */
  private readonly weights: Float64Array;
  private at = HEADER_WORDS;
  private orders = 0;

  constructor(parameters: WorkloadParameters) {
    const { operations, markets, seed } = parameters;
    this.parameters = parameters;
    this.chance = new WorkloadChance(seed);
    this.books = new ReferenceBooks(markets, operations);
    this.words = new Int32Array(HEADER_WORDS + operations * RECORD_WORDS);
    this.words.set([...MAGIC, VERSION, operations]);
    this.accounts = new Uint32Array(operations + 1);
    this.fair = new Int32Array(markets).fill(START);
    this.weights = new Float64Array(markets);
    let sum = 0;
    for (let market = 0; market < markets; market++) {
      sum += Math.floor(1e6 / (market + 1));
      this.weights[market] = sum;
    }
  }

  /** 60 % passive orders, 30 % cancels of a random live order, 7 % marketable orders, 3 % modifies of a random live order. */
  run(): Workload {
    const { operations, markets, accounts } = this.parameters;
    for (let sequence = 0; sequence < operations; sequence++) {
      const draw = this.chance.below(100);
      const hasLive = this.books.liveCount > 64;
      if (hasLive && draw >= 60 && draw < 90) this.cancel(sequence);
      else if (hasLive && draw >= 97) this.modify(sequence);
      else this.add(sequence, draw >= 90 && draw < 97);
    }
    const { words, orders, books } = this;
    return { words, operations, markets, accounts, orders, trades: books.trades, volume: books.volume };
  }

  private randomLive(): number {
    return this.books.live[this.chance.below(this.books.liveCount)] as number;
  }

  private cancel(sequence: number): void {
    const { books } = this;
    const order = this.randomLive();
    const size = books.size[order] as number;
    this.write(KIND.CANCEL, books.side[order] as number, 0, size, sequence, order, books.price[order] as number);
    books.remove(order);
  }

  /** A modify is a cancel and a new order with the same number: it loses its place in the queue. */
  private modify(sequence: number): void {
    const { books, chance } = this;
    const order = this.randomLive();
    const market = books.market[order] as number;
    const side = books.side[order] as number;
    const price = Math.max(2, Math.min(PRICES - 3, (books.price[order] as number) + chance.below(7) - 3));
    const size = 1 + chance.below(100);
    this.write(KIND.MODIFY, side, 0, size, sequence, order, price);
    books.remove(order);
    books.submit(order, market, side, price, size, 0);
  }

  private add(sequence: number, marketable: boolean): void {
    const { books, chance, fair } = this;
    const { markets, liveTarget } = this.parameters;
    const market = this.pickMarket();
    const moved = (fair[market] as number) + chance.below(257) - 128;
    fair[market] = Math.max(LOWEST, Math.min(HIGHEST, moved));
    const middle = Math.floor((fair[market] as number) / 256);
    const side = chance.next() & 1;
    const order = ++this.orders;
    this.accounts[order] = this.pickAccount();
    books.market[order] = market;
    let size = 0;
    let ioc = 0;
    let distance = -40;
    if (marketable) {
      const { liveCount } = books;
      const target = liveTarget * markets;
      size = 1 + chance.below(liveCount > target ? 800 : liveCount > target / 2 ? 400 : 200);
      ioc = chance.below(100) < 70 ? 1 : 0;
    } else {
      size = 1 + chance.below(100);
      distance = this.pickDistance();
    }
    const price = side === 0 ? middle - distance : middle + distance;
    this.write(KIND.NEW, side, ioc, size, sequence, order, price);
    books.submit(order, market, side, price, size, ioc);
  }

  private pickMarket(): number {
    if (this.parameters.markets === 1) return 0;
    const { weights } = this;
    const drawn = this.chance.below(weights[weights.length - 1] as number);
    let low = 0;
    let high = weights.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((weights[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** 1 % of the accounts, the makers, send 70 % of the new orders. */
  private pickAccount(): number {
    const { accounts } = this.parameters;
    const makers = Math.max(1, Math.floor(accounts / 100));
    return this.chance.below(100) < 70 ? this.chance.below(makers) : this.chance.below(accounts);
  }

  /** Ticks from the middle: half within 8, most within 64, all within 512. */
  private pickDistance(): number {
    const draw = this.chance.below(100);
    const bits = this.chance.next();
    return 1 + (draw < 50 ? bits & 7 : draw < 85 ? bits & 63 : bits & 511);
  }

  private write(
    kind: number,
    side: number,
    ioc: number,
    size: number,
    sequence: number,
    order: number,
    price: number,
  ): void {
    const { words, at } = this;
    words[at + FIELD.KIND] = kind | (side << SIDE_SHIFT) | (ioc << IOC_SHIFT);
    words[at + FIELD.SIZE] = size;
    words[at + FIELD.SEQUENCE] = sequence;
    words[at + FIELD.ORDER] = order;
    words[at + FIELD.PRICE] = price;
    words[at + FIELD.ACCOUNT] = this.accounts[order] as number;
    words[at + FIELD.MARKET] = this.books.market[order] as number;
    this.at += RECORD_WORDS;
  }
}

/** Generates a workload: the same parameters give the same bytes everywhere. */
export function generateWorkload(parameters: WorkloadParameters): Workload {
  return new Generator(parameters).run();
}
