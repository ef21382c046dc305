/** Applies a recorded batch as the exchange did under its guard: each tick's proposals are judged again where they were. */
import { commandRows } from '../chain/command-record.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { applyUntilTick } from '../engine/batch.ts';
import { COMMAND, COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { appendForced } from './forced-command.ts';
import type { Guard, OpenBlock } from './guard.ts';

/** So many rows are applied before the guard hears of them: what they told is still close to the processor. */
const HEARD_ROWS = 256;

/**
 * Applies the commands from row `from` up to row `to` or to the first tick, and tells the guard before and, piece by piece, after.
 * Returns the row behind the last one applied.
 */
export function applyHeard(
  state: State,
  guard: Guard,
  words: Int32Array,
  floats: Float64Array,
  from: number,
  to: number,
): number {
  const end = guard.before(state, words, floats, from, to);
  let row = from;
  if (end === undefined) row = applyUntilTick(state, words, floats, from, to);
  else {
    while (row < end) {
      row = applyUntilTick(state, words, floats, row, end, row + HEARD_ROWS);
      if (row < end) guard.listen(state, true);
    }
  }
  guard.listen(state);
  return row;
}

/** Applies a batch to the state; the guard judges anew. Returns how many commands they were, and appends to `expected` the commands that have a warrant. */
export function applyGuarded(
  state: State,
  entry: BatchEntry,
  guard: Guard,
  open: OpenBlock,
  expected: CommandBuffer = new CommandBuffer(),
): number {
  const sequence = (): number => state.venue.f64[64 + VENUE.SEQUENCE] as number;
  const before = sequence();
  guard.authority.meet(entry);
  guard.startBatch();
  for (let row = 0; row < entry.rows; ) {
    const from = state.events.count;
    row = applyHeard(state, guard, entry.words, entry.floats, row, entry.rows);
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    for (const event of guard.judge(state, from, open)) appendForced(state.events, event, timeMs, expected);
  }
  guard.endBatch(state);
  return sequence() - before;
}

const WORDS = COMMAND_BYTES / 4;

const FORCED: ReadonlySet<number> = new Set([
  COMMAND.liquidate,
  COMMAND.fireTrigger,
  COMMAND.forceCancel,
  COMMAND.settlePosition,
]);

/** True for the kinds that only a warrant makes. */
export function isForced(kind: number): boolean {
  return FORCED.has(kind);
}

/** First rows of the forced commands of a batch, in order. */
export function forcedRows({ words, rows }: BatchEntry): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows; ) {
    if (isForced(words[row * WORDS] as number)) found.push(row);
    row += commandRows(words, row);
  }
  return found;
}
