/**
 * What the engine proposes, as commands. The engine says that an account may be liquidated, that a trigger was reached, that
 * an order is to go; nothing of it happens until it comes back as a command with the facts it rests on.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';

/** Appends a command at `timeMs` for each proposal among the events from number `from` on, in their order; returns how many. */
export function appendProposals(events: EventBuffer, from: number, timeMs: number, commands: CommandBuffer): number {
  const before = commands.commands;
  const { values, count } = events;
  for (let event = from; event < count; event++) {
    const at = event * EVENT_FLOATS;
    const field = (slot: number): number => values[at + 2 + slot] as number;
    switch (values[at]) {
      case EVENT.triggerDue:
        commands.fireTrigger(timeMs, field(0), field(3));
        break;
      case EVENT.cancelDue:
        commands.forceCancel(timeMs, field(0), field(3));
        break;
      case EVENT.liquidationDue:
        commands.liquidate(timeMs, field(0), field(1), field(2), field(3), field(4), field(5));
        break;
      default:
        break;
    }
  }
  return commands.commands - before;
}
