/** A batch's commands as the projection needs them: where each starts, its time, whom it concerns, the client ids it carries. */
import { commandRows } from '../chain/command-record.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { COMMAND, COMMAND_KINDS, COMMAND_SCHEMAS, type CommandKind, PLACE_ORDER } from '../engine/command.ts';

const WORDS = 16;
const FLOATS = 8;

/** Columns that say whom a kind of command concerns; −1 where it has none. */
const OWNERS = COMMAND_KINDS.map((kind) =>
  kind === 'none'
    ? { account: -1, market: -1 }
    : { account: columnOf(kind, ['ACCOUNT', 'FROM']), market: columnOf(kind, ['MARKET']) },
);

function columnOf(kind: CommandKind, names: readonly string[]): number {
  const found = COMMAND_SCHEMAS[kind].columns.find(({ name, kind: view }) => names.includes(name) && view === 'i32');
  return found?.offset ?? -1;
}

export interface CommandRow {
  readonly sequence: number;
  readonly timeMs: number;
  readonly kind: string;
  /** 0: it names none. */
  readonly account: number;
  readonly market: number;
  /** Its first row in the batch, and how many it has. */
  readonly row: number;
  readonly rows: number;
}

/** The commands of a batch, in their order. */
export function commandsOf({ words, floats, rows, firstSequence }: BatchEntry): CommandRow[] {
  const commands: CommandRow[] = [];
  for (let row = 0, sequence = firstSequence; row < rows; sequence++) {
    const count = commandRows(words, row);
    const code = words[row * WORDS] as number;
    const { account, market } = OWNERS[code] ?? { account: -1, market: -1 };
    commands.push({
      sequence,
      timeMs: floats[row * FLOATS + 1] as number,
      kind: COMMAND_KINDS[code] ?? `unknown_${code}`,
      account: account < 0 ? 0 : (words[row * WORDS + account] as number),
      market: market < 0 ? 0 : (words[row * WORDS + market] as number),
      row,
      rows: count,
    });
    row += count;
  }
  return commands;
}

/** The client id of each order that a command places, in their order; null where an order has none. */
export function clientIdsOf({ words, bytes }: BatchEntry, { row, rows, kind }: CommandRow): (string | null)[] {
  if (kind === 'placeOrder') return [clientIdAt(words, bytes, row)];
  const ids: (string | null)[] = [];
  for (let at = row + 1; kind === 'placeBatch' && at < row + rows; at += commandRows(words, at)) {
    if (words[at * WORDS] === COMMAND.placeOrder) ids.push(clientIdAt(words, bytes, at));
  }
  return ids;
}

function clientIdAt(words: Int32Array, bytes: Uint8Array, row: number): string | null {
  const length = words[row * WORDS + PLACE_ORDER.CLIENT_ID_LENGTH] as number;
  if (length <= 0 || length > 64) return null;
  return new TextDecoder().decode(bytes.subarray((row + 1) * 64, (row + 1) * 64 + length));
}
