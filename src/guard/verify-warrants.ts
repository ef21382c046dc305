/** Verifies the warrants of a history: each is computed again from the replay, and compared byte by byte with what is stored. */
import type { Block } from '../chain/block.ts';
import type { RollbackCertificate } from '../chain/certificate.ts';
import { commandRows } from '../chain/command-record.ts';
import { sameBytes } from '../chain/digest.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { type Refusal, REFUSALS } from '../engine/refusal.ts';
import type { State } from '../engine/state.ts';
import { ActVerifier } from './authority/verify-acts.ts';
import { Guard, type OpenBlock } from './guard.ts';
import { applyGuarded, forcedRows } from './guarded-replay.ts';
import { decodeHolds, type HoldRecord } from './hold-record.ts';
import { HoldVerifier } from './verify-holds.ts';
import { decodeLines } from './warrant.ts';

/** The first forced action or stored warrant that does not stand up. */
export interface InvalidWarrant {
  readonly height: number;
  /** Sequence of the last command of its batch. */
  readonly sequence: number;
  readonly why: 'missing' | 'no_forced_command' | 'not_due' | 'other_command' | 'differs';
  readonly stored: string | null;
  readonly computed: string | null;
}

/** A forced action with its warrant as it is stored, or one of the two without the other. */
export interface JudgedWarrant {
  /** Undefined: the stored warrant is the one that history gives. */
  readonly why: InvalidWarrant['why'] | undefined;
  readonly stored: string | undefined;
  readonly computed: string | undefined;
  readonly height: number;
  /** Sequence of the forced command; undefined when there is none. */
  readonly command: number | undefined;
  /** Why the engine refused the command after all: its facts were no longer so when its turn came. */
  readonly refusal: Refusal | undefined;
}

/** A forced command of a batch. */
interface ForcedCommand {
  readonly row: Uint8Array;
  readonly sequence: number;
  readonly refusal: Refusal | undefined;
}

/** A batch whose warrants have not been seen yet. */
interface OpenBatch {
  readonly open: OpenBlock;
  readonly sequence: number;
  /** Rows of its forced commands, and of those that have a warrant by the computation. */
  readonly forced: readonly ForcedCommand[];
  readonly expected: readonly Uint8Array[];
  readonly computed: Uint8Array;
}

/**
 * Goes along with a replay: `apply` each batch, `take` what is stored behind it, `finish` at the end. Signed acts are given to `acts`,
 * since they decide what the guard may do; what it found of them is there.
 */
export class WarrantVerifier {
  readonly guard = new Guard();
  readonly acts = new ActVerifier(this.guard.authority);
  /** Stored warrants. */
  warrants = 0;
  valid = 0;
  invalid = 0;
  /** Records of holds; and entries of holds that are no such lines. */
  readonly holds = new HoldVerifier();
  unreadableHolds = 0;
  firstInvalid: InvalidWarrant | null = null;
  private batch: OpenBatch | undefined;
  private readonly onJudged: ((judged: JudgedWarrant) => void) | undefined;

  /** `onJudged` is told of each forced action and each stored warrant, in their order. */
  constructor(onJudged?: (judged: JudgedWarrant) => void) {
    this.onJudged = onJudged;
  }

  /** Applies a batch as `ReplayOptions.apply` wants it. */
  apply(state: State, entry: BatchEntry, open: OpenBlock): number {
    this.finish();
    this.acts.before(entry, open);
    const expected = new CommandBuffer();
    const commands = applyGuarded(state, entry, this.guard, open, expected);
    const computed = this.guard.takeWarrants();
    const sequence = entry.firstSequence + entry.commands - 1;
    const { height } = open;
    const lines = linesOf(this.guard.takeHolds());
    this.holds.begin({ height, sequence, before: entry.firstSequence - 1, holds: lines, warrants: linesOf(computed) });
    const forced = forcedCommands(state, entry);
    const due = Array.from({ length: expected.rows }, (_, row) => rowOf(expected.bytes, row));
    this.batch = { open, sequence, forced, expected: due, computed };
    return commands;
  }

  /** The branch ended by a rollback, whose certificate this is: what it rests on is judged, and the first batch behind it is its own. */
  restore(certificate: RollbackCertificate, { height, lastSequence }: Block): void {
    this.finish();
    this.acts.restore(certificate, height, lastSequence);
  }

  /** Takes the stored warrants of the batch that was applied last. */
  take(stored: Uint8Array): void {
    const { batch } = this;
    const lines = decodeLines(stored);
    this.warrants += lines.length;
    this.batch = undefined;
    if (batch === undefined) {
      for (const line of lines)
        this.judge({ height: -1, sequence: 0 }, 'no_forced_command', line, undefined, undefined);
      return;
    }
    this.compare(batch, lines);
  }

  /** Reads what was held with the batch that was applied last; undefined when it cannot be read. */
  takeHolds(stored: Uint8Array): HoldRecord[] | undefined {
    const records = decodeHolds(stored);
    if (records === undefined) this.unreadableHolds++;
    else this.holds.take(records);
    return records;
  }

  /** Nothing more follows the batch that was applied last. */
  finish(): void {
    const { batch } = this;
    this.batch = undefined;
    if (batch !== undefined) this.compare(batch, []);
    this.holds.end();
  }

  private compare(batch: OpenBatch, stored: readonly string[]): void {
    const { forced, expected } = batch;
    const computed = decodeLines(batch.computed);
    const place = placeOf(batch);
    // The process may have held more than its history shows (a fault of its memory is not part of it), never less.
    let next = 0;
    for (let n = 0; n < Math.max(forced.length, stored.length); n++) {
      const { row } = forced[n] ?? {};
      const same = row === undefined ? -1 : expected.findIndex((due, at) => at >= next && sameBytes(due, row));
      const at = same < 0 ? next : same;
      const why = faultOf(row, expected[at], stored[n], computed[at]);
      this.judge(place, why, stored[n], computed[at], forced[n]);
      if (same >= 0) next = same + 1;
    }
  }

  private judge(
    { height, sequence }: { height: number; sequence: number },
    why: InvalidWarrant['why'] | undefined,
    stored: string | undefined,
    computed: string | undefined,
    command: ForcedCommand | undefined,
  ): void {
    const { sequence: at, refusal } = command ?? {};
    this.onJudged?.({ why, stored, computed, height, command: at, refusal });
    if (why === undefined) {
      this.valid++;
      return;
    }
    this.invalid++;
    this.firstInvalid ??= { height, sequence, why, stored: stored ?? null, computed: computed ?? null };
  }
}

function placeOf({ open, sequence }: OpenBatch): { height: number; sequence: number } {
  return { height: open.height, sequence };
}

function faultOf(
  forced: Uint8Array | undefined,
  expected: Uint8Array | undefined,
  stored: string | undefined,
  computed: string | undefined,
): InvalidWarrant['why'] | undefined {
  if (stored === undefined) return 'missing';
  if (forced === undefined) return 'no_forced_command';
  if (expected === undefined || computed === undefined) return 'not_due';
  if (!sameBytes(expected, forced)) return 'other_command';
  return stored === computed ? undefined : 'differs';
}

/** The forced commands of a batch that was applied to `state`, whose events are still there. */
function forcedCommands(state: State, entry: BatchEntry): ForcedCommand[] {
  const rows = forcedRows(entry);
  if (rows.length === 0) return [];
  const refusals = new Map<number, Refusal | undefined>();
  const { values, count } = state.events;
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (values[at] === EVENT.refused) refusals.set(values[at + 1] as number, REFUSALS[values[at + 3] as number]);
  }
  const forced: ForcedCommand[] = [];
  let sequence = entry.firstSequence;
  for (let row = 0; row < entry.rows; row += commandRows(entry.words, row), sequence++) {
    if (row !== rows[forced.length]) continue;
    forced.push({ row: rowOf(entry.bytes, row), sequence, refusal: refusals.get(sequence) });
  }
  return forced;
}

function linesOf(rows: Uint8Array): string[] {
  return rows.length === 0 ? [] : decodeLines(rows);
}

function rowOf(bytes: Uint8Array, row: number): Uint8Array {
  return bytes.slice(row * COMMAND_BYTES, (row + 1) * COMMAND_BYTES);
}
