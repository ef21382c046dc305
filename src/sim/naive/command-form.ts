/** Reading commands from their bytes by `COMMAND_SCHEMAS`, and whether their rows are what their kind needs. */
import { COMMAND_KINDS, COMMAND_SCHEMAS, type CommandKind } from '../../engine/command.ts';
import type { Refusal } from '../../engine/refusal.ts';

const WORDS = 16;
const FLOATS = 8;
const LATEST_MS = 2 ** 48;
const CLIENT_ID_BYTES = 64;

/** The rows of a run of commands and which of them are one command's. */
export class CommandView {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly row: number;

  constructor(words: Int32Array, floats: Float64Array, row: number) {
    this.words = words;
    this.floats = floats;
    this.row = row;
  }

  get code(): number {
    return this.words[this.row * WORDS] as number;
  }

  get kind(): CommandKind | undefined {
    const kind = this.code > 0 ? COMMAND_KINDS[this.code] : undefined;
    return kind === 'none' ? undefined : kind;
  }

  /** Rows that it says it has. */
  get claimed(): number {
    return this.words[this.row * WORDS + 1] as number;
  }

  get timeMs(): number {
    return this.floats[this.row * FLOATS + 1] as number;
  }

  /** Rows from its first to the end of what is there. */
  get there(): number {
    return this.words.length / WORDS - this.row;
  }

  /** A column of its first row by name. */
  value(name: string): number {
    const column = COMMAND_SCHEMAS[this.kind as CommandKind].columns.find((each) => each.name === name);
    if (column === undefined) throw new Error(`${this.kind} has no column ${name}`);
    const values = column.kind === 'f64' ? this.floats : this.words;
    return values[this.row * (column.kind === 'f64' ? FLOATS : WORDS) + column.offset] as number;
  }

  /** All words of a column of its first row, as one text. */
  text(name: string): string {
    const column = COMMAND_SCHEMAS[this.kind as CommandKind].columns.find((each) => each.name === name);
    if (column === undefined) throw new Error(`${this.kind} has no column ${name}`);
    const from = this.row * WORDS + column.offset;
    return this.words.subarray(from, from + column.count).join();
  }

  /** The floats of the rows after the first. */
  parameters(): number[] {
    return [...this.floats.subarray((this.row + 1) * FLOATS, (this.row + 3) * FLOATS)];
  }

  /** The client id in the second row, as text; undefined when its length is 0. */
  clientId(): string | undefined {
    const length = this.value('CLIENT_ID_LENGTH');
    if (length === 0) return undefined;
    return `${length}:${this.words.subarray((this.row + 1) * WORDS, (this.row + 2) * WORDS).join()}`;
  }

  /** The command in a later row. */
  at(row: number): CommandView {
    return new CommandView(this.words, this.floats, row);
  }
}

/** True when the second row holds `length` bytes of text and zeros after them. */
function isTextZeroPadded(view: CommandView, length: number): boolean {
  const from = view.row * 4 * WORDS + CLIENT_ID_BYTES;
  const bytes = new Uint8Array(view.words.buffer, view.words.byteOffset + from, CLIENT_ID_BYTES);
  return bytes.subarray(length).every((byte) => byte === 0);
}

/** True when a command has a client id in its second row, or neither. */
function isClientIdWellFormed(view: CommandView, rows: number, optional: boolean): boolean {
  const length = view.value('CLIENT_ID_LENGTH');
  if (length === 0) return optional && rows === 1;
  return rows === 2 && length >= 1 && length <= CLIENT_ID_BYTES && isTextZeroPadded(view, length);
}

function isBatchWellFormed(view: CommandView): boolean {
  const end = view.row + view.claimed;
  const count = view.value('COUNT');
  let row = view.row + 1;
  for (let item = 0; item < count; item++) {
    const order = view.at(row);
    if (row >= end || order.kind !== 'placeOrder') return false;
    if (order.claimed < 1 || row + order.claimed > end) return false;
    if (!isClientIdWellFormed(order, order.claimed, true)) return false;
    if (order.value('ACCOUNT') !== view.value('ACCOUNT')) return false;
    row += order.claimed;
  }
  return count >= 1 && row === end;
}

function hasRightRows(view: CommandView, kind: CommandKind): boolean {
  if (kind === 'defineMarket') return view.claimed === 3;
  if (kind === 'placeBatch') return isBatchWellFormed(view);
  if (kind === 'placeOrder') return isClientIdWellFormed(view, view.claimed, true);
  if (kind === 'cancelByClientId') return isClientIdWellFormed(view, view.claimed, false);
  return view.claimed === 1;
}

/** `command_unknown`, `command_malformed` or `none`. */
export function formOf(view: CommandView): Refusal {
  const { kind, claimed, timeMs } = view;
  if (kind === undefined) return 'command_unknown';
  if (claimed < 1 || claimed > view.there) return 'command_malformed';
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > LATEST_MS) return 'command_malformed';
  return hasRightRows(view, kind) ? 'none' : 'command_malformed';
}
