/** The open orders of an account as the guard's image has them: made for all accounts at once, when a judgement first asks. */
import { FLAG } from '../engine/flags.ts';
import { whole } from './exact.ts';

/** Columns of a row of 8 words. */
export const KNOWN_ORDER = {
  PRICE: 0,
  REMAINING: 1,
  SIZE: 2,
  FLAGS: 3,
  ACCOUNT: 4,
  MARKET: 5,
  TRIGGER: 6,
  GENERATION: 7,
} as const;
/** An order that is in the book. */
export interface KnownOrder {
  readonly row: number;
  readonly isSell: boolean;
  readonly ticks: bigint;
  readonly lots: bigint;
}

/** What the lists are made of. */
interface OrderRows {
  readonly i32: Int32Array;
  readonly rows: number;
  readonly version: number;
  isLive(row: number): boolean;
  stampOf(row: number): number;
}

const NONE: readonly number[] = [];

export class OrderLists {
  private readonly orders: OrderRows;
  private readonly lists = new Map<number, number[]>();
  private version = -1;

  constructor(orders: OrderRows) {
    this.orders = orders;
  }

  /** The orders of an account in the book of a market, newest first. */
  openOf(account: number, market: number): KnownOrder[] {
    if (this.version !== this.orders.version) this.build();
    const { orders } = this;
    const { i32 } = orders;
    const rows = (this.lists.get(account) ?? NONE).filter((row) => i32[row * 8 + KNOWN_ORDER.MARKET] === market);
    return rows
      .toSorted((a, b) => orders.stampOf(b) - orders.stampOf(a))
      .map((row) => ({
        row,
        isSell: ((i32[row * 8 + KNOWN_ORDER.FLAGS] as number) & FLAG.SELL) !== 0,
        ticks: whole(i32[row * 8 + KNOWN_ORDER.PRICE]),
        lots: whole(i32[row * 8 + KNOWN_ORDER.REMAINING]),
      }));
  }

  private build(): void {
    const { orders, lists } = this;
    const { i32, rows } = orders;
    this.version = orders.version;
    lists.clear();
    for (let row = 1; row < rows; row++) {
      if (!orders.isLive(row) || ((i32[row * 8 + KNOWN_ORDER.FLAGS] as number) & FLAG.UNTRIGGERED) !== 0) continue;
      const account = i32[row * 8 + KNOWN_ORDER.ACCOUNT] as number;
      const list = lists.get(account);
      if (list === undefined) lists.set(account, [row]);
      else list.push(row);
    }
  }
}
