/**
 * Commands: all that may happen to the exchange, and the only input of `apply`.
 *
 * A command is one or more 64-byte rows. The same bytes are in memory, in the journal and under the hash, so nothing is
 * encoded on the way. Every first row starts with its kind, its number of rows and its time; the other columns are below.
 * The account, market and order of a command are row numbers and order ids of the state; text and parameters follow in
 * further rows. Inputs are facts (a price of a source, an order, a deposit): no command carries an index, a rate or a mark.
 */
import { defineTable, type Schema } from './table.ts';

export const COMMAND_BYTES = 64;

type Layout = Parameters<typeof defineTable>[2];

const HEAD = {
  KIND: ['i32', 0],
  /** Rows of the whole command, this one included. */
  ROWS: ['i32', 1],
  TIME_MS: ['f64', 1],
} as const;

function define<L extends Layout>(name: string, layout: L): ReturnType<typeof defineTable<typeof HEAD & L>> {
  return defineTable(name, COMMAND_BYTES, { ...HEAD, ...layout });
}

const defineMarket = define('defineMarket', {
  FUNDING_PERIOD_S: ['i32', 4],
  VENUES: ['i32', 5],
  // UTF-8 symbol; rows 2 and 3 hold the parameters in the order of `MARKET_PARAMETERS`
  NAME: ['i32', 8, 8],
});
const defineAccount = define('defineAccount', {
  KIND_OF_ACCOUNT: ['i32', 4],
  FEE_CLASS: ['i32', 5],
  KEY: ['i32', 8, 8],
});
const deposit = define('deposit', { ACCOUNT: ['i32', 4], AMOUNT: ['f64', 3], REFERENCE: ['f64', 4] });
const requestWithdrawal = define('requestWithdrawal', { ACCOUNT: ['i32', 4], AMOUNT: ['f64', 3] });
const settleWithdrawal = define('settleWithdrawal', { SETTLED: ['i32', 4], WITHDRAWAL: ['f64', 3] });
const transfer = define('transfer', { FROM: ['i32', 4], TO: ['i32', 5], AMOUNT: ['f64', 3] });
const placeOrder = define('placeOrder', {
  ACCOUNT: ['i32', 4],
  MARKET: ['i32', 5],
  /** Limit price in ticks; 0 for market kinds. */
  PRICE: ['i32', 6],
  SIZE: ['i32', 7],
  /** Trigger price in ticks; 0 for kinds without one. */
  TRIGGER: ['i32', 8],
  FLAGS: ['i32', 9],
  /** Bytes of the client id in the second row; 0 when there is no second row. */
  CLIENT_ID_LENGTH: ['i32', 10],
  /** The order is refused when the command's time is later; 0: never too late. */
  NOT_AFTER_MS: ['f64', 6],
});
const amendOrder = define('amendOrder', {
  ACCOUNT: ['i32', 4],
  /** The new limit price, total size and trigger. */
  PRICE: ['i32', 6],
  SIZE: ['i32', 7],
  TRIGGER: ['i32', 8],
  ORDER: ['f64', 5],
});
const cancelOrder = define('cancelOrder', { ACCOUNT: ['i32', 4], ORDER: ['f64', 5] });
const cancelByClientId = define('cancelByClientId', { ACCOUNT: ['i32', 4], CLIENT_ID_LENGTH: ['i32', 10] });
const cancelAll = define('cancelAll', {
  ACCOUNT: ['i32', 4],
  /** 0: in all markets. */
  MARKET: ['i32', 5],
});
/** `COUNT` placeOrder commands follow as its further rows: all are refused if one is malformed, each is risk-checked alone. */
const placeBatch = define('placeBatch', { ACCOUNT: ['i32', 4], COUNT: ['i32', 5] });
const setLeverage = define('setLeverage', { ACCOUNT: ['i32', 4], MARKET: ['i32', 5], LEVERAGE: ['i32', 6] });
const oraclePrice = define('oraclePrice', {
  MARKET: ['i32', 4],
  SOURCE: ['i32', 5],
  /** Spot price in USD, in price units. */
  PRICE: ['f64', 3],
  /** When the source says it observed it. */
  SOURCE_MS: ['f64', 4],
});
const venueQuote = define('venueQuote', {
  MARKET: ['i32', 4],
  /** The venue's number + 256 × bits of `QUOTE_KNOWN`: which of the prices are there. */
  VENUE_AND_KNOWN: ['i32', 5],
  SOURCE_MS: ['f64', 3],
  MARK: ['f64', 4],
  INDEX: ['f64', 5],
  IMPACT_BID: ['f64', 6],
  IMPACT_ASK: ['f64', 7],
});
/** Price of USDC in USD, 1e-8. */
const collateralPrice = define('collateralPrice', { PRICE: ['f64', 3], SOURCE_MS: ['f64', 4] });
const tick = define('tick', {});
const setStatus = define('setStatus', {
  /** 0: the whole venue. */
  MARKET: ['i32', 4],
  STATUS: ['i32', 5],
  PAUSED: ['i32', 6],
});
const setRule = define('setRule', { RULE: ['i32', 4], VALUE: ['f64', 3] });
const setMarketParameter = define('setMarketParameter', {
  MARKET: ['i32', 4],
  PARAMETER: ['i32', 5],
  VALUE: ['f64', 3],
});
/** Forced: refused unless the engine computes the same share, equity and maintenance margin. */
const liquidate = define('liquidate', {
  ACCOUNT: ['i32', 4],
  SHARE: ['i32', 5],
  EQUITY_HIGH: ['f64', 3],
  EQUITY_LOW: ['f64', 4],
  MAINTENANCE_HIGH: ['f64', 5],
  MAINTENANCE_LOW: ['f64', 6],
});
/** Forced: refused unless the mark price, which must be this one, has reached the trigger. */
const fireTrigger = define('fireTrigger', { MARK: ['f64', 3], ORDER: ['f64', 5] });
/** Forced: refused unless the engine itself would cancel this order for this reason now. */
const forceCancel = define('forceCancel', { REASON: ['i32', 4], ORDER: ['f64', 5] });
/** Forced: refused unless the market is in SETTLEMENT and position and mark of the last tick are exactly these. */
const settlePosition = define('settlePosition', {
  ACCOUNT: ['i32', 4],
  MARKET: ['i32', 5],
  SIZE: ['f64', 3],
  MARK: ['f64', 4],
});
/** Behind a rollback: ends every order but reduce-only ones, which take-profits and stop-losses always are. */
const cancelForFork = define('cancelForFork', {});
/** Money that left on a branch of history that was rolled back: a fact, whatever the account has now. */
const carryWithdrawal = define('carryWithdrawal', { ACCOUNT: ['i32', 4], AMOUNT: ['f64', 3], WITHDRAWAL: ['f64', 4] });
/** An account pays what it owes the venue out of its free collateral. */
const repayReceivable = define('repayReceivable', { ACCOUNT: ['i32', 4], AMOUNT: ['f64', 3] });
/** A credit that the venue made by mistake is taken back to the insurance fund; ids are those of refunds. */
const reverseCredit = define('reverseCredit', { ACCOUNT: ['i32', 4], AMOUNT: ['f64', 3], ID: ['i32', 8, 4] });
/** Sets an amount of the insurance fund aside for an account; `ID` (128 bits) names it for good. */
const reserveRefund = define('reserveRefund', { ACCOUNT: ['i32', 4], AMOUNT: ['f64', 3], ID: ['i32', 8, 4] });
const postRefund = define('postRefund', { ID: ['i32', 8, 4] });
const voidRefund = define('voidRefund', { ID: ['i32', 8, 4] });

const DEFINITIONS = {
  defineMarket,
  defineAccount,
  deposit,
  requestWithdrawal,
  settleWithdrawal,
  transfer,
  placeOrder,
  amendOrder,
  cancelOrder,
  cancelByClientId,
  cancelAll,
  placeBatch,
  setLeverage,
  oraclePrice,
  venueQuote,
  collateralPrice,
  tick,
  setStatus,
  setRule,
  setMarketParameter,
  liquidate,
  fireTrigger,
  forceCancel,
  settlePosition,
  cancelForFork,
  carryWithdrawal,
  repayReceivable,
  reverseCredit,
  reserveRefund,
  postRefund,
  voidRefund,
} as const;

export type CommandKind = keyof typeof DEFINITIONS;

/** Kinds in the order of their codes: code n is `COMMAND_KINDS[n]`. A code never changes its meaning; new ones are appended. */
export const COMMAND_KINDS = ['none', ...Object.keys(DEFINITIONS)] as readonly ('none' | CommandKind)[];

/** The code of each kind, as it stands in the first column of its row. */
export const COMMAND = Object.fromEntries(COMMAND_KINDS.map((kind, code) => [kind, code])) as {
  readonly [kind in CommandKind]: number;
};

/** The columns of each kind's first row. */
export const COMMAND_SCHEMAS = Object.fromEntries(
  Object.entries(DEFINITIONS).map(([kind, { schema }]) => [kind, schema]),
) as { readonly [kind in CommandKind]: Schema };

export const DEFINE_MARKET = defineMarket.offsets;
export const DEFINE_ACCOUNT = defineAccount.offsets;
export const DEPOSIT = deposit.offsets;
export const REQUEST_WITHDRAWAL = requestWithdrawal.offsets;
export const SETTLE_WITHDRAWAL = settleWithdrawal.offsets;
export const TRANSFER = transfer.offsets;
export const PLACE_ORDER = placeOrder.offsets;
export const AMEND_ORDER = amendOrder.offsets;
export const CANCEL_ORDER = cancelOrder.offsets;
export const CANCEL_BY_CLIENT_ID = cancelByClientId.offsets;
export const CANCEL_ALL = cancelAll.offsets;
export const PLACE_BATCH = placeBatch.offsets;
export const SET_LEVERAGE = setLeverage.offsets;
export const ORACLE_PRICE = oraclePrice.offsets;
export const VENUE_QUOTE = venueQuote.offsets;
export const COLLATERAL_PRICE = collateralPrice.offsets;
export const SET_STATUS = setStatus.offsets;
export const SET_RULE = setRule.offsets;
export const SET_MARKET_PARAMETER = setMarketParameter.offsets;
export const LIQUIDATE = liquidate.offsets;
export const FIRE_TRIGGER = fireTrigger.offsets;
export const FORCE_CANCEL = forceCancel.offsets;
export const SETTLE_POSITION = settlePosition.offsets;
export const CARRY_WITHDRAWAL = carryWithdrawal.offsets;
export const REPAY_RECEIVABLE = repayReceivable.offsets;
export const REVERSE_CREDIT = reverseCredit.offsets;
export const RESERVE_REFUND = reserveRefund.offsets;
export const POST_REFUND = postRefund.offsets;
export const VOID_REFUND = voidRefund.offsets;

/** Which prices of a venue's quote are there: absence is a bit, never a zero. */
export const QUOTE_KNOWN = { MARK: 1, INDEX: 2, IMPACT_BID: 4, IMPACT_ASK: 8 } as const;
export const QUOTE_KNOWN_ALL = 15;

/** A market's parameters in the order in which `defineMarket` carries them and `setMarketParameter` numbers them. */
export const MARKET_PARAMETERS = [
  'TICK_SIZE',
  'SIZE_STEP',
  'MINIMUM_NOTIONAL',
  'MAXIMUM_ORDER',
  'POSITION_LIMIT',
  'PRICE_BAND',
  'INITIAL_MARGIN',
  'MAINTENANCE_FACTOR',
  'INTEREST_RATE',
  'CLAMP_RATE',
  'MAXIMUM_FUNDING_RATE',
  'FUNDING_MULTIPLIER',
  'IMPACT_NOTIONAL',
  'BASIS_WEIGHT',
  'MAXIMUM_SPREAD',
  'MAXIMUM_OPEN_ORDERS',
] as const;

export type MarketParameter = (typeof MARKET_PARAMETERS)[number];
