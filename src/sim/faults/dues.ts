/** What is due in the true world: which forced actions its engine proposes at each tick, and which are within a hair of it. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../../engine/event.ts';
import { FLAG } from '../../engine/flags.ts';
import { computeMargin, Margin } from '../../engine/margin.ts';
import { orderId } from '../../engine/order-id.ts';
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

export class Dues {
  /** Tick at which an action was first due, and first within a hair of it. */
  readonly first = new Map<string, number>();
  readonly near = new Map<string, number>();
  private readonly margin = new Margin();

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
    this.takeNear(tick, state);
  }

  private note(into: Map<string, number>, key: string, tick: number): void {
    if (!into.has(key)) into.set(key, tick);
  }

  private takeNear(tick: number, state: State): void {
    const { margin } = this;
    const { i32, f64 } = state.market;
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
    const orders = state.order.i32;
    for (let row = 1; row < state.order.rows; row++) {
      if (orders[row * 16 + ORDER.SIZE] === 0) continue;
      if (((orders[row * 16 + ORDER.FLAGS] as number) & FLAG.UNTRIGGERED) === 0) continue;
      const market = orders[row * 16 + ORDER.MARKET] as number;
      if (i32[market * 256 + MARKET.KNOWN] === 0) continue;
      const mark = f64[market * 128 + MARKET.MARK] as number;
      const trigger = (orders[row * 16 + ORDER.TRIGGER] as number) * (f64[market * 128 + MARKET.TICK_UNITS] as number);
      if (Math.abs(mark - trigger) * 1e6 <= mark * HAIR_PPM) {
        this.note(this.near, dueKey('fireTrigger', orderId(state, row)), tick);
      }
    }
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
