/**
 * Who trades: makers who quote, and traders of four tempers. Money, leverage and eagerness are heavy-tailed, as in recorded
 * account flow: the busiest hundredth of the accounts makes a quarter of all trades, the median order is a few hundred USD.
 */
import type { MarketDay } from '../market-day.ts';
import type { Random } from '../random.ts';

export const TEMPER = {
  MAKER: 0,
  /** Trades on whims, both ways. */
  NOISE: 1,
  /** Buys what rose and sells what fell. */
  TREND: 2,
  /** The opposite, after large moves. */
  REVERSION: 3,
  /** Keeps a position, mostly long, and seldom acts. */
  HOLDER: 4,
} as const;

/** Rows of accounts before the first trader: the insurance fund and the fee account. */
export const FIRST_ACCOUNT = 3;

const MAKER_SHARE = 60;
const MAKERS_AT_LEAST = 4;
/** Most makers of a market, by its rank: they thin out towards the tail. */
const MAKERS_OF_TOP = 7;
const MAKERS_OF_TAIL = 2;
/** Leverages that traders choose: about half 5× or less, a tenth 20× and more. */
const LEVERAGES = [1, 2, 2, 3, 3, 3, 4, 5, 5, 5, 5, 5, 8, 10, 10, 10, 10, 15, 20, 20, 25, 30, 40, 50];
/** Tempers out of a hundred traders. */
const TEMPERS = [
  { temper: TEMPER.NOISE, upTo: 52 },
  { temper: TEMPER.TREND, upTo: 72 },
  { temper: TEMPER.REVERSION, upTo: 84 },
  { temper: TEMPER.HOLDER, upTo: 100 },
];
const USDC = 1e8;
/** Entries in a market's list of who acts next; the more entries an account has, the more often it acts. */
const TICKETS = 4096;

export interface Maker {
  readonly account: number;
  /** Market rows it quotes, most traded first. */
  readonly markets: number[];
}

/** Accounts by row; the columns of rows below `FIRST_ACCOUNT` are unused. */
export class Population {
  readonly accounts: number;
  readonly temper: Uint8Array;
  readonly leverage: Uint8Array;
  /** Share of the possible position that the account dares to use, in hundredths. */
  readonly daring: Uint8Array;
  /** How often it acts compared with the others; large ones trade in small pieces. */
  readonly eagerness: Float64Array;
  /** First deposit, 1e-8 USDC. */
  readonly deposit: Float64Array;
  /** 1 for accounts with retail fees. */
  readonly retail: Uint8Array;
  readonly makers: Maker[] = [];
  /** Per market row: its makers. */
  readonly makersOf: number[][] = [];
  /** Per market row: accounts, each as often as it acts. */
  readonly tickets: Int32Array[] = [];

  /** `accounts` traders and makers for the markets of a day. At least `MAKERS_AT_LEAST` × 2 accounts. */
  constructor(day: MarketDay, accounts: number, random: Random) {
    this.accounts = Math.max(2 * MAKERS_AT_LEAST, accounts);
    const rows = FIRST_ACCOUNT + this.accounts;
    this.temper = new Uint8Array(rows);
    this.leverage = new Uint8Array(rows);
    this.daring = new Uint8Array(rows);
    this.eagerness = new Float64Array(rows);
    this.deposit = new Float64Array(rows);
    this.retail = new Uint8Array(rows);
    const makers = Math.max(MAKERS_AT_LEAST, Math.floor(this.accounts / MAKER_SHARE));
    this.assignMakers(day.markets.length, makers);
    this.drawTraders(FIRST_ACCOUNT + makers, random);
    this.drawTickets(day, FIRST_ACCOUNT + makers, random.fork('tickets'));
  }

  /** Makers take the markets in turn, so that each market has its number and each maker its share. */
  private assignMakers(markets: number, makers: number): void {
    for (let n = 0; n < makers; n++) this.makers.push({ account: FIRST_ACCOUNT + n, markets: [] });
    let next = 0;
    this.makersOf.push([]);
    for (let market = 1; market <= markets; market++) {
      const wanted = Math.max(MAKERS_OF_TAIL, MAKERS_OF_TOP - Math.floor((market - 1) / 2));
      const accounts: number[] = [];
      for (let n = 0; n < Math.min(wanted, makers); n++) {
        const maker = this.makers[next++ % makers] as Maker;
        maker.markets.push(market);
        accounts.push(maker.account);
      }
      this.makersOf.push(accounts);
    }
    for (const { account } of this.makers) {
      this.temper[account] = TEMPER.MAKER;
      this.leverage[account] = 10;
      this.daring[account] = 100;
    }
  }

  private drawTraders(first: number, random: Random): void {
    for (let account = first; account < FIRST_ACCOUNT + this.accounts; account++) {
      const draw = random.below(100);
      this.temper[account] = (TEMPERS.find(({ upTo }) => draw < upTo) as (typeof TEMPERS)[number]).temper;
      this.leverage[account] = LEVERAGES[random.below(LEVERAGES.length)] as number;
      this.daring[account] = 10 + Math.floor((random.below(80) + random.below(81)) / 2);
      const calm = this.temper[account] === TEMPER.HOLDER ? 0.3 : 1;
      this.eagerness[account] = calm * random.tail(7);
      // 300 USDC to a million, median about 1,000; the eager ones have more.
      const usdc =
        400 * random.tail(11) * (1 + (this.eagerness[account] as number) / 16) * (0.7 + random.below(600) / 1000);
      this.deposit[account] = Math.floor(usdc * 100) * (USDC / 100);
      this.retail[account] = (this.eagerness[account] as number) < 20 && random.chance(700_000) ? 1 : 0;
    }
  }

  /** Each trader has one or two markets; the more traded a market, the more traders it has (1 / place). */
  private drawTickets(day: MarketDay, first: number, random: Random): void {
    const markets = day.markets.length;
    const wheel = new Wheel(Array.from({ length: markets }, (_, place) => 1 / (place + 2)));
    const traders: number[][] = Array.from({ length: markets + 1 }, () => []);
    for (let account = first; account < FIRST_ACCOUNT + this.accounts; account++) {
      const count = 1 + Math.floor(random.tail(3) / 2);
      for (let n = 0; n < count; n++) (traders[1 + wheel.draw(random)] as number[]).push(account);
    }
    this.tickets.push(new Int32Array(0));
    for (let market = 1; market <= markets; market++) {
      const own = traders[market] as number[];
      // In the tail of many markets a market may have drawn nobody: then a few try it.
      while (own.length < 3) own.push(first + random.below(FIRST_ACCOUNT + this.accounts - first));
      this.tickets.push(this.ticketsOf(own));
    }
  }

  /** A list in which each account stands as often as its eagerness says, at least once. */
  private ticketsOf(accounts: readonly number[]): Int32Array {
    const total = accounts.reduce((sum, account) => sum + (this.eagerness[account] as number), 0);
    const tickets: number[] = [];
    for (const account of accounts) {
      const count = Math.max(1, Math.floor(((this.eagerness[account] as number) / total) * TICKETS));
      for (let n = 0; n < count; n++) tickets.push(account);
    }
    return Int32Array.from(tickets);
  }
}

/** Draws places by their weights. */
export class Wheel {
  private readonly sums: Float64Array;

  constructor(weights: readonly number[]) {
    this.sums = new Float64Array(weights.length);
    let sum = 0;
    weights.forEach((weight, place) => {
      sum += weight;
      this.sums[place] = sum;
    });
  }

  /** A place, 0 … length − 1. */
  draw(random: Random): number {
    const { sums } = this;
    const point = (random.next() / 4294967296) * (sums[sums.length - 1] as number);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
