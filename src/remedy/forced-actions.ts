/** Forced actions of the actual world: whom each was against, and the warrant that the guard gave it. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { CLOSE } from '../engine/refusal.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { commandRows } from '../chain/command-record.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { ForcedAction } from '../guard/verdict.ts';
import { decodeLines } from '../guard/warrant.ts';

/** A forced action that happened. */
export interface OwnAction {
  readonly account: number;
  readonly fork: number;
  readonly sequence: number;
  readonly kind: ForcedAction['kind'];
}

/** Orders are cancelled by force for these reasons alone, and by others for none of them. */
const BY_FORCE: ReadonlySet<number> = new Set([CLOSE.DELEVERAGE, CLOSE.PRICE_OUTSIDE_BANDS]);

export class ForcedActions {
  readonly actions: OwnAction[] = [];
  private readonly fork: number;

  constructor(fork: number) {
    this.fork = fork;
  }

  /** Takes the events of the actual world. */
  take({ values, count }: EventBuffer): void {
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      const field = (slot: number): number => values[at + 2 + slot] as number;
      const sequence = values[at + 1] as number;
      if (values[at] === EVENT.liquidated) this.note(field(0), sequence, 'liquidate');
      else if (values[at] === EVENT.positionSettled) this.note(field(0), sequence, 'settlePosition');
      else if (values[at] === EVENT.orderTriggered) this.note(field(1), sequence, 'fireTrigger');
      else if (values[at] === EVENT.orderClosed && BY_FORCE.has(field(3))) this.note(field(1), sequence, 'forceCancel');
    }
  }

  private note(account: number, sequence: number, kind: OwnAction['kind']): void {
    this.actions.push({ account, fork: this.fork, sequence, kind });
  }
}

/** Warrants by the sequence of their command, as the journal has them: one canonical line each, without its line feed. */
export class StoredWarrants {
  private readonly lines = new Map<number, string>();
  private forced: number[] = [];

  /** Takes a batch; the warrants behind it are given next. */
  takeBatch(entry: BatchEntry): void {
    this.forced = forcedSequences(entry);
  }

  /** Takes the warrants of the batch before: the n-th is of its n-th forced command. */
  takeWarrants(bytes: Uint8Array): void {
    decodeLines(bytes).forEach((line, place) => {
      const sequence = this.forced[place];
      if (sequence !== undefined && line.endsWith('\n')) this.lines.set(sequence, line.slice(0, -1));
    });
  }

  /** The warrant of the forced command at a sequence; undefined when it had none. */
  of(sequence: number): string | undefined {
    return this.lines.get(sequence);
  }
}

function forcedSequences({ words, rows, firstSequence }: BatchEntry): number[] {
  const sequences: number[] = [];
  let sequence = firstSequence;
  for (let row = 0; row < rows; sequence++) {
    if (isForced(words[row * 16] as number)) sequences.push(sequence);
    row += commandRows(words, row);
  }
  return sequences;
}
