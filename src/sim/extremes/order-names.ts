/**
 * Orders and withdrawals of one world by the names of the other. What was asked of one world is asked of the other; but once a
 * forced action came later in one, rows are used in another order and the same order bears two ids.
 */
import { COMMAND, COMMAND_BYTES, SETTLE_WITHDRAWAL, AMEND_ORDER, CANCEL_ORDER } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { commandRows } from '../../chain/command-record.ts';
import { EVENT, EVENT_FLOATS } from '../../engine/event.ts';
import type { World } from './world.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;
/** An id that no order and no withdrawal has: the other world never took it. */
const NONE = 0;

export class OrderNames {
  /** True once the worlds applied different commands. */
  isApart = false;
  private readonly orders = new Map<number, number>();
  private readonly ordersBack = new Map<number, number>();
  private readonly withdrawals = new Map<number, number>();
  private readonly translated = new CommandBuffer(4096);

  /** The same commands with the guarded world's ids. */
  translate(commands: CommandBuffer): CommandBuffer {
    if (!this.isApart) return commands;
    const { translated } = this;
    translated.clear();
    translated.append(commands.bytes.subarray(0, commands.rows * COMMAND_BYTES), commands.commands);
    const { i32, f64 } = translated;
    for (let row = 0; row < translated.rows; row += commandRows(i32, row)) {
      const kind = i32[row * WORDS];
      if (kind === COMMAND.amendOrder) rename(f64, row * FLOATS + AMEND_ORDER.ORDER, this.orders);
      else if (kind === COMMAND.cancelOrder) rename(f64, row * FLOATS + CANCEL_ORDER.ORDER, this.orders);
      else if (kind === COMMAND.settleWithdrawal)
        rename(f64, row * FLOATS + SETTLE_WITHDRAWAL.WITHDRAWAL, this.withdrawals);
    }
    return translated;
  }

  /** The unguarded world's id of the guarded world's order. */
  back(order: number): number {
    return this.ordersBack.get(order) ?? order;
  }

  /** Learns the ids that the last batch gave out; `asked` is what was submitted to both. */
  learn(asked: CommandBuffer, open: World, guarded: World): void {
    if (!this.isApart && sameBytes(open.rows, guarded.rows)) return;
    this.isApart = true;
    const held = new Set(guarded.held.map(({ row }) => row));
    const [ids, others] = [idsOf(open), idsOf(guarded)];
    let [from, to] = [0, 0];
    for (let row = 0; row < asked.rows; row += commandRows(asked.i32, row)) {
      const here = open.submitted[from++] as number;
      const there = held.has(row) ? undefined : guarded.submitted[to++];
      const id = ids.get(here);
      if (id === undefined) continue;
      const other = (there === undefined ? undefined : others.get(there)) ?? NONE;
      if (other === id) continue;
      if (asked.i32[row * WORDS] === COMMAND.requestWithdrawal) this.withdrawals.set(id, other);
      else {
        this.orders.set(id, other);
        if (other !== NONE) this.ordersBack.set(other, id);
      }
    }
  }
}

function rename(values: Float64Array, at: number, names: ReadonlyMap<number, number>): void {
  const id = values[at] as number;
  values[at] = names.get(id) ?? id;
}

/** Ids of accepted orders and withdrawals by the sequence of what asked for them. */
function idsOf({ events }: World): Map<number, number> {
  const ids = new Map<number, number>();
  const { values, count } = events;
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (values[at] === EVENT.orderAccepted) ids.set(values[at + 1] as number, values[at + 2] as number);
    else if (values[at] === EVENT.withdrawalRequested) ids.set(values[at + 1] as number, values[at + 3] as number);
  }
  return ids;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0;
}
