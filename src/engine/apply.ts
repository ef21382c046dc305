/**
 * The exchange as one function: apply a command to a state.
 *
 * A command either does what it says, telling it in events, or is refused by name and changes nothing but the sequence. The
 * same commands give the same bytes and the same events on any machine. What throws here is a bug or corruption
 * (`InvariantBroken`): the state must not be used any more.
 */
import { defineAccount, defineMarket, setLeverage, setMarketParameter, setRule, setStatus } from './admin.ts';
import {
  AMEND_ORDER,
  CANCEL_ALL,
  CANCEL_BY_CLIENT_ID,
  CANCEL_ORDER,
  CARRY_WITHDRAWAL,
  COLLATERAL_PRICE,
  COMMAND,
  DEPOSIT,
  FIRE_TRIGGER,
  FORCE_CANCEL,
  LIQUIDATE,
  ORACLE_PRICE,
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
import { checkForm } from './command-form.ts';
import { EVENT } from './event.ts';
import { fireTrigger, forceCancel, liquidate } from './forced.ts';
import { checkLedger } from './ledger.ts';
import { amendOrder } from './order-amend.ts';
import { cancelAll, cancelByClientId, cancelForFork, cancelOrder } from './order-cancel.ts';
import { checkRequest, OrderRequest } from './order-check.ts';
import { type ClientIdText, placeOrder } from './order-place.ts';
import { carryWithdrawal, repayReceivable, reverseCredit } from './receivable.ts';
import { postRefund, reserveRefund, voidRefund } from './refund.ts';
import { REFUSAL } from './refusal.ts';
import { takeCollateralPrice, takeOraclePrice, takeVenueQuote } from './samples.ts';
import { settlePosition } from './settlement.ts';
import type { State } from './state.ts';
import { VENUE } from './tables.ts';
import { tick } from './tick.ts';
import { deposit, requestWithdrawal, settleWithdrawal, transfer } from './transfer.ts';

const { SEQUENCE, TIME_MS } = VENUE;
const { NOT_AFTER_MS } = PLACE_ORDER;
const WORDS = 16;
const FLOATS = 8;

/**
 * Applies the command whose first 64-byte row is `row`; `words` and `floats` are two views of the same bytes, in which
 * commands go up to row `end`. Returns how many rows it took. Adds to `state.events`. A command that is none, or whose rows
 * are not what its kind needs, is refused and takes the rows that it claims (one where that cannot be).
 */
export function applyCommand(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  row: number,
  end = words.length / WORDS,
): number {
  const claimed = words[row * WORDS + 1] as number;
  const rows = claimed >= 1 && row + claimed <= end ? claimed : 1;
  // The sum takes the sign off a −0.
  const timeMs = (floats[row * FLOATS + 1] as number) + 0;
  const venue = state.venue.f64;
  const sequence = (venue[64 + SEQUENCE] as number) + 1;
  venue[64 + SEQUENCE] = sequence;
  state.venue.touched[0] = 1;
  state.events.sequence = sequence;
  let refusal = checkForm(words, row, end, timeMs);
  if (refusal === 0) {
    if (timeMs < (venue[64 + TIME_MS] as number)) refusal = REFUSAL.time_runs_backwards;
    else {
      venue[64 + TIME_MS] = timeMs;
      refusal = dispatch(state, words, floats, row, rows, timeMs);
    }
  }
  if (refusal !== 0) refuse(state, words, row, refusal);
  checkLedger(state);
  return rows;
}

/** Tells a refusal; account and market are of the command's kind, where it has them in the usual places. */
function refuse(state: State, words: Int32Array, row: number, refusal: number): void {
  const kind = words[row * WORDS] as number;
  const at = row * WORDS;
  const hasAccount = kind >= COMMAND.placeOrder && kind <= COMMAND.setLeverage;
  const account = hasAccount ? (words[at + PLACE_ORDER.ACCOUNT] as number) : 0;
  const hasMarket = kind === COMMAND.placeOrder || kind === COMMAND.setLeverage || kind === COMMAND.cancelAll;
  const market = hasMarket ? (words[at + PLACE_ORDER.MARKET] as number) : 0;
  state.events.emit(EVENT.refused, kind, refusal, account, market, 0);
}

function dispatch(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  row: number,
  rows: number,
  timeMs: number,
): number {
  const w = row * WORDS;
  const f = row * FLOATS;
  const kind = words[w] as number;
  // The hot kinds first; they alone are reached at rate.
  if (kind === COMMAND_PLACE) return place(state, words, floats, row, timeMs);
  if (kind === COMMAND_CANCEL) {
    return cancelOrder(state, words[w + CANCEL_ORDER.ACCOUNT] as number, floats[f + CANCEL_ORDER.ORDER] as number);
  }
  if (kind === COMMAND_AMEND) {
    return amendOrder(
      state,
      words[w + AMEND_ORDER.ACCOUNT] as number,
      floats[f + AMEND_ORDER.ORDER] as number,
      words[w + AMEND_ORDER.PRICE] as number,
      words[w + AMEND_ORDER.SIZE] as number,
      words[w + AMEND_ORDER.TRIGGER] as number,
    );
  }
  return dispatchTrading(state, words, floats, row, rows, timeMs);
}

const COMMAND_PLACE = COMMAND.placeOrder;
const COMMAND_CANCEL = COMMAND.cancelOrder;
const COMMAND_AMEND = COMMAND.amendOrder;

function dispatchTrading(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  row: number,
  rows: number,
  timeMs: number,
): number {
  const w = row * WORDS;
  const f = row * FLOATS;
  const word = (column: number): number => words[w + column] as number;
  const float = (column: number): number => floats[f + column] as number;
  switch (words[w]) {
    case COMMAND.placeBatch:
      return placeBatch(state, words, floats, row, rows, timeMs);
    case COMMAND.cancelByClientId:
      readClientId(words, row, word(CANCEL_BY_CLIENT_ID.CLIENT_ID_LENGTH));
      return cancelByClientId(state, word(CANCEL_BY_CLIENT_ID.ACCOUNT), clientId);
    case COMMAND.cancelAll:
      return cancelAll(state, word(CANCEL_ALL.ACCOUNT), word(CANCEL_ALL.MARKET));
    case COMMAND.setLeverage:
      return setLeverage(state, word(SET_LEVERAGE.ACCOUNT), word(SET_LEVERAGE.MARKET), word(SET_LEVERAGE.LEVERAGE));
    case COMMAND.deposit:
      return deposit(state, word(DEPOSIT.ACCOUNT), float(DEPOSIT.AMOUNT), float(DEPOSIT.REFERENCE));
    case COMMAND.requestWithdrawal:
      return requestWithdrawal(state, word(REQUEST_WITHDRAWAL.ACCOUNT), float(REQUEST_WITHDRAWAL.AMOUNT), timeMs);
    case COMMAND.settleWithdrawal:
      return settleWithdrawal(state, float(SETTLE_WITHDRAWAL.WITHDRAWAL), word(SETTLE_WITHDRAWAL.SETTLED) !== 0);
    case COMMAND.transfer:
      return transfer(state, word(TRANSFER.FROM), word(TRANSFER.TO), float(TRANSFER.AMOUNT));
    case COMMAND.liquidate:
      return liquidate(
        state,
        word(LIQUIDATE.ACCOUNT),
        word(LIQUIDATE.SHARE),
        float(LIQUIDATE.EQUITY_HIGH),
        float(LIQUIDATE.EQUITY_LOW),
        float(LIQUIDATE.MAINTENANCE_HIGH),
        float(LIQUIDATE.MAINTENANCE_LOW),
      );
    case COMMAND.fireTrigger:
      return fireTrigger(state, float(FIRE_TRIGGER.ORDER), float(FIRE_TRIGGER.MARK));
    case COMMAND.forceCancel:
      return forceCancel(state, float(FORCE_CANCEL.ORDER), word(FORCE_CANCEL.REASON));
    case COMMAND.settlePosition: {
      const size = float(SETTLE_POSITION.SIZE);
      return settlePosition(
        state,
        word(SETTLE_POSITION.ACCOUNT),
        word(SETTLE_POSITION.MARKET),
        size,
        float(SETTLE_POSITION.MARK),
      );
    }
    default:
      return dispatchInputs(state, words, floats, row, timeMs);
  }
}

function dispatchInputs(state: State, words: Int32Array, floats: Float64Array, row: number, timeMs: number): number {
  const w = row * WORDS;
  const f = row * FLOATS;
  const word = (column: number): number => words[w + column] as number;
  const float = (column: number): number => floats[f + column] as number;
  switch (words[w]) {
    case COMMAND.tick:
      tick(state, timeMs);
      return 0;
    case COMMAND.oraclePrice: {
      const sourceMs = float(ORACLE_PRICE.SOURCE_MS);
      return takeOraclePrice(
        state,
        word(ORACLE_PRICE.MARKET),
        word(ORACLE_PRICE.SOURCE),
        float(ORACLE_PRICE.PRICE),
        sourceMs,
        timeMs,
      );
    }
    case COMMAND.venueQuote:
      return takeVenueQuote(
        state,
        word(VENUE_QUOTE.MARKET),
        word(VENUE_QUOTE.VENUE_AND_KNOWN) & 255,
        word(VENUE_QUOTE.VENUE_AND_KNOWN) >> 8,
        float(VENUE_QUOTE.SOURCE_MS),
        timeMs,
        floats,
        f + VENUE_QUOTE.MARK,
      );
    case COMMAND.collateralPrice:
      return takeCollateralPrice(state, float(COLLATERAL_PRICE.PRICE), float(COLLATERAL_PRICE.SOURCE_MS), timeMs);
    case COMMAND.setStatus:
      return setStatus(state, word(SET_STATUS.MARKET), word(SET_STATUS.STATUS), word(SET_STATUS.PAUSED));
    case COMMAND.setRule:
      return setRule(state, word(SET_RULE.RULE), float(SET_RULE.VALUE));
    case COMMAND.setMarketParameter: {
      const parameter = word(SET_MARKET_PARAMETER.PARAMETER);
      return setMarketParameter(state, word(SET_MARKET_PARAMETER.MARKET), parameter, float(SET_MARKET_PARAMETER.VALUE));
    }
    case COMMAND.defineMarket:
      return defineMarket(state, words, floats, row);
    case COMMAND.defineAccount:
      return defineAccount(state, words, row, timeMs);
    default:
      return dispatchRemedy(state, words, floats, row);
  }
}

function dispatchRemedy(state: State, words: Int32Array, floats: Float64Array, row: number): number {
  const w = row * WORDS;
  const f = row * FLOATS;
  const word = (column: number): number => words[w + column] as number;
  const float = (column: number): number => floats[f + column] as number;
  switch (words[w]) {
    case COMMAND.cancelForFork:
      cancelForFork(state);
      return 0;
    case COMMAND.carryWithdrawal: {
      const withdrawal = float(CARRY_WITHDRAWAL.WITHDRAWAL);
      return carryWithdrawal(state, word(CARRY_WITHDRAWAL.ACCOUNT), float(CARRY_WITHDRAWAL.AMOUNT), withdrawal);
    }
    case COMMAND.repayReceivable:
      return repayReceivable(state, word(REPAY_RECEIVABLE.ACCOUNT), float(REPAY_RECEIVABLE.AMOUNT));
    case COMMAND.reverseCredit: {
      const account = word(REVERSE_CREDIT.ACCOUNT);
      return reverseCredit(state, account, float(REVERSE_CREDIT.AMOUNT), words, w + REVERSE_CREDIT.ID);
    }
    case COMMAND.reserveRefund: {
      const account = word(RESERVE_REFUND.ACCOUNT);
      return reserveRefund(state, account, float(RESERVE_REFUND.AMOUNT), words, w + RESERVE_REFUND.ID);
    }
    case COMMAND.postRefund:
      return postRefund(state, words, w + POST_REFUND.ID);
    case COMMAND.voidRefund:
      return voidRefund(state, words, w + VOID_REFUND.ID);
    default:
      return REFUSAL.command_unknown;
  }
}

const request = new OrderRequest();
const clientId: ClientIdText = { words: new Int32Array(WORDS), at: 0, length: 0 };

/** Points `clientId` at the row after `row`, which holds it unless the length is 0. */
function readClientId(words: Int32Array, row: number, length: number): void {
  clientId.length = length;
  clientId.words = words;
  clientId.at = (row + 1) * WORDS;
}

function readRequest(words: Int32Array, row: number): void {
  const at = row * WORDS;
  request.account = words[at + PLACE_ORDER.ACCOUNT] as number;
  request.market = words[at + PLACE_ORDER.MARKET] as number;
  request.price = words[at + PLACE_ORDER.PRICE] as number;
  request.size = words[at + PLACE_ORDER.SIZE] as number;
  request.trigger = words[at + PLACE_ORDER.TRIGGER] as number;
  request.flags = words[at + PLACE_ORDER.FLAGS] as number;
}

function place(state: State, words: Int32Array, floats: Float64Array, row: number, timeMs: number): number {
  readClientId(words, row, words[row * WORDS + PLACE_ORDER.CLIENT_ID_LENGTH] as number);
  readRequest(words, row);
  const notAfterMs = floats[row * FLOATS + NOT_AFTER_MS] as number;
  // What is no time is never in time.
  request.isLate = notAfterMs !== 0 && !(timeMs <= notAfterMs);
  return placeOrder(state, request, timeMs, clientId);
}

/** All orders of a batch are refused when one is malformed; then each is judged alone, its refusal naming its place. */
function placeBatch(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  row: number,
  rows: number,
  timeMs: number,
): number {
  const end = row + rows;
  for (let at = row + 1; at < end; at += words[at * WORDS + 1] as number) {
    readRequest(words, at);
    const refusal = checkRequest(state, request);
    if (refusal !== 0) return refusal;
  }
  let item = 0;
  for (let at = row + 1; at < end; at += words[at * WORDS + 1] as number) {
    item++;
    const refusal = place(state, words, floats, at, timeMs);
    if (refusal === 0) continue;
    state.events.emit(EVENT.refused, COMMAND.placeOrder, refusal, request.account, request.market, item);
  }
  return 0;
}
