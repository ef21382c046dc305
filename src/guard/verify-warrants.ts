/** Verifies the warrants of a history: each is computed again from the replay, and compared byte by byte with what is stored. */
import type { BatchEntry } from '../chain/entry.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { ActVerifier } from './authority/verify-acts.ts';
import { Guard, type OpenBlock } from './guard.ts';
import { applyGuarded, forcedRows } from './guarded-replay.ts';
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

/** A batch whose warrants have not been seen yet. */
interface OpenBatch {
  readonly open: OpenBlock;
  readonly sequence: number;
  /** Rows of its forced commands, and of those that have a warrant by the computation. */
  readonly forced: readonly Uint8Array[];
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
  firstInvalid: InvalidWarrant | null = null;
  private batch: OpenBatch | undefined;

  /** Applies a batch as `ReplayOptions.apply` wants it. */
  apply(state: State, entry: BatchEntry, open: OpenBlock): number {
    this.finish();
    this.acts.before(entry, open);
    const expected = new CommandBuffer();
    const commands = applyGuarded(state, entry, this.guard, open, expected);
    const computed = this.guard.takeWarrants();
    // Holds are facts of the process that saw them: they are read, not computed again.
    this.guard.takeHolds();
    const sequence = entry.firstSequence + entry.commands - 1;
    const forced = forcedRows(entry).map((row) => rowOf(entry.bytes, row));
    const due = Array.from({ length: expected.rows }, (_, row) => rowOf(expected.bytes, row));
    this.batch = { open, sequence, forced, expected: due, computed };
    return commands;
  }

  /** Takes the stored warrants of the batch that was applied last. */
  take(stored: Uint8Array): void {
    const { batch } = this;
    const lines = decodeLines(stored);
    this.warrants += lines.length;
    this.batch = undefined;
    if (batch === undefined) {
      for (const line of lines) this.refuse({ height: -1, sequence: 0 }, 'no_forced_command', line, undefined);
      return;
    }
    this.compare(batch, lines);
  }

  /** Nothing more follows the batch that was applied last. */
  finish(): void {
    const { batch } = this;
    this.batch = undefined;
    if (batch !== undefined) this.compare(batch, []);
  }

  private compare(batch: OpenBatch, stored: readonly string[]): void {
    const { forced, expected } = batch;
    const computed = decodeLines(batch.computed);
    const place = placeOf(batch);
    for (let n = 0; n < Math.max(forced.length, stored.length); n++) {
      const why = faultOf(forced[n], expected[n], stored[n], computed[n]);
      if (why === undefined) this.valid++;
      else this.refuse(place, why, stored[n], computed[n]);
    }
  }

  private refuse(
    { height, sequence }: { height: number; sequence: number },
    why: InvalidWarrant['why'],
    stored: string | undefined,
    computed: string | undefined,
  ): void {
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
  if (!expected.every((byte, at) => byte === forced[at])) return 'other_command';
  return stored === computed ? undefined : 'differs';
}

function rowOf(bytes: Uint8Array, row: number): Uint8Array {
  return bytes.slice(row * COMMAND_BYTES, (row + 1) * COMMAND_BYTES);
}
