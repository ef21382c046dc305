/** Notes every decision about a margin that a replay comes by: whose, with how much slack, and what was asked for. */
import {
  AMEND_ORDER,
  COMMAND,
  COMMAND_BYTES,
  FIRE_TRIGGER,
  PLACE_ORDER,
  REQUEST_WITHDRAWAL,
  SET_LEVERAGE,
  TRANSFER,
} from '../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { FLAG, isConditional, kindOf } from '../engine/flags.ts';
import { orderRow } from '../engine/order-id.ts';
import { REFUSAL } from '../engine/refusal.ts';
import { ACCOUNT_KIND, type State } from '../engine/state.ts';
import { ACCOUNT, ORDER } from '../engine/tables.ts';
import { type JudgedOrder, MONEY, orderClaim, REFUSED, slackOf } from './decision-slack.ts';
import { Floats, Postings, Whole } from './numbers.ts';
import type { Decisions } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

/** An account that needs free collateral at the end of what it asks for, whatever it asks. */
const ANY = 1;

export class DecisionRecorder {
  private readonly account = new Whole(1 << 16);
  private readonly command = new Whole(1 << 16);
  private readonly slack = new Floats(1 << 16);
  private readonly claim = new Floats(1 << 16);
  /** Of the command that is applied: whose margin it asks for (0: nobody's), and what it takes of which slack. */
  private of = 0;
  private takes = 0;
  private has = 0;

  /** To be called before the command is applied. */
  before(state: State, words: Int32Array, floats: Float64Array, row: number, rows: number): void {
    this.of = 0;
    const at = row * WORDS;
    switch (words[at]) {
      case COMMAND.placeOrder:
        return this.judge(state, placedOrder(state, words, row));
      case COMMAND.amendOrder:
        return this.judgeAmended(state, words, floats, row);
      case COMMAND.fireTrigger:
        return this.judge(state, waitingOrder(state, floats[row * FLOATS + FIRE_TRIGGER.ORDER] as number));
      case COMMAND.placeBatch:
        return this.judgeBatch(state, words, row, rows);
      case COMMAND.setLeverage:
        return this.judgeAfter(state, words[at + SET_LEVERAGE.ACCOUNT] as number, ANY);
      case COMMAND.requestWithdrawal:
        return this.judgeAfter(state, words[at + REQUEST_WITHDRAWAL.ACCOUNT] as number, MONEY);
      case COMMAND.transfer:
        return this.judgeAfter(state, words[at + TRANSFER.FROM] as number, MONEY);
      default:
    }
  }

  /** To be called after it was applied. */
  after(state: State, command: number, refusal: number): void {
    const { of: account } = this;
    if (account === 0) return;
    const isRefused = refusal === REFUSAL.insufficient_margin || refusal === REFUSAL.insufficient_free_collateral;
    // Refused for something else, it decided nothing; but in another world it may come to a decision.
    if (refusal !== 0 && !isRefused) this.takes = 0;
    let slack = isRefused || hasRefusedItem(state) ? REFUSED : this.has;
    if (Number.isNaN(slack)) slack = slackLeft(state, account, this.takes);
    this.account.push(account);
    this.command.push(command);
    this.slack.push(slack);
    this.claim.push(this.takes);
  }

  finish(accounts: number): Decisions {
    const { account, command, slack, claim } = this;
    const { starts, entries } = new Postings(account.values, account.length, accounts);
    return {
      starts,
      command: Int32Array.from(entries, (place) => command.at(place)),
      slack: Float64Array.from(entries, (place) => slack.at(place)),
      claim: Float64Array.from(entries, (place) => claim.at(place)),
    };
  }

  private judge(state: State, order: JudgedOrder | undefined): void {
    if (order === undefined) return;
    this.of = order.account;
    this.takes = orderClaim(state, order);
    this.has = slackOf(state, order.account, this.takes);
  }

  /** An order that has ended here may not have elsewhere: what its account had is noted all the same. */
  private judgeAmended(state: State, words: Int32Array, floats: Float64Array, row: number): void {
    const order = amendedOrder(state, words, floats, row);
    const account = words[row * WORDS + AMEND_ORDER.ACCOUNT] as number;
    if (order !== undefined) this.judge(state, order);
    else if (isTrader(state, account)) {
      this.of = account;
      this.takes = 0;
      this.has = slackOf(state, account, 0);
    }
  }

  /** A batch takes at most what its orders take together. */
  private judgeBatch(state: State, words: Int32Array, row: number, rows: number): void {
    let takes = 0;
    let account = 0;
    for (let at = row + 1; at < row + rows; at += Math.max(1, words[at * WORDS + 1] as number)) {
      const order = placedOrder(state, words, at);
      if (order === undefined) continue;
      account = order.account;
      // Each alone may only offset what is held; together they may not.
      takes += orderClaim(state, order, false);
    }
    if (account === 0) return;
    this.of = account;
    this.takes = takes;
    this.has = slackOf(state, account, takes);
  }

  /** What counts is what is left afterwards. */
  private judgeAfter(state: State, account: number, takes: number): void {
    if (!isTrader(state, account)) return;
    this.of = account;
    this.takes = takes;
    this.has = Number.NaN;
  }
}

function slackLeft(state: State, account: number, takes: number): number {
  const slack = slackOf(state, account, 0);
  if (takes !== MONEY) return slack;
  const { f64 } = state.account;
  const high = f64[account * 8 + ACCOUNT.BALANCE_HIGH] as number;
  return Math.min(slack, high * 2 ** 50 + (f64[account * 8 + ACCOUNT.BALANCE_LOW] as number));
}

/** True when an order of a batch was refused for its margin. */
function hasRefusedItem({ events: { values, count } }: State): boolean {
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (values[at] === EVENT.refused && values[at + 3] === REFUSAL.insufficient_margin) return true;
  }
  return false;
}

function isTrader(state: State, account: number): boolean {
  if (!(account >= 1 && account < state.account.rows)) return false;
  return state.account.i32[account * 16 + ACCOUNT.KIND] === ACCOUNT_KIND.TRADER;
}

/** The order of a placeOrder command, undefined where its margin is not asked for: it waits for a trigger, or names nothing. */
export function placedOrder(state: State, words: Int32Array, row: number): JudgedOrder | undefined {
  const at = row * WORDS;
  const account = words[at + PLACE_ORDER.ACCOUNT] as number;
  const market = words[at + PLACE_ORDER.MARKET] as number;
  const flags = words[at + PLACE_ORDER.FLAGS] as number;
  if (!isTrader(state, account) || !(market >= 1 && market < state.market.rows)) return undefined;
  if (isConditional(kindOf(flags))) return undefined;
  return {
    account,
    market,
    flags,
    price: words[at + PLACE_ORDER.PRICE] as number,
    size: words[at + PLACE_ORDER.SIZE] as number,
  };
}

/** The order of an amendOrder command as it is to be, undefined where its margin is not asked for. */
export function amendedOrder(
  state: State,
  words: Int32Array,
  floats: Float64Array,
  row: number,
): JudgedOrder | undefined {
  const order = orderRow(state, floats[row * FLOATS + AMEND_ORDER.ORDER] as number);
  const { i32 } = state.order;
  const account = words[row * WORDS + AMEND_ORDER.ACCOUNT] as number;
  if (order === 0 || i32[order * 16 + ORDER.ACCOUNT] !== account || !isTrader(state, account)) return undefined;
  const flags = i32[order * 16 + ORDER.FLAGS] as number;
  if ((flags & FLAG.UNTRIGGERED) !== 0) return undefined;
  return {
    account,
    market: i32[order * 16 + ORDER.MARKET] as number,
    flags,
    price: words[row * WORDS + AMEND_ORDER.PRICE] as number,
    size: words[row * WORDS + AMEND_ORDER.SIZE] as number,
  };
}

/** What an order that waits becomes when it fires, undefined where it is not there. */
export function waitingOrder(state: State, id: number): JudgedOrder | undefined {
  const row = orderRow(state, id);
  const { i32 } = state.order;
  const at = row * 16;
  if (row === 0 || !isTrader(state, i32[at + ORDER.ACCOUNT] as number)) return undefined;
  return {
    account: i32[at + ORDER.ACCOUNT] as number,
    market: i32[at + ORDER.MARKET] as number,
    flags: i32[at + ORDER.FLAGS] as number,
    price: i32[at + ORDER.PRICE] as number,
    size: i32[at + ORDER.SIZE] as number,
  };
}
