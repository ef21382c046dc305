/**
 * Orders and withdrawals of one world by the names of the other. What was asked of one world is asked of the other; but once a
 * forced action came later in one, rows are used in another order and the same order bears two ids. Orders of the insurance fund
 * are the venue's own answer to what the fund holds, so each world makes its own.
 */
import { commandRows } from '../../chain/command-record.ts';
import { COMMAND, COMMAND_BYTES, PLACE_ORDER } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../../engine/event.ts';
import { INSURANCE_FUND, type State } from '../../engine/state.ts';
import { unwindInsurance } from '../../exchange/unwind.ts';
import { OtherNames } from '../../remedy/other-names.ts';
import type { World } from './world.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;
/** An id that no order and no withdrawal has: the other world never took it. */
const NONE = 0;
/** The row of a command that the other world was not asked. */
const OWN = -1;

export class OrderNames {
  /** True once the worlds applied different commands. */
  isApart = false;
  private readonly names = new OtherNames();
  private readonly ordersBack = new Map<number, number>();
  private readonly translated = new CommandBuffer(4096);
  /** Row of the unguarded world's command by the row of the guarded one's, of the last translation. */
  private readonly rows = new Map<number, number>();

  /** The same commands with the guarded world's ids; its fund's own orders where the other's would be, at `fundMs`. */
  translate(commands: CommandBuffer, guarded: State, fundMs: number): CommandBuffer {
    this.rows.clear();
    if (!this.isApart) return commands;
    const { translated, rows } = this;
    translated.clear();
    let isFundDone = false;
    for (let row = 0; row < commands.rows; ) {
      const end = row + commandRows(commands.i32, row);
      if (!isFundDone && (commands.f64[row * FLOATS + 1] as number) >= fundMs) {
        isFundDone = true;
        const before = translated.rows;
        unwindInsurance(guarded, fundMs, translated);
        for (let own = before; own < translated.rows; own++) rows.set(own, OWN);
      }
      if (!isOfFund(commands, row)) {
        rows.set(translated.rows, row);
        translated.append(commands.bytes.subarray(row * COMMAND_BYTES, end * COMMAND_BYTES), 1);
      }
      row = end;
    }
    for (let row = 0; row < translated.rows; row += commandRows(translated.i32, row)) {
      this.names.rename(translated.i32, translated.f64, row);
    }
    return translated;
  }

  /** The row of the unguarded world's command that the guarded one's stands for. */
  askedRow(row: number): number {
    return this.rows.get(row) ?? (this.isApart && this.rows.size > 0 ? OWN : row);
  }

  /** The unguarded world's id of the guarded world's order. */
  back(order: number): number {
    return this.ordersBack.get(order) ?? order;
  }

  /** Learns the ids that the last batch gave out; `asked` and `translated` are what was submitted. */
  learn(asked: CommandBuffer, translated: CommandBuffer, open: World, guarded: World): void {
    if (!this.isApart && sameBytes(open.rows, guarded.rows)) return;
    const there = this.sequencesThere(translated, guarded);
    this.isApart = true;
    const [ids, others] = [idsOf(open), idsOf(guarded)];
    let place = 0;
    for (let row = 0; row < asked.rows; row += commandRows(asked.i32, row)) {
      const id = ids.get(open.submitted[place++] as number);
      if (id === undefined) continue;
      const sequence = there.get(row);
      const other = (sequence === undefined ? undefined : others.get(sequence)) ?? NONE;
      if (other !== id) this.name(asked.i32[row * WORDS] === COMMAND.requestWithdrawal, id, other);
    }
  }

  private name(isWithdrawal: boolean, id: number, other: number): void {
    this.names.name(isWithdrawal, id, other);
    if (!isWithdrawal && other !== NONE) this.ordersBack.set(other, id);
  }

  /** Sequences that the guarded world gave to what both were asked, by row of the asked; none for what it held. */
  private sequencesThere(translated: CommandBuffer, guarded: World): Map<number, number> {
    const held = new Set(guarded.held.map(({ row }) => row));
    const sequences = new Map<number, number>();
    let place = 0;
    for (let row = 0; row < translated.rows; row += commandRows(translated.i32, row)) {
      if (held.has(row)) continue;
      const sequence = guarded.submitted[place++] as number;
      const askedRow = this.askedRow(row);
      if (askedRow !== OWN) sequences.set(askedRow, sequence);
    }
    return sequences;
  }
}

function isOfFund({ i32 }: CommandBuffer, row: number): boolean {
  return i32[row * WORDS] === COMMAND.placeOrder && i32[row * WORDS + PLACE_ORDER.ACCOUNT] === INSURANCE_FUND;
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
