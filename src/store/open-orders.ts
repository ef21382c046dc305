/** Orders as the projection knows them: what each was when it was accepted, and what has become of it. */
import { EVENT } from '../engine/event.ts';
import { FLAG, instructionOf, INSTRUCTION, kindOf, ORDER_KIND } from '../engine/flags.ts';
import { orderId } from '../engine/order-id.ts';
import { CLOSE_REASONS } from '../engine/refusal.ts';
import type { State } from '../engine/state.ts';
import { CLIENT_ID, ORDER } from '../engine/tables.ts';
import type { RowLines } from './row-lines.ts';

interface KnownOrder {
  readonly account: number;
  readonly market: number;
  readonly flags: number;
  readonly clientId: string | null;
  readonly createdMs: number;
  price: number;
  trigger: number;
  size: number;
  remaining: number;
  isUntriggered: boolean;
  closeReason: string | null;
  updatedMs: number;
}

const KIND_NAMES = namesOf(ORDER_KIND);
const INSTRUCTION_NAMES = namesOf(INSTRUCTION);

function namesOf(codes: Readonly<Record<string, number>>): readonly string[] {
  const names: string[] = [];
  for (const [name, code] of Object.entries(codes)) names[code] = name;
  return names;
}

export class OpenOrders {
  private readonly orders = new Map<number, KnownOrder>();
  /** Orders of which something happened in the block that is open, in rising order when they are written. */
  private readonly changed = new Set<number>();

  /** Begins with the orders that are open in a state. */
  adopt(state: State): void {
    this.orders.clear();
    this.changed.clear();
    const { i32, f64, rows } = state.order;
    for (let row = 1; row < rows; row++) {
      const at = row * 16;
      if (i32[at + ORDER.SIZE] === 0) continue;
      const flags = i32[at + ORDER.FLAGS] as number;
      const createdMs = f64[row * 8 + ORDER.CREATED_MS] as number;
      this.orders.set(orderId(state, row), {
        account: i32[at + ORDER.ACCOUNT] as number,
        market: i32[at + ORDER.MARKET] as number,
        flags,
        clientId: clientIdOf(state, row),
        createdMs,
        price: i32[at + ORDER.PRICE] as number,
        trigger: i32[at + ORDER.TRIGGER] as number,
        size: i32[at + ORDER.SIZE] as number,
        remaining: i32[at + ORDER.REMAINING] as number,
        isUntriggered: (flags & FLAG.UNTRIGGERED) !== 0,
        closeReason: null,
        updatedMs: createdMs,
      });
    }
  }

  /** Takes in the event at `at`; true when it is about an order. The state is as it is behind the whole batch. */
  hear(values: Float64Array, at: number, timeMs: number, clientId: (order: number) => string | null): boolean {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    switch (values[at]) {
      case EVENT.orderAccepted: {
        const flags = field(6);
        this.orders.set(field(0), {
          account: field(1),
          market: field(2),
          flags,
          clientId: clientId(field(0)),
          createdMs: timeMs,
          price: field(3),
          trigger: field(5),
          size: field(4),
          remaining: field(4),
          isUntriggered: field(7) !== 0,
          closeReason: null,
          updatedMs: timeMs,
        });
        this.changed.add(field(0));
        return true;
      }
      case EVENT.orderAmended: {
        const order = this.touch(field(0), timeMs);
        const filled = order.size - order.remaining;
        order.price = field(3);
        order.size = field(4);
        order.remaining = field(4) - filled;
        order.trigger = field(5);
        return true;
      }
      case EVENT.orderTriggered: {
        const order = this.touch(field(0), timeMs);
        order.isUntriggered = false;
        order.price = field(4);
        order.size = field(5);
        order.remaining = field(5);
        return true;
      }
      case EVENT.orderClosed: {
        const order = this.touch(field(0), timeMs);
        order.closeReason = CLOSE_REASONS[field(3)] ?? String(field(3));
        order.remaining = field(4);
        return true;
      }
      case EVENT.filled:
        for (const slot of [1, 2]) this.touch(field(slot), timeMs).remaining -= field(6);
        return true;
      default:
        return false;
    }
  }

  /** Writes a version of every order that changed in the block, and forgets those that have ended. */
  write(lines: RowLines, fork: number, height: number): void {
    for (const id of [...this.changed].sort((a, b) => a - b)) {
      const order = this.orders.get(id) as KnownOrder;
      const { flags, closeReason } = order;
      lines.add(
        'order_version',
        fork,
        height,
        id,
        order.account,
        order.market,
        (flags & FLAG.SELL) !== 0,
        KIND_NAMES[kindOf(flags)] as string,
        INSTRUCTION_NAMES[instructionOf(flags)] as string,
        (flags & FLAG.REDUCE_ONLY) !== 0,
        order.price,
        order.trigger,
        order.size,
        order.remaining,
        closeReason !== null ? 'CLOSED' : order.isUntriggered ? 'UNTRIGGERED' : 'OPEN',
        closeReason,
        order.clientId,
        order.createdMs,
        order.updatedMs,
      );
      if (closeReason !== null) this.orders.delete(id);
    }
    this.changed.clear();
  }

  private touch(id: number, timeMs: number): KnownOrder {
    const order = this.orders.get(id);
    if (order === undefined) throw new Error(`order ${id} changed and was never accepted`);
    order.updatedMs = timeMs;
    this.changed.add(id);
    return order;
  }
}

/** The client id of the order in a row, null when it has none. */
function clientIdOf(state: State, orderRow: number): string | null {
  const row = state.order.i32[orderRow * 16 + ORDER.CLIENT_ID] as number;
  if (row === 0) return null;
  const { bytes, i32, rowWords, schema } = state.clientId;
  const from = row * schema.rowBytes + CLIENT_ID.TEXT * 4;
  const length = i32[row * rowWords + CLIENT_ID.LENGTH] as number;
  return new TextDecoder().decode(bytes.subarray(from, from + length));
}
