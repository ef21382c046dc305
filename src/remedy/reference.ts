/**
 * Mark to reference: no book is replayed. Each wrongful forced event of the actual world is undone (what was taken is given back at the
 * price it was taken at, with its penalty), funding is charged by the true index, and what is left is valued at the reference price. The
 * house takes the other side of each. What would have become due anyway ends when it becomes due.
 */
import { FIRE_TRIGGER, COMMAND, LIQUIDATE } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { FLAG } from '../engine/flags.ts';
import { orderRow } from '../engine/order-id.ts';
import { isPaused } from '../engine/market.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { OPERATION } from '../engine/status.ts';
import { MARKET, ORDER } from '../engine/tables.ts';
import { ceilOf, whole } from '../guard/exact.ts';
import {
  type AccountThen,
  accountThen,
  arePaused,
  indexOf,
  isDue,
  markOf,
  penaltyOf,
  trueMargin,
  type Trigger,
  type Undone,
} from './reference-account.ts';
import { indexesOf, ReferenceFunding } from './reference-funding.ts';
import type { TrueIndexes } from './true-index.ts';

const MILLION = 1_000_000n;

/** A forced command of the actual world, and what stood before it. */
type Forced =
  | { readonly kind: 'liquidation'; readonly sequence: number; readonly before: AccountThen }
  | { readonly kind: 'settlement'; readonly sequence: number }
  | { readonly kind: 'trigger'; readonly sequence: number; readonly order: number; readonly trigger: Trigger };

export class Reference {
  readonly undone: Undone[] = [];
  readonly funding: ReferenceFunding;
  private readonly actual: State;
  private readonly forced: Forced[] = [];
  /** Conditional orders that fired wrongly, and live. */
  private readonly orders = new Map<number, Trigger>();
  private readonly byAccount = new Map<number, Undone[]>();
  private indexes: bigint[];
  /** The forced command that is being walked through: whether the true marks forced it as well. */
  private verdict: 'wrongful' | 'due' | 'settled' | 'none' = 'none';
  /** What it took so far. */
  private taken: Undone[] = [];

  /** The worlds part. */
  constructor(actual: State, truth: TrueIndexes) {
    this.actual = actual;
    this.funding = new ReferenceFunding(actual, truth);
    this.indexes = Array.from({ length: actual.market.rows }, (_, market) => truth.index(actual, market));
  }

  /** The forced command at a row is applied next in the actual world, as this sequence. */
  note(words: Int32Array, floats: Float64Array, row: number, sequence: number): void {
    const kind = words[row * 16];
    if (kind === COMMAND.fireTrigger) {
      const order = floats[row * 8 + FIRE_TRIGGER.ORDER] as number;
      const trigger = this.triggerOf(order);
      if (trigger !== undefined) this.forced.push({ kind: 'trigger', sequence, order, trigger });
      return;
    }
    if (kind === COMMAND.settlePosition) {
      this.forced.push({ kind: 'settlement', sequence });
    }
    const account = words[row * 16 + LIQUIDATE.ACCOUNT] as number;
    if (kind !== COMMAND.liquidate || !(account > 0 && account < this.actual.account.rows)) return;
    this.forced.push({ kind: 'liquidation', sequence, before: accountThen(this.actual, account) });
  }

  private triggerOf(order: number): Trigger | undefined {
    const row = orderRow(this.actual, order);
    if (row === 0) return undefined;
    const { i32 } = this.actual.order;
    const at = row * 16;
    const market = i32[at + ORDER.MARKET] as number;
    const units = whole(this.actual.market.f64[market * 128 + MARKET.TICK_UNITS]);
    return {
      market,
      price: BigInt(i32[at + ORDER.TRIGGER] as number) * units,
      isAbove: ((i32[at + ORDER.FLAGS] as number) & FLAG.TRIGGER_ABOVE) !== 0,
    };
  }

  /**
   * Both worlds have taken a step that ended with the tick of this sequence and what was forced behind it (`Infinity`: with no tick).
   */
  take(events: EventBuffer, other: State, tickSequence: number): void {
    const after = indexesOf(other);
    this.walk(events, other, tickSequence, after);
    this.indexes = after;
    for (let market = 1; market < after.length; market++) {
      const isSame = market < this.actual.market.rows && indexOf(this.actual, market) === after[market];
      if (!isSame) this.funding.part(market);
    }
    this.forced.length = 0;
    if (tickSequence !== Number.POSITIVE_INFINITY) this.endWhatIsDue(other);
  }

  /** Both worlds have taken commands of a step that no tick has ended yet. */
  takeBeforeTick(events: EventBuffer, other: State): void {
    this.walk(events, other, Number.POSITIVE_INFINITY, this.indexes);
  }

  /** Accounts of which something was undone. */
  get accounts(): Iterable<number> {
    return this.byAccount.keys();
  }

  /** Moves sizes by what happened, and judges forced commands where they stand. */
  private walk({ values, count }: EventBuffer, other: State, tickSequence: number, after: readonly bigint[]): void {
    let judged = 0;
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      const sequence = values[at + 1] as number;
      while (judged < this.forced.length && (this.forced[judged] as Forced).sequence <= sequence) {
        this.judge(this.forced[judged++] as Forced, other);
      }
      this.event(values, at, other, sequence > tickSequence ? after : this.indexes);
    }
  }

  private event(values: Float64Array, at: number, other: State, indexes: readonly bigint[]): void {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    switch (values[at]) {
      case EVENT.filled:
        return this.filled(values, at, indexes);
      case EVENT.fundingSettled:
        return this.funding.charge(field(0), field(1), field(3));
      case EVENT.positionTaken: {
        const index = indexes[field(1)] ?? 0n;
        this.funding.change(field(0), field(1), -field(2), index);
        this.funding.change(INSURANCE_FUND, field(1), field(2), index);
        if (this.verdict !== 'none') this.giveBack(field(0), field(1), field(2), field(3), other);
        return;
      }
      case EVENT.liquidated:
        return this.endTaking(field(2), other);
      case EVENT.positionSettled:
        return this.endTaking(0, other);
      case EVENT.orderClosed:
        this.orders.delete(field(0));
        return;
      default:
        return;
    }
  }

  private filled(values: Float64Array, at: number, indexes: readonly bigint[]): void {
    const market = values[at + 2] as number;
    const index = indexes[market] ?? 0n;
    const size = values[at + 8] as number;
    const bought = values[at + 9] === 0 ? size : -size;
    const price = BigInt(values[at + 7] as number) * whole(this.actual.market.f64[market * 128 + MARKET.TICK_UNITS]);
    const sides = [
      [values[at + 5], values[at + 3], -bought, values[at + 10]],
      [values[at + 6], values[at + 4], bought, values[at + 11]],
    ] as [number, number, number, number][];
    for (const [account, order, lots, fee] of sides) {
      this.funding.change(account, market, lots, index);
      const trigger = this.orders.get(order);
      if (trigger === undefined) continue;
      this.undo({ account, market, cause: 'trigger', lots: -BigInt(lots), price, index, cost: BigInt(fee), trigger });
    }
  }

  private judge(forced: Forced, other: State): void {
    this.taken = [];
    this.verdict = 'none';
    if (forced.kind === 'trigger') {
      if (!isReached(forced.trigger, other)) this.orders.set(forced.order, forced.trigger);
    } else if (forced.kind === 'settlement') {
      this.verdict = 'settled';
    } else {
      const { before } = forced;
      const own = this.byAccount.get(before.account) ?? [];
      this.verdict = isDue(trueMargin(before, own, other, this.funding)) ? 'due' : 'wrongful';
    }
  }

  private giveBack(account: number, market: number, lots: number, price: number, other: State): void {
    const index = indexOf(other, market);
    const cause = 'liquidation_price';
    this.taken.push({ account, market, cause, lots: BigInt(lots), price: BigInt(price), index, cost: 0n });
  }

  /**
   * The penalty is told behind what was taken, and goes back with the first of it. What was due as well is taken again at once, at the true
   * marks; where those are the marks at which it was taken, nothing was wrong.
   */
  private endTaking(penalty: number, other: State): void {
    const { taken, verdict } = this;
    this.taken = [];
    this.verdict = 'none';
    if (verdict !== 'wrongful' && taken.every(({ market, price }) => price === markOf(other, market))) return;
    const undone = taken.map((each, place) => (place === 0 ? { ...each, cost: BigInt(penalty) } : each));
    for (const each of undone) this.undo(each);
    const [first] = undone;
    if (verdict !== 'wrongful' && first !== undefined) {
      this.takeAgain(first.account, undone, other, verdict === 'settled');
    }
  }

  /** Takes at the true marks what was given back, with the penalty of a liquidation; a settlement has none. */
  private takeAgain(account: number, undone: readonly Undone[], other: State, isFree: boolean): void {
    const all = this.byAccount.get(account) ?? [];
    const margin = trueMargin(accountThen(this.actual, account), all, other, this.funding);
    const penalty = isFree ? 0n : penaltyOf(margin, other);
    undone.forEach((each, place) => end(each, other, place === 0 ? penalty : 0n));
  }

  private undo(undone: Undone): void {
    this.undone.push(undone);
    const own = this.byAccount.get(undone.account);
    if (own === undefined) this.byAccount.set(undone.account, [undone]);
    else own.push(undone);
  }

  /** Ends what was given back where the true marks would have taken it by now. */
  private endWhatIsDue(other: State): void {
    for (const [account, all] of this.byAccount) {
      const open = all.filter(({ ended }) => ended === undefined);
      if (open.length === 0) continue;
      for (const each of open) {
        const isTriggered = each.trigger !== undefined && isReached(each.trigger, other);
        if (isTriggered && !isPaused(other, each.market, OPERATION.TRIGGERS)) end(each, other, each.cost);
      }
      const left = open.filter(({ ended }) => ended === undefined);
      if (left.length === 0 || arePaused(other, new Set(left.map(({ market }) => market)))) continue;
      const margin = trueMargin(accountThen(this.actual, account), all, other, this.funding);
      if (isDue(margin)) this.takeAgain(account, left, other, false);
    }
  }
}

function isReached({ market, price, isAbove }: Trigger, other: State): boolean {
  const mark = markOf(other, market);
  return isAbove ? mark >= price : mark <= price;
}

function end(undone: Undone, other: State, cost: bigint): void {
  undone.ended = { price: markOf(other, undone.market), index: indexOf(other, undone.market), cost };
}

/** Funding on lots that were given back, up to where they ended or the valuation, rounded up. */
export function fundingOf({ lots, index, ended }: Undone, now: bigint): bigint {
  return ceilOf(lots * ((ended?.index ?? now) - index), MILLION);
}
