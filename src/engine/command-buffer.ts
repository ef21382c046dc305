/** Commands under construction: a growing run of 64-byte rows, one method a kind. Nothing is allocated per command. */
import {
  AMEND_ORDER,
  CANCEL_ALL,
  CANCEL_BY_CLIENT_ID,
  CANCEL_ORDER,
  CARRY_WITHDRAWAL,
  COLLATERAL_PRICE,
  COMMAND,
  COMMAND_BYTES,
  DEFINE_ACCOUNT,
  DEFINE_MARKET,
  DEPOSIT,
  FIRE_TRIGGER,
  FORCE_CANCEL,
  LIQUIDATE,
  MARKET_PARAMETERS,
  type MarketParameter,
  ORACLE_PRICE,
  PLACE_BATCH,
  PLACE_ORDER,
  POST_REFUND,
  REPAY_RECEIVABLE,
  REQUEST_WITHDRAWAL,
  RESERVE_REFUND,
  REVERSE_CREDIT,
  SET_LEVERAGE,
  SET_MARKET_PARAMETER,
  SET_RULE,
  SET_STATUS,
  SETTLE_POSITION,
  SETTLE_WITHDRAWAL,
  TRANSFER,
  VENUE_QUOTE,
  VOID_REFUND,
} from './command.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

/** A new market as a person would state it: every parameter of `MARKET_PARAMETERS` in its unit (`tables.ts`). */
export interface MarketDefinition extends Readonly<Record<MarketParameter, number>> {
  /** UTF-8, at most 32 bytes. */
  readonly name: string;
  readonly fundingPeriodS: number;
  /** Bits of the external venues that quote it. */
  readonly venues: number;
}

/** Encodes text as UTF-8 without the platform's encoder (the pure half has none). Refuses lone surrogates (throws). */
export function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xd800 && code <= 0xdfff) throw new RangeError('text has a lone surrogate');
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}

const NO_TEXT = new Uint8Array(0);

/** Text as UTF-8; refuses (throws) more than `limit` bytes. Called before a command is started, so that none is half written. */
function encode(text: string, limit: number): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length > limit) throw new RangeError(`text of ${bytes.length} bytes, at most ${limit}: ${text}`);
  return bytes;
}

export class CommandBuffer {
  i32: Int32Array;
  f64: Float64Array;
  bytes: Uint8Array;
  /** Rows and commands written. */
  rows = 0;
  commands = 0;

  constructor(rows = 1024) {
    const buffer = new ArrayBuffer(rows * COMMAND_BYTES);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** Forgets all commands; keeps the memory. */
  clear(): void {
    this.rows = 0;
    this.commands = 0;
  }

  /** Appends `rows` rows from another run of commands, as `commands` commands. */
  append(bytes: Uint8Array, commands: number): void {
    const rows = bytes.length / COMMAND_BYTES;
    this.reserve(rows);
    this.bytes.set(bytes, this.rows * COMMAND_BYTES);
    this.rows += rows;
    this.commands += commands;
  }

  defineMarket(timeMs: number, market: MarketDefinition): void {
    const name = encode(market.name, 32);
    const row = this.start(COMMAND.defineMarket, 3, timeMs);
    this.i32[row * WORDS + DEFINE_MARKET.FUNDING_PERIOD_S] = market.fundingPeriodS;
    this.i32[row * WORDS + DEFINE_MARKET.VENUES] = market.venues;
    this.bytes.set(name, row * COMMAND_BYTES + DEFINE_MARKET.NAME * 4);
    MARKET_PARAMETERS.forEach((parameter, at) => {
      this.f64[(row + 1) * FLOATS + at] = market[parameter];
    });
  }

  /** `key` is 32 bytes; `kind` as in the account table. */
  defineAccount(timeMs: number, key: Uint8Array, kind: number, feeClass: number): void {
    if (key.length !== 32) throw new RangeError(`an account key has 32 bytes, not ${key.length}`);
    const row = this.start(COMMAND.defineAccount, 1, timeMs);
    this.i32[row * WORDS + DEFINE_ACCOUNT.KIND_OF_ACCOUNT] = kind;
    this.i32[row * WORDS + DEFINE_ACCOUNT.FEE_CLASS] = feeClass;
    this.bytes.set(key, row * COMMAND_BYTES + DEFINE_ACCOUNT.KEY * 4);
  }

  deposit(timeMs: number, account: number, amount: number, reference: number): void {
    const row = this.start(COMMAND.deposit, 1, timeMs);
    this.i32[row * WORDS + DEPOSIT.ACCOUNT] = account;
    this.f64[row * FLOATS + DEPOSIT.AMOUNT] = amount;
    this.f64[row * FLOATS + DEPOSIT.REFERENCE] = reference;
  }

  requestWithdrawal(timeMs: number, account: number, amount: number): void {
    const row = this.start(COMMAND.requestWithdrawal, 1, timeMs);
    this.i32[row * WORDS + REQUEST_WITHDRAWAL.ACCOUNT] = account;
    this.f64[row * FLOATS + REQUEST_WITHDRAWAL.AMOUNT] = amount;
  }

  /** `settled` false: the withdrawal failed outside and goes back to the account. */
  settleWithdrawal(timeMs: number, withdrawal: number, settled: boolean): void {
    const row = this.start(COMMAND.settleWithdrawal, 1, timeMs);
    this.i32[row * WORDS + SETTLE_WITHDRAWAL.SETTLED] = settled ? 1 : 0;
    this.f64[row * FLOATS + SETTLE_WITHDRAWAL.WITHDRAWAL] = withdrawal;
  }

  transfer(timeMs: number, from: number, to: number, amount: number): void {
    const row = this.start(COMMAND.transfer, 1, timeMs);
    this.i32[row * WORDS + TRANSFER.FROM] = from;
    this.i32[row * WORDS + TRANSFER.TO] = to;
    this.f64[row * FLOATS + TRANSFER.AMOUNT] = amount;
  }

  /**
   * Price and trigger in ticks, size in lots, flags as packed by `orderFlags`; `clientId` up to 64 bytes of UTF-8. An order that
   * is applied later than `notAfterMs` is refused; 0: no limit.
   */
  placeOrder(
    timeMs: number,
    account: number,
    market: number,
    price: number,
    size: number,
    flags: number,
    trigger = 0,
    clientId = '',
    notAfterMs = 0,
  ): void {
    const text = clientId === '' ? NO_TEXT : encode(clientId, 64);
    const row = this.start(COMMAND.placeOrder, clientId === '' ? 1 : 2, timeMs);
    const at = row * WORDS;
    this.i32[at + PLACE_ORDER.ACCOUNT] = account;
    this.i32[at + PLACE_ORDER.MARKET] = market;
    this.i32[at + PLACE_ORDER.PRICE] = price;
    this.i32[at + PLACE_ORDER.SIZE] = size;
    this.i32[at + PLACE_ORDER.TRIGGER] = trigger;
    this.i32[at + PLACE_ORDER.FLAGS] = flags;
    this.f64[row * FLOATS + PLACE_ORDER.NOT_AFTER_MS] = notAfterMs;
    if (clientId === '') return;
    this.i32[at + PLACE_ORDER.CLIENT_ID_LENGTH] = text.length;
    this.bytes.set(text, (row + 1) * COMMAND_BYTES);
  }

  /** Starts a batch: the `count` calls of `placeOrder` that follow belong to it. */
  placeBatch(timeMs: number, account: number, count: number): void {
    const row = this.start(COMMAND.placeBatch, 1, timeMs);
    this.i32[row * WORDS + PLACE_BATCH.ACCOUNT] = account;
    this.i32[row * WORDS + PLACE_BATCH.COUNT] = count;
  }

  /** Ends the batch that started at row `first` and whose orders are all written: it becomes one command. */
  endBatch(first: number): void {
    this.commands -= this.i32[first * WORDS + PLACE_BATCH.COUNT] as number;
    this.i32[first * WORDS + 1] = this.rows - first;
  }

  amendOrder(timeMs: number, account: number, order: number, price: number, size: number, trigger = 0): void {
    const row = this.start(COMMAND.amendOrder, 1, timeMs);
    this.i32[row * WORDS + AMEND_ORDER.ACCOUNT] = account;
    this.i32[row * WORDS + AMEND_ORDER.PRICE] = price;
    this.i32[row * WORDS + AMEND_ORDER.SIZE] = size;
    this.i32[row * WORDS + AMEND_ORDER.TRIGGER] = trigger;
    this.f64[row * FLOATS + AMEND_ORDER.ORDER] = order;
  }

  cancelOrder(timeMs: number, account: number, order: number): void {
    const row = this.start(COMMAND.cancelOrder, 1, timeMs);
    this.i32[row * WORDS + CANCEL_ORDER.ACCOUNT] = account;
    this.f64[row * FLOATS + CANCEL_ORDER.ORDER] = order;
  }

  cancelByClientId(timeMs: number, account: number, clientId: string): void {
    const text = encode(clientId, 64);
    const row = this.start(COMMAND.cancelByClientId, 2, timeMs);
    this.i32[row * WORDS + CANCEL_BY_CLIENT_ID.ACCOUNT] = account;
    this.i32[row * WORDS + CANCEL_BY_CLIENT_ID.CLIENT_ID_LENGTH] = text.length;
    this.bytes.set(text, (row + 1) * COMMAND_BYTES);
  }

  cancelAll(timeMs: number, account: number, market = 0): void {
    const row = this.start(COMMAND.cancelAll, 1, timeMs);
    this.i32[row * WORDS + CANCEL_ALL.ACCOUNT] = account;
    this.i32[row * WORDS + CANCEL_ALL.MARKET] = market;
  }

  setLeverage(timeMs: number, account: number, market: number, leverage: number): void {
    const row = this.start(COMMAND.setLeverage, 1, timeMs);
    this.i32[row * WORDS + SET_LEVERAGE.ACCOUNT] = account;
    this.i32[row * WORDS + SET_LEVERAGE.MARKET] = market;
    this.i32[row * WORDS + SET_LEVERAGE.LEVERAGE] = leverage;
  }

  oraclePrice(timeMs: number, market: number, source: number, price: number, sourceMs: number): void {
    const row = this.start(COMMAND.oraclePrice, 1, timeMs);
    this.i32[row * WORDS + ORACLE_PRICE.MARKET] = market;
    this.i32[row * WORDS + ORACLE_PRICE.SOURCE] = source;
    this.f64[row * FLOATS + ORACLE_PRICE.PRICE] = price;
    this.f64[row * FLOATS + ORACLE_PRICE.SOURCE_MS] = sourceMs;
  }

  /** Prices in price units; `known` says which of them are there (`QUOTE_KNOWN`), the others are not read. */
  venueQuote(
    timeMs: number,
    market: number,
    externalVenue: number,
    known: number,
    sourceMs: number,
    mark: number,
    index: number,
    impactBid: number,
    impactAsk: number,
  ): void {
    const row = this.start(COMMAND.venueQuote, 1, timeMs);
    this.i32[row * WORDS + VENUE_QUOTE.MARKET] = market;
    this.i32[row * WORDS + VENUE_QUOTE.VENUE_AND_KNOWN] = externalVenue + 256 * known;
    const at = row * FLOATS;
    this.f64[at + VENUE_QUOTE.SOURCE_MS] = sourceMs;
    this.f64[at + VENUE_QUOTE.MARK] = mark;
    this.f64[at + VENUE_QUOTE.INDEX] = index;
    this.f64[at + VENUE_QUOTE.IMPACT_BID] = impactBid;
    this.f64[at + VENUE_QUOTE.IMPACT_ASK] = impactAsk;
  }

  collateralPrice(timeMs: number, price: number, sourceMs: number): void {
    const row = this.start(COMMAND.collateralPrice, 1, timeMs);
    this.f64[row * FLOATS + COLLATERAL_PRICE.PRICE] = price;
    this.f64[row * FLOATS + COLLATERAL_PRICE.SOURCE_MS] = sourceMs;
  }

  tick(timeMs: number): void {
    this.start(COMMAND.tick, 1, timeMs);
  }

  /** `market` 0 is the whole venue; `paused` bits of `OPERATION`. */
  setStatus(timeMs: number, market: number, status: number, paused: number): void {
    const row = this.start(COMMAND.setStatus, 1, timeMs);
    this.i32[row * WORDS + SET_STATUS.MARKET] = market;
    this.i32[row * WORDS + SET_STATUS.STATUS] = status;
    this.i32[row * WORDS + SET_STATUS.PAUSED] = paused;
  }

  setRule(timeMs: number, rule: number, value: number): void {
    const row = this.start(COMMAND.setRule, 1, timeMs);
    this.i32[row * WORDS + SET_RULE.RULE] = rule;
    this.f64[row * FLOATS + SET_RULE.VALUE] = value;
  }

  setMarketParameter(timeMs: number, market: number, parameter: MarketParameter, value: number): void {
    const row = this.start(COMMAND.setMarketParameter, 1, timeMs);
    this.i32[row * WORDS + SET_MARKET_PARAMETER.MARKET] = market;
    this.i32[row * WORDS + SET_MARKET_PARAMETER.PARAMETER] = MARKET_PARAMETERS.indexOf(parameter);
    this.f64[row * FLOATS + SET_MARKET_PARAMETER.VALUE] = value;
  }

  /** Equity and maintenance margin as wide values (`amount.ts`), as they stood in the proposal. */
  liquidate(
    timeMs: number,
    account: number,
    share: number,
    equityHigh: number,
    equityLow: number,
    maintenanceHigh: number,
    maintenanceLow: number,
  ): void {
    const row = this.start(COMMAND.liquidate, 1, timeMs);
    this.i32[row * WORDS + LIQUIDATE.ACCOUNT] = account;
    this.i32[row * WORDS + LIQUIDATE.SHARE] = share;
    const at = row * FLOATS;
    this.f64[at + LIQUIDATE.EQUITY_HIGH] = equityHigh;
    this.f64[at + LIQUIDATE.EQUITY_LOW] = equityLow;
    this.f64[at + LIQUIDATE.MAINTENANCE_HIGH] = maintenanceHigh;
    this.f64[at + LIQUIDATE.MAINTENANCE_LOW] = maintenanceLow;
  }

  fireTrigger(timeMs: number, order: number, mark: number): void {
    const row = this.start(COMMAND.fireTrigger, 1, timeMs);
    this.f64[row * FLOATS + FIRE_TRIGGER.ORDER] = order;
    this.f64[row * FLOATS + FIRE_TRIGGER.MARK] = mark;
  }

  /** `reason` as in `CLOSE`. */
  forceCancel(timeMs: number, order: number, reason: number): void {
    const row = this.start(COMMAND.forceCancel, 1, timeMs);
    this.i32[row * WORDS + FORCE_CANCEL.REASON] = reason;
    this.f64[row * FLOATS + FORCE_CANCEL.ORDER] = order;
  }

  settlePosition(timeMs: number, account: number, market: number, size: number, mark: number): void {
    const row = this.start(COMMAND.settlePosition, 1, timeMs);
    this.i32[row * WORDS + SETTLE_POSITION.ACCOUNT] = account;
    this.i32[row * WORDS + SETTLE_POSITION.MARKET] = market;
    this.f64[row * FLOATS + SETTLE_POSITION.SIZE] = size;
    this.f64[row * FLOATS + SETTLE_POSITION.MARK] = mark;
  }

  cancelForFork(timeMs: number): void {
    this.start(COMMAND.cancelForFork, 1, timeMs);
  }

  /** `withdrawal` is its id on the branch on which it left. */
  carryWithdrawal(timeMs: number, account: number, amount: number, withdrawal: number): void {
    const row = this.start(COMMAND.carryWithdrawal, 1, timeMs);
    this.i32[row * WORDS + CARRY_WITHDRAWAL.ACCOUNT] = account;
    this.f64[row * FLOATS + CARRY_WITHDRAWAL.AMOUNT] = amount;
    this.f64[row * FLOATS + CARRY_WITHDRAWAL.WITHDRAWAL] = withdrawal;
  }

  repayReceivable(timeMs: number, account: number, amount: number): void {
    const row = this.start(COMMAND.repayReceivable, 1, timeMs);
    this.i32[row * WORDS + REPAY_RECEIVABLE.ACCOUNT] = account;
    this.f64[row * FLOATS + REPAY_RECEIVABLE.AMOUNT] = amount;
  }

  reverseCredit(timeMs: number, account: number, amount: number, id: Uint8Array): void {
    const row = this.startWithId(COMMAND.reverseCredit, timeMs, id, REVERSE_CREDIT.ID);
    this.i32[row * WORDS + REVERSE_CREDIT.ACCOUNT] = account;
    this.f64[row * FLOATS + REVERSE_CREDIT.AMOUNT] = amount;
  }

  reserveRefund(timeMs: number, account: number, amount: number, id: Uint8Array): void {
    const row = this.startWithId(COMMAND.reserveRefund, timeMs, id, RESERVE_REFUND.ID);
    this.i32[row * WORDS + RESERVE_REFUND.ACCOUNT] = account;
    this.f64[row * FLOATS + RESERVE_REFUND.AMOUNT] = amount;
  }

  postRefund(timeMs: number, id: Uint8Array): void {
    this.startWithId(COMMAND.postRefund, timeMs, id, POST_REFUND.ID);
  }

  voidRefund(timeMs: number, id: Uint8Array): void {
    this.startWithId(COMMAND.voidRefund, timeMs, id, VOID_REFUND.ID);
  }

  private startWithId(kind: number, timeMs: number, id: Uint8Array, word: number): number {
    if (id.length !== 16) throw new RangeError(`the id of a refund has 16 bytes, not ${id.length}`);
    const row = this.start(kind, 1, timeMs);
    this.bytes.set(id, row * COMMAND_BYTES + word * 4);
    return row;
  }

  private start(kind: number, rows: number, timeMs: number): number {
    this.reserve(rows);
    const row = this.rows;
    this.i32.fill(0, row * WORDS, (row + rows) * WORDS);
    this.i32[row * WORDS] = kind;
    this.i32[row * WORDS + 1] = rows;
    this.f64[row * FLOATS + 1] = timeMs;
    this.rows += rows;
    this.commands++;
    return row;
  }

  private reserve(rows: number): void {
    const need = (this.rows + rows) * COMMAND_BYTES;
    if (need <= this.bytes.length) return;
    let size = this.bytes.length;
    while (size < need) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes);
    this.bytes = grown;
    this.i32 = new Int32Array(grown.buffer);
    this.f64 = new Float64Array(grown.buffer);
  }
}
