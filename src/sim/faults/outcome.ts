/** What happened in a world from the strike on: forced actions, trades; and the money there is at the end. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../../engine/event.ts';
import { CLOSE } from '../../engine/refusal.ts';
import { FLAG } from '../../engine/flags.ts';
import { orderId } from '../../engine/order-id.ts';
import type { State } from '../../engine/state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from '../../engine/tables.ts';
import type { ActionKind } from './dues.ts';

/** A forced action that happened. */
export interface ForcedEvent {
  readonly kind: ActionKind;
  readonly account: number;
  /** 0 for one that is about no order. */
  readonly order: number;
  readonly market: number;
  readonly sequence: number;
  readonly tick: number;
  /** Side and price (price units) of the order, where it is known. */
  readonly sell: boolean;
  readonly price: number | undefined;
  /** Value at the mark of what was taken or fired, 1e-8 USDC; 0 for a cancel. */
  readonly notional: number;
}

export class Outcome {
  readonly forced: ForcedEvent[] = [];
  /** How often a trade of the same market, accounts, price and size happened. */
  readonly trades = new Map<string, number>();

  /** Side and price (price units) of the orders that were seen. */
  private readonly orders = new Map<number, { readonly sell: boolean; readonly price: number }>();
  private units = new Float64Array(0);

  /** Takes in the orders that there are when the fault strikes. */
  begin(state: State): void {
    this.units = Float64Array.from(
      { length: state.market.rows },
      (_, market) => state.market.f64[market * 128 + MARKET.TICK_UNITS] as number,
    );
    const { i32, rows } = state.order;
    for (let row = 1; row < rows; row++) {
      const at = row * 16;
      if (i32[at + ORDER.SIZE] === 0) continue;
      const sell = ((i32[at + ORDER.FLAGS] as number) & FLAG.SELL) !== 0;
      this.see(orderId(state, row), i32[at + ORDER.MARKET] as number, sell, i32[at + ORDER.PRICE] as number);
    }
  }

  private see(order: number, market: number, sell: boolean, ticks: number): void {
    this.orders.set(order, { sell, price: ticks * (this.units[market] ?? Number.NaN) });
  }

  /** Takes in the events of a batch of a tick. */
  take(tick: number, events: EventBuffer): void {
    const { values, count } = events;
    let taken = 0;
    for (let event = 0; event < count; event++) {
      const at = event * EVENT_FLOATS;
      const field = (slot: number): number => values[at + 2 + slot] as number;
      const sequence = values[at + 1] as number;
      switch (values[at]) {
        case EVENT.positionTaken:
          taken += Math.abs(field(2)) * field(3);
          break;
        case EVENT.liquidated:
          this.push('liquidate', 0, field(0), 0, sequence, tick, taken);
          taken = 0;
          break;
        case EVENT.positionSettled:
          this.push('settlePosition', 0, field(0), field(1), sequence, tick, taken);
          taken = 0;
          break;
        case EVENT.orderAccepted:
          this.see(field(0), field(2), (field(6) & FLAG.SELL) !== 0, field(3));
          break;
        case EVENT.orderAmended:
          this.see(field(0), field(2), this.orders.get(field(0))?.sell ?? false, field(3));
          break;
        case EVENT.orderTriggered:
          this.push('fireTrigger', field(0), field(1), field(2), sequence, tick, field(3) * field(5));
          break;
        case EVENT.orderClosed:
          if (field(3) === CLOSE.DELEVERAGE || field(3) === CLOSE.PRICE_OUTSIDE_BANDS) {
            this.push('forceCancel', field(0), field(1), field(2), sequence, tick, 0);
          }
          break;
        case EVENT.filled: {
          const trade = [field(0), field(3), field(4), field(5), field(6)].join(' ');
          this.trades.set(trade, (this.trades.get(trade) ?? 0) + 1);
          break;
        }
        default:
      }
    }
  }

  private push(
    kind: ActionKind,
    order: number,
    account: number,
    market: number,
    sequence: number,
    tick: number,
    notional: number,
  ): void {
    const known = this.orders.get(order);
    const [sell, price] = [known?.sell ?? false, known?.price];
    this.forced.push({ kind, account, order, market, sequence, tick, sell, price, notional });
  }
}

/** Trades that only one of two worlds has. */
export function otherTrades(one: Outcome, other: Outcome): number {
  let count = 0;
  for (const trade of new Set([...one.trades.keys(), ...other.trades.keys()])) {
    count += Math.abs((one.trades.get(trade) ?? 0) - (other.trades.get(trade) ?? 0));
  }
  return count;
}

const LIMB = 2 ** 50;

/** Equity of each account at the marks and funding indexes of `prices`, 1e-8 USDC, as floats: to be compared, not to be paid. */
export function equities(state: State, prices: State): Float64Array {
  const { f64, i32, rows } = state.position;
  const result = new Float64Array(state.account.rows);
  for (let account = 1; account < state.account.rows; account++) {
    const at = account * 8 + ACCOUNT.BALANCE_HIGH;
    result[account] = (state.account.f64[at] as number) * LIMB + (state.account.f64[at + 1] as number);
  }
  for (let row = 1; row < rows; row++) {
    const size = f64[row * 16 + POSITION.SIZE] as number;
    const market = i32[row * 32 + POSITION.MARKET] as number;
    const account = i32[row * 32 + POSITION.ACCOUNT] as number;
    if (size === 0 || !(account > 0 && account < result.length)) continue;
    const mark = prices.market.f64[market * 128 + MARKET.MARK] as number;
    const index = prices.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
    const cost = (f64[row * 16 + POSITION.COST_HIGH] as number) * LIMB + (f64[row * 16 + POSITION.COST_LOW] as number);
    const funding = (size * (index - (f64[row * 16 + POSITION.FUNDING_INDEX] as number))) / 1e6;
    result[account] = (result[account] as number) + size * mark - cost - Math.ceil(funding);
  }
  return result;
}
