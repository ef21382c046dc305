/** What to change while a record is replayed: the commands that an incident put in, and nothing that follows from them. */
import { applyCommand } from '../engine/apply.ts';
import { COMMAND, COMMAND_BYTES, SET_STATUS } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { commandRows } from './command-record.ts';
import type { BatchEntry } from './entry.ts';

export interface Amendment {
  /**
   * What to apply in the place of the command with this sequence: the rows of one command, no rows to void it, undefined to
   * leave it. A voided command keeps its sequence and its time and does nothing, so that every later one keeps its own.
   */
  readonly replaceCommand?: (sequence: number, rows: Uint8Array) => Uint8Array | undefined;
  /** False voids the commands that halted something: a status other than ok, or paused operations. */
  readonly keepHalts: boolean;
}

/** Rows that replace a command are not those of one command: a mistake of who amends. */
export class BadAmendment extends Error {
  readonly sequence: number;
  constructor(sequence: number, bytes: number) {
    super(`the ${bytes} bytes that replace command ${sequence} are not the rows of one command`);
    this.name = 'BadAmendment';
    this.sequence = sequence;
  }
}

const WORDS = COMMAND_BYTES / 4;
const VOID = new Uint8Array();

/** Applies a batch with its amendment; returns how many commands it held. */
export function applyAmended(state: State, entry: BatchEntry, amend: Amendment): number {
  let commands = 0;
  for (let row = 0; row < entry.rows; commands++) {
    const rows = commandRows(entry.words, row);
    const replacement = replacementOf(entry, row, rows, entry.firstSequence + commands, amend);
    if (replacement === undefined) applyCommand(state, entry.words, entry.floats, row);
    else applyCopy(state, replacement, entry.floats[row * (WORDS / 2) + 1] as number, entry.firstSequence + commands);
    row += rows;
  }
  return commands;
}

function replacementOf(
  entry: BatchEntry,
  row: number,
  rows: number,
  sequence: number,
  amend: Amendment,
): Uint8Array | undefined {
  const replacement = amend.replaceCommand?.(
    sequence,
    entry.bytes.subarray(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES),
  );
  if (replacement !== undefined) return replacement;
  return !amend.keepHalts && isHalt(entry.words, row) ? VOID : undefined;
}

/** True for the command at a row when it halts something: a status other than ok, or paused operations. */
export function isHalt(words: Int32Array, row: number): boolean {
  const at = row * WORDS;
  if (words[at] !== COMMAND.setStatus) return false;
  const status = words[at + SET_STATUS.STATUS];
  // A delisting halts nothing that would go on without it.
  if (status === STATUS.SETTLEMENT) return false;
  return status !== STATUS.OK || words[at + SET_STATUS.PAUSED] !== 0;
}

/** Applies the one command of `bytes`; of no bytes, a command of no kind at `timeMs`, which the engine refuses. */
function applyCopy(state: State, bytes: Uint8Array, timeMs: number, sequence: number): void {
  const isVoid = bytes.length === 0;
  const copy = new Uint8Array(isVoid ? COMMAND_BYTES : bytes.length);
  copy.set(bytes);
  if (copy.length % COMMAND_BYTES !== 0) throw new BadAmendment(sequence, bytes.length);
  const words = new Int32Array(copy.buffer);
  const floats = new Float64Array(copy.buffer);
  if (isVoid) {
    words[1] = 1;
    floats[1] = timeMs;
  }
  if (commandRows(words, 0) !== copy.length / COMMAND_BYTES) throw new BadAmendment(sequence, bytes.length);
  applyCommand(state, words, floats, 0);
}
