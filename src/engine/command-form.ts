/**
 * Whether a command is one: its kind, its rows, its time. Everything that can be said without the state, so that what comes
 * after may read every row of it.
 */
import { CANCEL_BY_CLIENT_ID, COMMAND, COMMAND_KINDS, PLACE_BATCH, PLACE_ORDER } from './command.ts';
import { REFUSAL } from './refusal.ts';

const WORDS = 16;
/** A time is a whole number of milliseconds up to the year 10889. */
export const TIME_LIMIT = 2 ** 48;
const KINDS = COMMAND_KINDS.length;
const DEFINE_MARKET_ROWS = 3;
const { placeOrder: PLACE, cancelOrder: CANCEL, amendOrder: AMEND } = COMMAND;
const CLIENT_ID_LENGTH = PLACE_ORDER.CLIENT_ID_LENGTH;

/** `command_unknown`, `command_malformed` or none, of the command at `row` that may have rows up to `end`. */
export function checkForm(words: Int32Array, row: number, end: number, timeMs: number): number {
  const at = row * WORDS;
  const kind = words[at] as number;
  const claimed = words[at + 1] as number;
  const timed = timeMs >= 0 && timeMs <= TIME_LIMIT && Math.floor(timeMs) === timeMs;
  if (claimed === 1 && row < end && timed) {
    // The kinds that are reached at rate.
    if (kind === CANCEL || kind === AMEND || (kind === PLACE && words[at + CLIENT_ID_LENGTH] === 0)) return 0;
  }
  if (!(kind >= 1 && kind < KINDS)) return REFUSAL.command_unknown;
  if (!timed || !(claimed >= 1 && row + claimed <= end)) return REFUSAL.command_malformed;
  return hasRightRows(words, row, kind, claimed) ? 0 : REFUSAL.command_malformed;
}

function hasRightRows(words: Int32Array, row: number, kind: number, rows: number): boolean {
  switch (kind) {
    case PLACE:
      return hasClientId(words, row, rows, words[row * WORDS + CLIENT_ID_LENGTH] as number, true);
    case COMMAND.cancelByClientId: {
      const length = words[row * WORDS + CANCEL_BY_CLIENT_ID.CLIENT_ID_LENGTH] as number;
      return hasClientId(words, row, rows, length, false);
    }
    case COMMAND.placeBatch:
      return isBatch(words, row, rows);
    case COMMAND.defineMarket:
      return rows === DEFINE_MARKET_ROWS;
    default:
      return rows === 1;
  }
}

/** A client id of 1 … 64 bytes is in a second row, zeros after it; an optional one may have length 0 and no row. */
function hasClientId(words: Int32Array, row: number, rows: number, length: number, optional: boolean): boolean {
  if (length === 0) return optional && rows === 1;
  if (rows !== 2 || !(length >= 1 && length <= 64)) return false;
  const from = (row + 1) * WORDS;
  const whole = length >> 2;
  const bits = (length & 3) * 8;
  // Bytes of a word are little-endian: what is beyond the text is in its upper bits.
  if (whole < WORDS && (words[from + whole] as number) >>> bits !== 0) return false;
  for (let word = whole + 1; word < WORDS; word++) if (words[from + word] !== 0) return false;
  return true;
}

/** `COUNT` placeOrder commands of the same account, and nothing else, follow as further rows. */
function isBatch(words: Int32Array, row: number, rows: number): boolean {
  const account = words[row * WORDS + PLACE_BATCH.ACCOUNT];
  const count = words[row * WORDS + PLACE_BATCH.COUNT] as number;
  const end = row + rows;
  let at = row + 1;
  for (let item = 0; item < count; item++) {
    const length = at < end ? (words[at * WORDS + 1] as number) : 0;
    if (!(length >= 1 && at + length <= end) || words[at * WORDS] !== PLACE) return false;
    if (!hasClientId(words, at, length, words[at * WORDS + CLIENT_ID_LENGTH] as number, true)) return false;
    if (words[at * WORDS + PLACE_ORDER.ACCOUNT] !== account) return false;
    at += length;
  }
  return count >= 1 && at === end;
}
