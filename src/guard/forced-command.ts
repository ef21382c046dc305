/** A proposal of the engine: the action it asks for, and the command that it becomes once it has its warrant. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { ProposedMargin } from './action-checks.ts';
import { wide } from './exact.ts';
import type { ForcedAction } from './verdict.ts';

export interface Proposal {
  readonly account: number;
  readonly action: ForcedAction;
  /** Sequence of the tick. */
  readonly sequence: number;
  /** Reads what a liquidation says of the account; refuses (throws `Unreadable`) numbers that are none. */
  readonly margin: (() => ProposedMargin) | undefined;
}

const PROPOSALS = new Uint8Array(64);
for (const kind of [EVENT.liquidationDue, EVENT.triggerDue, EVENT.cancelDue, EVENT.settlementDue]) PROPOSALS[kind] = 1;

/** True for the events that propose a forced action. */
export function isProposal(kind: number): boolean {
  return PROPOSALS[kind] === 1;
}

/** The proposal that event number `event` is, undefined when it is none. */
export function proposalOf(events: EventBuffer, event: number): Proposal | undefined {
  const { values } = events;
  const at = event * EVENT_FLOATS;
  const field = (slot: number): number => values[at + 2 + slot] as number;
  const sequence = values[at + 1] as number;
  switch (values[at]) {
    case EVENT.liquidationDue: {
      const margin = (): ProposedMargin => ({ equity: wide(values, at + 4), maintenance: wide(values, at + 6) });
      return { account: field(0), action: { kind: 'liquidate', share: field(1) }, sequence, margin };
    }
    case EVENT.triggerDue: {
      const action = { kind: 'fireTrigger', order: field(0), market: field(2), mark: field(3) } as const;
      return { account: field(1), action, sequence, margin: undefined };
    }
    case EVENT.cancelDue: {
      const action = { kind: 'forceCancel', order: field(0), market: field(2), reason: field(3) } as const;
      return { account: field(1), action, sequence, margin: undefined };
    }
    case EVENT.settlementDue: {
      const action = { kind: 'settlePosition', market: field(1), size: field(2), mark: field(3) } as const;
      return { account: field(0), action, sequence, margin: undefined };
    }
    default:
      return undefined;
  }
}

/** Appends the command at `timeMs` that event number `event` proposes; returns false when it proposes none. */
export function appendForced(events: EventBuffer, event: number, timeMs: number, commands: CommandBuffer): boolean {
  const { values } = events;
  const at = event * EVENT_FLOATS;
  const field = (slot: number): number => values[at + 2 + slot] as number;
  switch (values[at]) {
    case EVENT.triggerDue:
      commands.fireTrigger(timeMs, field(0), field(3));
      return true;
    case EVENT.cancelDue:
      commands.forceCancel(timeMs, field(0), field(3));
      return true;
    case EVENT.liquidationDue:
      commands.liquidate(timeMs, field(0), field(1), field(2), field(3), field(4), field(5));
      return true;
    case EVENT.settlementDue:
      commands.settlePosition(timeMs, field(0), field(1), field(2), field(3));
      return true;
    default:
      return false;
  }
}
