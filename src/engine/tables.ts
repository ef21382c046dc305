/**
 * The tables of the state: every column the exchange knows, in one place. Read this first.
 *
 * Units: price in ticks where it is a book price, in *price units* where it is a value (one price unit times one lot is
 * exactly 1e-8 USDC, so size × price needs no rounding); size in lots; money in 1e-8 USDC, wide values in two limbs
 * (`_HIGH` × 2^50 + `_LOW`); funding index in 1e-6 price units; rates in 1e-12 a funding period; fractions in 1e-6 (ppm);
 * times in milliseconds. A price, rate or time that is not there yet has its bit in `KNOWN` unset: absence is never zero.
 */
import { defineTable } from './table.ts';

const order = defineTable('order', 64, {
  /** Limit price, ticks. While the row is free: the free list's link. */
  PRICE: ['i32', 0],
  REMAINING: ['i32', 1],
  SIZE: ['i32', 2],
  /** Side, kind, instruction, … as packed by `flags.ts`. */
  FLAGS: ['i32', 3],
  /** Neighbours in the queue of its price level (or trigger level). */
  PREVIOUS: ['i32', 4],
  NEXT: ['i32', 5],
  ACCOUNT: ['i32', 6],
  MARKET: ['i32', 7],
  POSITION: ['i32', 8],
  /** Neighbours in the list of its position's orders, newest first. */
  PREVIOUS_OWN: ['i32', 9],
  NEXT_OWN: ['i32', 10],
  /** Row in `clientId`, 0 when the order has none. */
  CLIENT_ID: ['i32', 11],
  /** Counts how often the row was used; with the row number it makes the order id. Survives release. */
  GENERATION: ['i32', 12],
  TRIGGER: ['i32', 13],
  CREATED_MS: ['f64', 7],
});

const position = defineTable('position', 128, {
  /** Signed size, lots: positive is long. */
  SIZE: ['f64', 0],
  /** Signed cost of the open size: size × average entry price. */
  COST_HIGH: ['f64', 1],
  COST_LOW: ['f64', 2],
  /** Funding index at which this position last settled. */
  FUNDING_INDEX: ['f64', 3],
  /** Sizes of its open orders (not of untriggered ones), lots. */
  BUY_SIZE: ['f64', 4],
  SELL_SIZE: ['f64', 5],
  ACCOUNT: ['i32', 12],
  MARKET: ['i32', 13],
  FIRST_ORDER: ['i32', 14],
  /** The account's own initial margin fraction in this market, ppm; 0 is the market's. */
  INITIAL_MARGIN: ['i32', 15],
  /** Profit and funding realised since the position was opened. */
  REALISED_PROFIT_HIGH: ['f64', 8],
  REALISED_PROFIT_LOW: ['f64', 9],
  REALISED_FUNDING_HIGH: ['f64', 10],
  REALISED_FUNDING_LOW: ['f64', 11],
  /** Next position of the same account. */
  NEXT_OF_ACCOUNT: ['i32', 24],
  ORDER_COUNT: ['i32', 25],
  REDUCE_ONLY_COUNT: ['i32', 26],
  /** No open buy is above, no open sell is below: a bound that only widens while orders are open. */
  HIGHEST_BUY: ['i32', 27],
  LOWEST_SELL: ['i32', 28],
});

const account = defineTable('account', 64, {
  BALANCE_HIGH: ['f64', 0],
  BALANCE_LOW: ['f64', 1],
  /** Requested withdrawals that have not settled; already taken from the balance. */
  PENDING_HIGH: ['f64', 2],
  PENDING_LOW: ['f64', 3],
  FIRST_POSITION: ['i32', 8],
  /** 1 trader, 2 insurance fund, 3 fee account. */
  KIND: ['i32', 9],
  /** 0 pro, 1 retail: which fees of the rules apply. */
  FEE_CLASS: ['i32', 10],
  CREATED_MS: ['f64', 6],
  /** What it owes the venue beside its balance, 1e-8 USDC: no part of its equity, so that it never liquidates. */
  RECEIVABLE: ['f64', 7],
});

const accountKey = defineTable('accountKey', 32, {
  /** The public identity of the account with the same row: 32 bytes. */
  KEY: ['i32', 0, 8],
});

const clientId = defineTable('clientId', 128, {
  /** While the row is free: the free list's link. */
  ORDER: ['i32', 0],
  ACCOUNT: ['i32', 1],
  LENGTH: ['i32', 2],
  /** Up to 64 bytes of UTF-8, zero-padded. */
  TEXT: ['i32', 16, 16],
});

const market = defineTable('market', 1024, {
  /** UTF-8 symbol, zero-padded. */
  NAME: ['i32', 0, 8],
  // parameters, changed by command only
  STATUS: ['i32', 8],
  /** Operations paused beyond what the status pauses, as bits (`status.ts`). */
  PAUSED: ['i32', 9],
  /** Bits of what is known (`market.ts`). */
  KNOWN: ['i32', 10],
  MAXIMUM_OPEN_ORDERS: ['i32', 11],
  FUNDING_PERIOD_S: ['i32', 12],
  /** Bit v set: quotes of external venue v count in the external fair price. */
  VENUES: ['i32', 13],
  /** 1: it was put into SETTLEMENT, which nothing takes back. */
  DELISTED: ['i32', 14],
  /** Tick size in 1e-12 USDC per unit of base and size step in 1e-12 units of base. */
  TICK_SIZE: ['f64', 8],
  SIZE_STEP: ['f64', 9],
  /** Price units in one tick. */
  TICK_UNITS: ['f64', 10],
  MINIMUM_NOTIONAL: ['f64', 11],
  MAXIMUM_ORDER: ['f64', 12],
  POSITION_LIMIT: ['f64', 13],
  PRICE_BAND: ['f64', 14],
  INITIAL_MARGIN: ['f64', 15],
  MAINTENANCE_FACTOR: ['f64', 16],
  INTEREST_RATE: ['f64', 17],
  CLAMP_RATE: ['f64', 18],
  MAXIMUM_FUNDING_RATE: ['f64', 19],
  FUNDING_MULTIPLIER: ['f64', 20],
  IMPACT_NOTIONAL: ['f64', 21],
  /** Weight of the newest sample in the smoothed bases of bid, ask, trade and mid, ppm per second. */
  BASIS_WEIGHT: ['f64', 22],
  /** Relative spread up to which a tick is liquid, ppm. */
  MAXIMUM_SPREAD: ['f64', 23],
  // derived by ticks alone: there is no command that writes one
  SPOT: ['f64', 32],
  SPOT_MS: ['f64', 33],
  MARK: ['f64', 34],
  MARK_MS: ['f64', 35],
  FAIR_BASIS: ['f64', 36],
  EXTERNAL_BASIS: ['f64', 37],
  EXTERNAL_FAIR: ['f64', 38],
  BID_BASIS: ['f64', 39],
  ASK_BASIS: ['f64', 40],
  TRADE_BASIS: ['f64', 41],
  MID_BASIS: ['f64', 42],
  /** Own basis smoothed with a one-hour half-life: this venue's voice in the external fair price. */
  SLOW_BASIS: ['f64', 43],
  LIQUIDITY_WEIGHT: ['f64', 44],
  PREMIUM_RATE: ['f64', 45],
  RAW_RATE: ['f64', 46],
  FUNDING_RATE: ['f64', 47],
  /** Price units a lot pays in one funding period at the present rate, in 1e-6 price units. */
  FUNDING_PREMIUM: ['f64', 48],
  FUNDING_INDEX: ['f64', 49],
  /** What the last division of the index left over: carried, so that no fraction is ever lost. */
  FUNDING_REMAINDER: ['f64', 50],
  FUNDING_MS: ['f64', 51],
  TICK_MS: ['f64', 52],
  LAST_TRADE: ['f64', 53],
  OPEN_INTEREST: ['f64', 54],
  /** Sum of all positions' sizes: zero after every trade. */
  NET_SIZE: ['f64', 55],
  /** Funding charged minus funding paid out so far, 1e-8 USDC. */
  FUNDING_CLEARING_HIGH: ['f64', 56],
  FUNDING_CLEARING_LOW: ['f64', 57],
  /** Exact funding settled so far, 1e-14 USDC: always the sum over positions of size × cached index. */
  FUNDING_SETTLED_HIGH: ['f64', 58],
  FUNDING_SETTLED_LOW: ['f64', 59],
  /** No premium can be beyond it: maximum funding rate × spot when the premium was computed. */
  PREMIUM_LIMIT: ['f64', 63],
  TRADE_COUNT: ['f64', 60],
  VOLUME_HIGH: ['f64', 61],
  VOLUME_LOW: ['f64', 62],
});

/** Row `market × 8 + venue`: the newest quote of an external venue. */
const quote = defineTable('quote', 64, {
  KNOWN: ['i32', 0],
  MARK: ['f64', 1],
  INDEX: ['f64', 2],
  IMPACT_BID: ['f64', 3],
  IMPACT_ASK: ['f64', 4],
  TIME_MS: ['f64', 5],
  /** Smoothed basis of the venue's mark to the spot, 1e-12. */
  BASIS: ['f64', 6],
});

/** Row `market × 4 + source`: the newest price of a spot oracle. */
const oracle = defineTable('oracle', 32, {
  KNOWN: ['i32', 0],
  PRICE: ['f64', 1],
  TIME_MS: ['f64', 2],
  SEQUENCE: ['f64', 3],
});

const withdrawal = defineTable('withdrawal', 64, {
  /** While the row is free: the free list's link. */
  ACCOUNT: ['i32', 0],
  STATUS: ['i32', 1],
  ID: ['f64', 1],
  AMOUNT: ['f64', 2],
  /** What the socialised loss took from it, paid to the insurance fund. */
  LOSS: ['f64', 3],
  REQUESTED_MS: ['f64', 4],
});

/** What the remedy pays and takes back, one row for each id, for good: a row is never given back. */
const refund = defineTable('refund', 32, {
  ACCOUNT: ['i32', 0],
  /** As in `REFUND_STATUS` (`refund.ts`). */
  STATUS: ['i32', 1],
  ID: ['i32', 2, 4],
  AMOUNT: ['f64', 3],
});

/** One row, 1: the venue as a whole. */
const venue = defineTable('venue', 512, {
  STATUS: ['i32', 0],
  PAUSED: ['i32', 1],
  KNOWN: ['i32', 2],
  MARKETS: ['i32', 3],
  RELEASE: ['i32', 4],
  /** Commands applied so far. */
  SEQUENCE: ['f64', 3],
  TIME_MS: ['f64', 4],
  TRADES: ['f64', 5],
  WITHDRAWALS: ['f64', 7],
  HEALTH_MS: ['f64', 8],
  COLLATERAL_PRICE: ['f64', 9],
  COLLATERAL_MS: ['f64', 10],
  DEPOSIT_REFERENCE: ['f64', 11],
  /** Share of each withdrawal kept back while the insurance fund cannot cover all bankruptcies, 1e-12. */
  LOSS_FACTOR: ['f64', 12],
  DEPOSITED_HIGH: ['f64', 13],
  DEPOSITED_LOW: ['f64', 14],
  WITHDRAWN_HIGH: ['f64', 15],
  WITHDRAWN_LOW: ['f64', 16],
  /** Taken out of the insurance fund for refunds that are not posted yet. */
  RESERVED_HIGH: ['f64', 17],
  RESERVED_LOW: ['f64', 18],
});

/** One row, 1: the rules in force; column `VALUE[n]` is rule n of `rules.ts`. */
const rule = defineTable('rule', 512, { VALUE: ['f64', 0, 64] });

export const ORDER = order.offsets;
export const POSITION = position.offsets;
export const ACCOUNT = account.offsets;
export const ACCOUNT_KEY = accountKey.offsets;
export const CLIENT_ID = clientId.offsets;
export const MARKET = market.offsets;
export const QUOTE = quote.offsets;
export const ORACLE = oracle.offsets;
export const WITHDRAWAL = withdrawal.offsets;
export const REFUND = refund.offsets;
export const VENUE = venue.offsets;
export const RULE_VALUES = rule.offsets;

/** All schemas, in the order in which they are hashed, stored and compared. */
export const SCHEMAS = {
  venue: venue.schema,
  rule: rule.schema,
  market: market.schema,
  oracle: oracle.schema,
  quote: quote.schema,
  account: account.schema,
  accountKey: accountKey.schema,
  position: position.schema,
  order: order.schema,
  clientId: clientId.schema,
  withdrawal: withdrawal.schema,
  refund: refund.schema,
} as const;

export type TableName = keyof typeof SCHEMAS;

/** Most external venues and most spot oracles a market can have. */
export const VENUE_LIMIT = 8;
export const ORACLE_LIMIT = 4;
