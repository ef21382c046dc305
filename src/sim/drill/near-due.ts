/**
 * What was due in a run but for a hair. Two runs part by the trades that only one of them has, and a price that is a thousandth away
 * decides about an account at the edge: what is due within that is no harm of what made them part.
 */
import { computeMargin, Margin } from '../../engine/margin.ts';
import { orderRow } from '../../engine/order-id.ts';
import type { State } from '../../engine/state.ts';
import { MARKET, ORDER } from '../../engine/tables.ts';
import { grossOf } from '../faults/dues.ts';
import type { ForcedAction, ForcedTally } from './forced-tally.ts';

/** Of the value of an account's positions, and of a price. */
const HAIR_PPM = 1000;

export class NearDue {
  private readonly accounts: ReadonlySet<number>;
  private readonly orders: ReadonlySet<number>;
  private readonly near = new Set<string>();
  private readonly margin = new Margin();

  /** Looks for what `other` has. */
  constructor(other: ForcedTally) {
    this.accounts = new Set(other.actions.map(({ account }) => account));
    this.orders = new Set(other.actions.flatMap(({ order }) => (order === 0 ? [] : [order])));
  }

  /** Takes in the state behind a tick. */
  look(state: State): void {
    for (const account of this.accounts) {
      const gross = grossOf(state, account);
      computeMargin(state, account, this.margin);
      const spare = this.margin.equity.toNumber() - this.margin.maintenance.toNumber();
      if (gross > 0 && spare * 1e6 <= gross * HAIR_PPM) this.near.add(`account ${account}`);
    }
    for (const order of this.orders) if (isNear(state, order)) this.near.add(`order ${order}`);
  }

  has({ account, order }: ForcedAction): boolean {
    return this.near.has(order === 0 ? `account ${account}` : `order ${order}`);
  }
}

/** True when the mark is within a hair of an order's trigger, or the order is gone. */
function isNear(state: State, order: number): boolean {
  const row = orderRow(state, order);
  if (row === 0) return true;
  const at = row * 16;
  const market = (state.order.i32[at + ORDER.MARKET] as number) * 128;
  const trigger =
    (state.order.i32[at + ORDER.TRIGGER] as number) * (state.market.f64[market + MARKET.TICK_UNITS] as number);
  const mark = state.market.f64[market + MARKET.MARK] as number;
  return Math.abs(trigger - mark) * 1e6 <= mark * HAIR_PPM;
}
