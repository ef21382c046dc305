// A bar: open, high, low and close of one market in one interval, as recorded; and the checks on its numbers.
import { compareDecimals, decimalSign } from './decimal.ts';
import { FeedError, type Location } from './feed-error.ts';

/** Prices and volume are the decimal text of the record, never rounded. */
export interface Bar {
  readonly market: string;
  readonly venue?: string | undefined;
  /** Start of the interval, milliseconds UTC. */
  readonly openTimeMs: number;
  readonly intervalMs: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** In units of the base asset. Zero when nothing traded. */
  readonly volume: string;
}

/** A row of a bar file before its market and its interval are known. */
export interface BarRow {
  /** Undefined in a file of one market, which is named by the file. */
  readonly symbol: string | undefined;
  readonly venue: string | undefined;
  /** The stamp of the row, milliseconds UTC. */
  readonly stampMs: number;
  /** The interval that the row itself states by its close time. */
  readonly intervalMs: number | undefined;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

/** How one kind of bar file is read. */
export interface BarFormat {
  readonly kind: 'bars';
  readonly name: string;
  readonly columns: number;
  /** Whether the file holds one market and names it in its own name. */
  readonly isNamedByFile: boolean;
  readonly hasHeader: boolean;
  /** Which end of its interval a row is stamped with. */
  readonly stamp: 'open' | 'close';
  /** Whether the open is the previous close, which may lie outside the interval's own range. */
  readonly opensAtPreviousClose: boolean;
  /** Reads a row of `columns` fields. Throws FeedError for a stamp that is none. */
  readRow(fields: readonly string[], at: Location): BarRow;
  /** Returns the market of a symbol of this format; undefined when it is no perpetual against the dollar. */
  marketOf(symbol: string): string | undefined;
}

/**
 * Checks the numbers of a row. Throws FeedError: `bad_number`, `price_not_positive` (zero and negative), `high_below_low`,
 * `price_outside_range` (open or close beyond high and low), `volume_negative`.
 */
export function checkBarRow(row: BarRow, format: BarFormat, at: Location): void {
  for (const price of [row.open, row.high, row.low, row.close]) checkPrice(price, at);
  if (isBelow(row.high, row.low)) {
    throw new FeedError('high_below_low', at, `the high ${row.high} is below the low ${row.low}`);
  }
  checkInRange('close', row.close, row, at);
  if (!format.opensAtPreviousClose) checkInRange('open', row.open, row, at);
  const volumeSign = decimalSign(row.volume);
  if (volumeSign === undefined || !Number.isFinite(Number(row.volume)))
    throw new FeedError('bad_number', at, `the volume "${row.volume}" is not a decimal number`);
  if (volumeSign < 0) throw new FeedError('volume_negative', at, `the volume ${row.volume} is negative`);
}

/** Checks that a price is decimal text above zero. Throws FeedError `bad_number` or `price_not_positive`. */
export function checkPrice(price: string, at: Location): void {
  const sign = decimalSign(price);
  if (sign === undefined) throw new FeedError('bad_number', at, `the price "${price}" is not a decimal number`);
  if (sign <= 0) throw new FeedError('price_not_positive', at, `the price ${price} is not above zero`);
}

function checkInRange(what: string, price: string, { high, low }: BarRow, at: Location): void {
  if (!isBelow(price, low) && !isBelow(high, price)) return;
  throw new FeedError('price_outside_range', at, `the ${what} ${price} is outside the range ${low} to ${high}`);
}

/** Exact for plain text with the point in the same place by comparing the text, else by comparing the decimals. */
function isBelow(left: string, right: string): boolean {
  if (left === right) return false;
  if (left.length === right.length && left.indexOf('.') === right.indexOf('.') && isPlain(left) && isPlain(right)) {
    return left < right;
  }
  return compareDecimals(left, right) < 0;
}

function isPlain(text: string): boolean {
  return !text.includes('e') && !text.includes('E');
}
