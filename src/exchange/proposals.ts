/**
 * What the engine proposes, as commands. The engine says that an account may be liquidated, that a trigger was reached, that
 * an order is to go; nothing of it happens until it comes back as a command with the facts it rests on. With a guard, only
 * what it gave a warrant comes back.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { appendForced } from '../guard/forced-command.ts';
import type { Guard, OpenBlock } from '../guard/guard.ts';

/** Appends a command at `timeMs` for each proposal among the events from number `from` on, in their order; returns how many. */
export function appendProposals(
  state: State,
  from: number,
  timeMs: number,
  commands: CommandBuffer,
  guard: Guard | undefined,
  open: OpenBlock,
): number {
  const { events } = state;
  if (guard !== undefined) {
    guard.listen(state);
    const accepted = guard.judge(state, from, open);
    for (const event of accepted) appendForced(events, event, timeMs, commands);
    return accepted.length;
  }
  let count = 0;
  for (let event = from; event < events.count; event++) if (appendForced(events, event, timeMs, commands)) count++;
  return count;
}
