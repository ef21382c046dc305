/**
 * Who may have reacted to the falsehood. What an account could see is what it has (its digest) and the markets it holds or trades: from
 * the first batch behind which either differed between the worlds, what it asks for may be an answer to the falsehood. Once is for good.
 */
import { AMEND_ORDER, CANCEL_ORDER, COMMAND, PLACE_BATCH, PLACE_ORDER } from '../engine/command.ts';
import { EVENT, EVENT_FIELDS, EVENT_FLOATS, type EventBuffer, type EventKind } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from '../engine/tables.ts';
import { isUnaffected } from './account-digest.ts';

const PPM = 1_000_000;
const ROWS = 2 ** 24;

export class Reactive {
  /** Commands that were judged reactive so far, and the accounts that gave them. */
  commands = 0;
  readonly accounts = new Set<number>();
  private readonly ppm: number;
  private readonly differing = new Set<number>();
  private readonly visible = new Set<number>();
  private readonly actual: State;

  constructor(actual: State, ppm: number) {
    this.actual = actual;
    this.ppm = ppm;
  }

  /** The worlds stand behind a batch: whose rows differ now, and which markets can be seen to. */
  take(actualEvents: EventBuffer, other: State): void {
    for (let market = 1; market < Math.min(this.actual.market.rows, other.market.rows); market++) {
      if (!this.visible.has(market) && this.isVisible(other, market)) this.visible.add(market);
    }
    for (const account of accountsIn(actualEvents)) this.look(account, other);
    for (const account of accountsIn(other.events)) this.look(account, other);
  }

  private look(account: number, other: State): void {
    if (!this.differing.has(account) && !isUnaffected(this.actual, other, account)) this.differing.add(account);
  }

  /** Mark or what a lot has paid in funding differ by more than the limit, both in terms of the other world's mark. */
  private isVisible(other: State, market: number): boolean {
    const at = market * 128;
    const [here, there] = [this.actual.market.f64, other.market.f64];
    const mark = there[at + MARKET.MARK] as number;
    const limit = (Math.abs(mark) / PPM) * this.ppm;
    const funding =
      Math.abs((here[at + MARKET.FUNDING_INDEX] as number) - (there[at + MARKET.FUNDING_INDEX] as number)) / 1e6;
    return Math.abs((here[at + MARKET.MARK] as number) - mark) > limit || funding > limit;
  }

  /** Whether the order command at a row came from somebody who may have reacted; counts it. */
  readonly isReactive = (words: Int32Array, floats: Float64Array, row: number): boolean => {
    const account = words[row * 16 + PLACE_ORDER.ACCOUNT] as number;
    const isSo =
      this.isOf(account) || marketsOf(this.actual, words, floats, row).some((each) => this.visible.has(each));
    if (isSo) {
      this.commands++;
      this.accounts.add(account);
    }
    return isSo;
  };

  private isOf(account: number): boolean {
    if (this.differing.has(account)) return true;
    if (this.visible.size === 0 || !this.holdsVisible(account)) return false;
    this.differing.add(account);
    return true;
  }

  private holdsVisible(account: number): boolean {
    const { account: accounts, position } = this.actual;
    if (!(account > 0 && account < accounts.rows)) return false;
    let row = accounts.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
    for (; row !== 0; row = position.i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
      const isHeld = position.f64[row * 16 + POSITION.SIZE] !== 0;
      if (isHeld && this.visible.has(position.i32[row * 32 + POSITION.MARKET] as number)) return true;
    }
    return false;
  }
}

/** The markets that an order command names. */
function marketsOf({ order }: State, words: Int32Array, floats: Float64Array, row: number): number[] {
  const kind = words[row * 16];
  if (kind === COMMAND.placeOrder) return [words[row * 16 + PLACE_ORDER.MARKET] as number];
  if (kind === COMMAND.placeBatch) {
    const count = words[row * 16 + PLACE_BATCH.COUNT] as number;
    const markets: number[] = [];
    for (let at = row + 1; markets.length < count && at * 16 < words.length; ) {
      markets.push(words[at * 16 + PLACE_ORDER.MARKET] as number);
      at += Math.max(1, words[at * 16 + 1] as number);
    }
    return markets;
  }
  if (kind !== COMMAND.amendOrder && kind !== COMMAND.cancelOrder) return [];
  const id = floats[row * 8 + (kind === COMMAND.amendOrder ? AMEND_ORDER.ORDER : CANCEL_ORDER.ORDER)] as number;
  const place = id % ROWS;
  return place > 0 && place < order.rows ? [order.i32[place * 16 + ORDER.MARKET] as number] : [];
}

/** Slots of the accounts in the events of each kind. */
const ACCOUNT_SLOTS: readonly (readonly number[])[] = (() => {
  const slots: number[][] = [];
  const names = ['account', 'from', 'to', 'makerAccount', 'takerAccount'];
  for (const kind of Object.keys(EVENT_FIELDS) as EventKind[]) {
    slots[EVENT[kind]] = EVENT_FIELDS[kind].flatMap((field, slot) => (names.includes(field) ? [slot] : []));
  }
  return slots;
})();

/** The accounts that events name, each once. */
function accountsIn({ values, count }: EventBuffer): Set<number> {
  const accounts = new Set<number>();
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    for (const slot of ACCOUNT_SLOTS[values[at] as number] ?? []) accounts.add(values[at + 2 + slot] as number);
  }
  accounts.delete(0);
  return accounts;
}
