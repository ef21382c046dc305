// Drives a session against the engine without a journal: commands one by one, each proposal made a command at once.
import { createHash, type Hash } from 'node:crypto';
import { applyCommand } from '../engine/apply.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { genesis, type State } from '../engine/state.ts';
import { DayTotals } from './day-totals.ts';
import type { Session } from './session.ts';

export interface Drive {
  readonly state: State;
  readonly totals: DayTotals;
  readonly commands: number;
  /** Of all bytes of all commands, forced ones included. */
  readonly hash: string;
}

export interface DriveOptions {
  /** Ticks after the opening; the whole day when left out. */
  readonly ticks?: number;
  /** Takes up a session after this tick, on this state. */
  readonly from?: { readonly tick: number; readonly state: State };
  /** Called after each tick. */
  readonly eachTick?: (tick: number, state: State, commands: CommandBuffer) => void;
}

/** Runs a session, or a part of it. */
export function drive(session: Session, options: DriveOptions = {}): Drive {
  const state = options.from?.state ?? genesis({ accounts: session.accounts + 16 });
  const totals = new DayTotals();
  const hash = createHash('sha256');
  const commands = new CommandBuffer(1 << 12);
  let count = 0;
  const last = Math.min(session.clock.ticks - 1, options.ticks ?? session.clock.ticks);
  for (let tick = options.from === undefined ? 0 : options.from.tick + 1; tick <= last; tick++) {
    commands.clear();
    if (tick === 0) session.opening(state, commands);
    else session.step(tick, state, commands);
    state.events.clear();
    count += applyAll(state, commands, hash);
    totals.count(state.events);
    options.eachTick?.(tick, state, commands);
  }
  return { state, totals, commands: count, hash: hash.digest('hex') };
}

function applyAll(state: State, commands: CommandBuffer, hash: Hash): number {
  const forced = new CommandBuffer(64);
  let count = 0;
  for (let row = 0; row < commands.rows; ) {
    const before = state.events.count;
    const rows = applyCommand(state, commands.i32, commands.f64, row);
    hash.update(commands.bytes.subarray(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES));
    const timeMs = commands.f64[row * 8 + 1] as number;
    row += rows;
    count++;
    if (state.events.count === before) continue;
    forced.clear();
    propose(state, before, timeMs, forced);
    for (let at = 0; at < forced.rows; at += 1) applyCommand(state, forced.i32, forced.f64, at);
    hash.update(forced.bytes.subarray(0, forced.rows * COMMAND_BYTES));
    count += forced.commands;
  }
  return count;
}

/** Each proposal among the events from `first` on, as its command. */
function propose(state: State, first: number, timeMs: number, forced: CommandBuffer): void {
  const { values, count } = state.events;
  const field = (event: number, slot: number): number => values[event * EVENT_FLOATS + 2 + slot] as number;
  for (let event = first; event < count; event++) {
    const kind = values[event * EVENT_FLOATS];
    if (kind === EVENT.liquidationDue) {
      forced.liquidate(
        timeMs,
        field(event, 0),
        field(event, 1),
        field(event, 2),
        field(event, 3),
        field(event, 4),
        field(event, 5),
      );
    } else if (kind === EVENT.triggerDue) forced.fireTrigger(timeMs, field(event, 0), field(event, 3));
    else if (kind === EVENT.cancelDue) forced.forceCancel(timeMs, field(event, 0), field(event, 3));
  }
}
