/** What is due in the true world: which forced actions its engine proposes at each tick, and which are within a hair of it. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../../engine/event.ts';
import { FLAG } from '../../engine/flags.ts';
import { computeMargin, Margin } from '../../engine/margin.ts';
import { orderId } from '../../engine/order-id.ts';
import { RULE } from '../../engine/rules.ts';
import { ACCOUNT_KIND, type State } from '../../engine/state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from '../../engine/tables.ts';
import type { ForcedAction } from '../../guard/verdict.ts';

export type ActionKind = ForcedAction['kind'];

/** A kind of forced action and whom it hits: an account when it liquidates, a position (`settleTarget`) when it settles, else an order. */
export function dueKey(kind: ActionKind, target: number): string {
  return `${kind} ${target}`;
}

/** A position as the target of a settlement. */
function settleTarget(account: number, market: number): number {
  return account * 65_536 + market;
}

/** What a forced action hits: an account, a position, or an order by its id in the true world (-1 when it is not there). */
export function targetOf(
  action: { readonly kind: ActionKind; readonly account: number; readonly order: number; readonly market: number },
  trueOrder: (id: number) => number | undefined = (id) => id,
): number {
  if (action.kind === 'liquidate') return action.account;
  if (action.kind === 'settlePosition') return settleTarget(action.account, action.market);
  return trueOrder(action.order) ?? -1;
}

/**
 * Honest sources differ by less than this, ppm of the price: what a move of so much would make due is as good as due, since the
 * faulty world may rest on fewer of the same honest sources.
 */
const HAIR_PPM = 1000;

interface SeenOrder {
  readonly market: number;
  readonly flags: number;
  /** Ticks. */
  readonly price: number;
  readonly trigger: number;
}

export class Dues {
  /** Tick at which an action was first due, and first within a hair of it. */
  readonly first = new Map<string, number>();
  readonly near = new Map<string, number>();
  private readonly margin = new Margin();
  private readonly fairs = new Map<number, Float64Array>();
  private bandPpm = 0;
  private readonly seen = new Map<number, SeenOrder>();

  /** Takes in a tick: its events, and the state behind it. */
  take(tick: number, events: EventBuffer, state: State): void {
    const { values, count } = events;
    for (let event = 0; event < count; event++) {
      const at = event * EVENT_FLOATS;
      const target = values[at + 2] as number;
      if (values[at] === EVENT.liquidationDue) this.note(this.first, dueKey('liquidate', target), tick);
      else if (values[at] === EVENT.triggerDue) this.note(this.first, dueKey('fireTrigger', target), tick);
      else if (values[at] === EVENT.settlementDue) {
        this.note(this.first, dueKey('settlePosition', settleTarget(target, values[at + 3] as number)), tick);
      } else if (values[at] === EVENT.cancelDue) this.note(this.first, dueKey('forceCancel', target), tick);
    }
    this.see(state);
    this.takeNear(tick, state);
    this.takeReached(tick, state);
    this.takeFairs(tick, state);
    this.bandPpm = state.rule.f64[64 + RULE.restricted_band] as number;
  }

  private note(into: Map<string, number>, key: string, tick: number): void {
    if (!into.has(key)) into.set(key, tick);
  }

  private takeNear(tick: number, state: State): void {
    const { margin } = this;
    for (let account = 1; account < state.account.rows; account++) {
      if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) continue;
      computeMargin(state, account, margin);
      const equity = margin.equity.toNumber();
      const hair = (grossOf(state, account) * HAIR_PPM) / 1e6;
      if (hair > 0 && equity - margin.maintenance.toNumber() <= hair) {
        this.note(this.near, dueKey('liquidate', account), tick);
      }
      if (equity - margin.initial.toNumber() <= hair) this.nearCancels(tick, state, account);
    }
  }

  /** Every order that was ever seen, also when it is gone here: in the faulty world it may still be there. */
  private see(state: State): void {
    const { i32, rows } = state.order;
    for (let row = 1; row < rows; row++) {
      const at = row * 16;
      if (i32[at + ORDER.SIZE] === 0) continue;
      this.seen.set(orderId(state, row), {
        market: i32[at + ORDER.MARKET] as number,
        flags: i32[at + ORDER.FLAGS] as number,
        price: i32[at + ORDER.PRICE] as number,
        trigger: i32[at + ORDER.TRIGGER] as number,
      });
    }
  }

  /** Triggers that the mark has reached, or is within a hair of. */
  private takeReached(tick: number, state: State): void {
    const { i32, f64 } = state.market;
    for (const [id, { market, flags, trigger }] of this.seen) {
      if ((flags & FLAG.UNTRIGGERED) === 0 || i32[market * 256 + MARKET.KNOWN] === 0) continue;
      const mark = f64[market * 128 + MARKET.MARK] as number;
      const beyond = trigger * (f64[market * 128 + MARKET.TICK_UNITS] as number) - mark;
      const missing = (flags & FLAG.TRIGGER_ABOVE) === 0 ? -beyond : beyond;
      if (missing * 1e6 <= mark * HAIR_PPM) this.note(this.near, dueKey('fireTrigger', id), tick);
    }
  }

  /** External fair prices of all markets, price units, to be compared with orders that only the faulty world has. */
  private takeFairs(tick: number, state: State): void {
    const { f64, rows } = state.market;
    const fairs = new Float64Array(rows);
    for (let market = 1; market < rows; market++) {
      fairs[market] = f64[market * 128 + MARKET.EXTERNAL_FAIR] as number;
    }
    this.fairs.set(tick, fairs);
  }

  /**
   * True when an order of this price (price units) was outside the band of the restricted modes up to a tick: in a venue that comes back
   * it is as good as due to be cancelled, since the faulty world may be on a lower rung of the ladder.
   */
  isOutside(tick: number, market: number, sell: boolean, price: number): boolean {
    for (const [at, fairs] of this.fairs) {
      const fair = fairs[market] as number;
      const beyond = sell ? fair - price : price - fair;
      if (at <= tick && beyond * 1e6 > fair * (this.bandPpm - HAIR_PPM)) return true;
    }
    return false;
  }

  private nearCancels(tick: number, state: State, account: number): void {
    const { i32 } = state.position;
    let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
    for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
      let order = i32[row * 32 + POSITION.FIRST_ORDER] as number;
      for (; order !== 0; order = state.order.i32[order * 16 + ORDER.NEXT_OWN] as number) {
        this.note(this.near, dueKey('forceCancel', orderId(state, order)), tick);
      }
    }
  }
}

/** The value of all positions of an account at the marks, 1e-8 USDC. */
export function grossOf(state: State, account: number): number {
  const { i32, f64 } = state.position;
  let sum = 0;
  let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    const market = i32[row * 32 + POSITION.MARKET] as number;
    sum += Math.abs(f64[row * 16 + POSITION.SIZE] as number) * (state.market.f64[market * 128 + MARKET.MARK] as number);
  }
  return sum;
}
