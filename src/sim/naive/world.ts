/**
 * The naive exchange's memory: plain objects, arrays and bigints, nothing derived but what the documentation says is kept.
 *
 * It is written from the documented semantics (the docstrings of `src/engine`, Paradex's documentation), not from the engine's
 * code, and it is slow on purpose: what is obvious here is the yardstick of what is fast there. Units are those of
 * `engine/tables.ts`.
 */
import type { MarketParameter } from '../../engine/command.ts';
import type { EventRecord } from '../../engine/event.ts';
import { ACCOUNT_KIND } from '../../engine/state.ts';
import { RULES, type RuleName } from '../../engine/rules.ts';

export interface Order {
  readonly id: number;
  readonly row: number;
  readonly position: Position;
  readonly sell: boolean;
  readonly kind: number;
  readonly instruction: number;
  readonly selfTrade: number;
  readonly reduceOnly: boolean;
  readonly clientId: string | undefined;
  readonly createdMs: number;
  price: bigint;
  size: bigint;
  remaining: bigint;
  trigger: bigint;
  /** Waits for its trigger: not in the book, counts in no margin. */
  waits: boolean;
  /** Fires when the mark is at or above its trigger, else at or below. */
  above: boolean;
}

export interface Position {
  readonly account: Account;
  readonly market: Market;
  size: bigint;
  cost: bigint;
  /** Funding index at which it last settled. */
  index: bigint;
  realisedProfit: bigint;
  realisedFunding: bigint;
  /** The account's own initial margin fraction here, ppm; 0 is the market's. */
  ownFraction: bigint;
  /** Its open and waiting orders, newest first. */
  orders: Order[];
}

export interface Account {
  readonly number: number;
  readonly kind: number;
  readonly key: string;
  readonly feeClass: number;
  readonly createdMs: number;
  balance: bigint;
  pending: bigint;
  /** What it owes the venue beside its balance. */
  receivable: bigint;
  /** In the order in which they were opened. */
  positions: Position[];
}

export interface Sample {
  readonly price: bigint;
  readonly sourceMs: number;
}

interface Quote {
  readonly mark: bigint | undefined;
  readonly index: bigint;
  readonly impactBid: bigint | undefined;
  readonly impactAsk: bigint | undefined;
  readonly sourceMs: number;
}

export interface Market {
  readonly number: number;
  readonly name: string;
  readonly fundingPeriodS: number;
  readonly venues: number;
  /** Price units in one tick. */
  readonly units: bigint;
  readonly parameters: Record<MarketParameter, bigint>;
  status: number;
  paused: number;
  /** It was in SETTLEMENT once. */
  delisted: boolean;
  /** Best price first, older first at one price. */
  buys: Order[];
  sells: Order[];
  /** In the order in which they came to their trigger. */
  waiting: Order[];
  oracles: (Sample | undefined)[];
  quotes: (Quote | undefined)[];
  venueBases: (bigint | undefined)[];
  spot: bigint | undefined;
  mark: bigint | undefined;
  /** When the mark was made. */
  markMs: number | undefined;
  fairBasis: bigint;
  externalBasis: bigint | undefined;
  externalFair: bigint;
  bidBasis: bigint | undefined;
  askBasis: bigint | undefined;
  tradeBasis: bigint | undefined;
  midBasis: bigint | undefined;
  slowBasis: bigint | undefined;
  liquidityWeight: bigint;
  premiumRate: bigint;
  rawRate: bigint;
  fundingRate: bigint | undefined;
  fundingPremium: bigint;
  fundingIndex: bigint;
  fundingRemainder: bigint;
  accruing: boolean;
  sinceMs: number;
  tickMs: number | undefined;
  lastTrade: bigint | undefined;
  trades: number;
  volume: bigint;
  clearing: bigint;
}

interface Withdrawal {
  readonly id: number;
  readonly account: Account;
  readonly amount: bigint;
  readonly loss: bigint;
}

/** What the remedy pays or takes back, by an id that is used once. */
export interface Refund {
  readonly id: string;
  readonly account: Account;
  readonly amount: bigint;
  status: 'pending' | 'posted' | 'voided' | 'reversed';
}

export interface World {
  sequence: number;
  timeMs: number;
  status: number;
  paused: number;
  /** By number: index 0 is unused in both. */
  markets: (Market | undefined)[];
  accounts: (Account | undefined)[];
  rules: Record<RuleName, bigint>;
  /** All positions in the order in which they were opened. */
  openings: Position[];
  withdrawals: Withdrawal[];
  withdrawalCount: number;
  /** In the order in which they were made. */
  refunds: Refund[];
  trades: number;
  deposited: bigint;
  withdrawn: bigint;
  depositReference: number;
  lossFactor: bigint;
  healthMs: number;
  collateral: Sample | undefined;
  /** Rows of orders: the next new one, those given back (the last one is used first), and how often each was used. */
  nextOrderRow: number;
  freeOrderRows: number[];
  orderRowUses: Map<number, number>;
  /** What the commands since the last `clear` did. */
  events: EventRecord[];
}

/** Accounts every venue has from the start. */
export const FUND = 1;
export const FEES = 2;

function house(number: number, kind: number): Account {
  const key = Array.from({ length: 8 }, () => 0).join();
  return { number, kind, key, feeClass: 0, createdMs: 0, balance: 0n, pending: 0n, receivable: 0n, positions: [] };
}

/** The world before the first command. */
export function newWorld(): World {
  return {
    sequence: 0,
    timeMs: 0,
    status: 0,
    paused: 0,
    markets: [undefined],
    accounts: [undefined, house(FUND, ACCOUNT_KIND.INSURANCE), house(FEES, ACCOUNT_KIND.FEES)],
    rules: Object.fromEntries(RULES.map((rule) => [rule.name, BigInt(rule.default)])) as Record<RuleName, bigint>,
    openings: [],
    withdrawals: [],
    withdrawalCount: 0,
    refunds: [],
    trades: 0,
    deposited: 0n,
    withdrawn: 0n,
    depositReference: 0,
    lossFactor: 0n,
    healthMs: 0,
    collateral: undefined,
    nextOrderRow: 1,
    freeOrderRows: [],
    orderRowUses: new Map(),
    events: [],
  };
}

export function traderOf(world: World, number: number): Account | undefined {
  const account = world.accounts[number];
  return account?.kind === ACCOUNT_KIND.TRADER ? account : undefined;
}

/** The position of an account in a market, if it ever had one. */
export function positionIn(account: Account, market: Market): Position | undefined {
  return account.positions.find((position) => position.market === market);
}

/** The same, opened if there is none. */
export function openPosition(world: World, account: Account, market: Market): Position {
  const found = positionIn(account, market);
  if (found !== undefined) return found;
  const position: Position = {
    account,
    market,
    size: 0n,
    cost: 0n,
    index: market.fundingIndex,
    realisedProfit: 0n,
    realisedFunding: 0n,
    ownFraction: 0n,
    orders: [],
  };
  account.positions.push(position);
  world.openings.push(position);
  return position;
}
