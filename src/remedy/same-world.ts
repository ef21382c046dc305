/**
 * Whether two whole worlds are the same but for names: which row of a table an order or a position stands in. Rows are given out in the
 * order in which others became free, so one order less gives half of all later ones another row; nothing that an account has or may do depends on it.
 */
import type { State } from '../engine/state.ts';
import { ACCOUNT, CLIENT_ID, MARKET, ORDER, POSITION, VENUE } from '../engine/tables.ts';

/** Columns that hold numbers of rows of orders, and a count of how often a row was used. */
const ORDER_NAMES: readonly number[] = [
  ORDER.PREVIOUS,
  ORDER.NEXT,
  ORDER.POSITION,
  ORDER.PREVIOUS_OWN,
  ORDER.NEXT_OWN,
  ORDER.CLIENT_ID,
  ORDER.GENERATION,
];
const POSITION_NAMES: readonly number[] = [POSITION.FIRST_ORDER, POSITION.NEXT_OF_ACCOUNT];
const ACCOUNT_NAMES: readonly number[] = [ACCOUNT.FIRST_POSITION];
const WHOLE = ['venue', 'rule', 'market', 'oracle', 'quote', 'accountKey', 'refund'] as const;

/** Words of rows that only count what was traded: two worlds that differ by these alone go on alike. */
const COUNTS: Readonly<Record<string, readonly number[]>> = {
  venue: wordsOf([VENUE.TRADES]),
  market: wordsOf([MARKET.TRADE_COUNT, MARKET.VOLUME_HIGH, MARKET.VOLUME_LOW]),
};
const NO_WORDS: readonly number[] = [];

function wordsOf(floats: readonly number[]): number[] {
  return floats.flatMap((float) => [float * 2, float * 2 + 1]);
}

/** The first place where two worlds differ, in words; undefined where they are the same but for names. */
export function differenceOfWorlds(one: State, two: State): string | undefined {
  return differenceOfWholes(one, two, {}) ?? new WorldComparison(one, two).run();
}

function differenceOfWholes(
  one: State,
  two: State,
  but: Readonly<Record<string, readonly number[]>>,
): string | undefined {
  for (const name of WHOLE) {
    const [a, b] = [one[name], two[name]];
    if (a.rows !== b.rows) return `${name}: ${a.rows} rows and ${b.rows}`;
    for (let row = 1; row < a.rows; row++) {
      const word = differingWord(a.i32, row * a.rowWords, b.i32, row * b.rowWords, a.rowWords, but[name] ?? NO_WORDS);
      if (word >= 0) return `${name} ${row}, word ${word}`;
    }
  }
  return undefined;
}

/**
 * Whether two worlds that parted are one again: the same but for names, and for counts that nothing is decided by. What was asked of the
 * one from then on can be asked of the other by the names that it has there.
 */
export class Meeting {
  /** An account that differed when it was asked last: it most likely still does. 0: none did. */
  private last = 0;

  /** Whether two states are the same. Looks first where they were not when it was asked last. */
  areSame(one: State, other: State): boolean {
    const comparison = new WorldComparison(one, other, true);
    if (this.last !== 0 && comparison.differsAt(this.last)) return false;
    if (differenceOfWholes(one, other, COUNTS) !== undefined) return false;
    if (comparison.run() === undefined) return true;
    this.last = comparison.last;
    return false;
  }
}

class WorldComparison {
  private readonly one: State;
  private readonly two: State;
  private readonly areBoundsLeft: boolean;
  /** Row in the second world of each order of the first. */
  private orders = new Int32Array(0);
  private counted = 0;
  /** The account that was looked at last. */
  last = 0;

  /** `areBoundsLeft`: prices that bound a position's open orders are not looked at where it has none: the next order sets them anew. */
  constructor(one: State, two: State, areBoundsLeft = false) {
    this.one = one;
    this.two = two;
    this.areBoundsLeft = areBoundsLeft;
  }

  /** True when an account differs, or is not in both. */
  differsAt(account: number): boolean {
    const isThere = account < this.one.account.rows && account < this.two.account.rows;
    return !isThere || this.differenceOfAccount(account) !== undefined;
  }

  run(): string | undefined {
    const { one, two } = this;
    this.orders = new Int32Array(one.order.rows);
    this.counted = 0;
    for (const name of ['account', 'position'] as const) {
      if (one[name].rows !== two[name].rows) return `${name}: ${one[name].rows} rows and ${two[name].rows}`;
    }
    for (const name of ['order', 'clientId', 'withdrawal'] as const) {
      if (one[name].live !== two[name].live) return `${name}: ${one[name].live} in use and ${two[name].live}`;
    }
    for (let account = 1; account < one.account.rows; account++) {
      this.last = account;
      const found = this.differenceOfAccount(account);
      if (found !== undefined) return `account ${account}: ${found}`;
    }
    return this.differenceOfQueues() ?? this.differenceOfWithdrawals();
  }

  private differenceOfAccount(account: number): string | undefined {
    const [a, b] = [this.one, this.two];
    const word = differingWord(a.account.i32, account * 16, b.account.i32, account * 16, 16, ACCOUNT_NAMES);
    if (word >= 0) return `word ${word}`;
    let [here, there] = [a, b].map((state) => state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number) as [
      number,
      number,
    ];
    while (here !== 0 && there !== 0) {
      const found = this.differenceOfPosition(here, there);
      if (found !== undefined) return `position in market ${a.position.i32[here * 32 + POSITION.MARKET]}: ${found}`;
      here = a.position.i32[here * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
      there = b.position.i32[there * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
    }
    return here === there ? undefined : 'a position that one world has alone';
  }

  private differenceOfPosition(here: number, there: number): string | undefined {
    const [a, b] = [this.one, this.two];
    const but = this.areBoundsLeft ? wordsLeft(a, here) : POSITION_NAMES;
    const word = differingWord(a.position.i32, here * 32, b.position.i32, there * 32, 32, but);
    if (word >= 0) return `word ${word}`;
    let one = a.position.i32[here * 32 + POSITION.FIRST_ORDER] as number;
    let two = b.position.i32[there * 32 + POSITION.FIRST_ORDER] as number;
    while (one !== 0 && two !== 0) {
      const found = differingWord(a.order.i32, one * 16, b.order.i32, two * 16, 16, ORDER_NAMES);
      if (found >= 0) return `order ${one} and ${two}, word ${found}`;
      if (clientIdOf(a, one) !== clientIdOf(b, two)) return `client id of order ${one} and ${two}`;
      this.orders[one] = two;
      this.counted++;
      one = a.order.i32[one * 16 + ORDER.NEXT_OWN] as number;
      two = b.order.i32[two * 16 + ORDER.NEXT_OWN] as number;
    }
    return one === two ? undefined : 'an order that one world has alone';
  }

  /** Every order stands between the same neighbours. */
  private differenceOfQueues(): string | undefined {
    const [a, b] = [this.one.order.i32, this.two.order.i32];
    if (this.counted !== this.one.order.live) return `${this.counted} orders in lists of ${this.one.order.live}`;
    for (let row = 1; row < this.orders.length; row++) {
      const other = this.orders[row] as number;
      if (other === 0) continue;
      for (const column of [ORDER.PREVIOUS, ORDER.NEXT]) {
        const [here, there] = [a[row * 16 + column] as number, b[other * 16 + column] as number];
        if ((here === 0 ? 0 : this.orders[here]) !== there) return `queue of order ${row} and ${other}`;
      }
    }
    return undefined;
  }

  private differenceOfWithdrawals(): string | undefined {
    const [one, two] = [withdrawalsOf(this.one), withdrawalsOf(this.two)];
    return one === two ? undefined : 'withdrawals';
  }
}

/** Words of a position that are names, or bound open orders of which it has none; what it has of those both worlds have. */
function wordsLeft({ position: { f64 } }: State, row: number): readonly number[] {
  const buys = f64[row * 16 + POSITION.BUY_SIZE] === 0 ? [POSITION.HIGHEST_BUY] : NO_WORDS;
  const sells = f64[row * 16 + POSITION.SELL_SIZE] === 0 ? [POSITION.LOWEST_SELL] : NO_WORDS;
  return [...POSITION_NAMES, ...buys, ...sells];
}

function withdrawalsOf({ withdrawal }: State): string {
  const rows: string[] = [];
  for (let row = 1; row < withdrawal.rows; row++) {
    if (withdrawal.i32[row * 16 + 1] === 0) continue;
    rows.push([...withdrawal.f64.subarray(row * 8, row * 8 + 8)].join());
  }
  return rows.sort().join(';');
}

function clientIdOf({ order, clientId }: State, row: number): string {
  const id = order.i32[row * 16 + ORDER.CLIENT_ID] as number;
  if (id === 0) return '';
  const at = id * clientId.rowWords;
  return clientId.i32.subarray(at + CLIENT_ID.ACCOUNT, at + clientId.rowWords).join();
}

/** The first word in which two rows differ, but for some; −1 where there is none. */
function differingWord(
  one: Int32Array,
  a: number,
  two: Int32Array,
  b: number,
  words: number,
  but: readonly number[],
): number {
  for (let word = 0; word < words; word++) {
    if (one[a + word] !== two[b + word] && !but.includes(word)) return word;
  }
  return -1;
}
