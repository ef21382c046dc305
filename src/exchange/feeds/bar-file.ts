// One file of bars: its rows in series by symbol and venue, every row checked.
import { type Bar, type BarFormat, type BarRow, checkBarRow } from './bar.ts';
import { splitFields } from './csv.ts';
import { FeedError, type FeedFinding, type Location } from './feed-error.ts';
import { type FileName, readFileName } from './file-name.ts';
import { durationText, intervalOf } from './interval.ts';
import type { TextFile } from './lines.ts';
import { dayMs, isoText } from './timestamp.ts';

/** A time range, milliseconds UTC, `toMs` exclusive. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one file holds of one symbol on one venue. */
export interface SeriesListing {
  readonly file: string;
  readonly market: string;
  readonly symbol: string;
  readonly venue: string | undefined;
  readonly intervalMs: number;
  readonly rows: number;
  /** Open times of the first and the last bar, and where they stand. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Bars that are missing between the first and the last. */
  readonly missingBars: number;
  /** Bars by UTC day, counted from 1970-01-01. */
  readonly rowsByDay: ReadonlyMap<number, number>;
}

export interface BarSeries extends SeriesListing {
  /** The line of the last bar that opens before the range that was asked for; 0 when there is none. */
  readonly lineBefore: number;
  /** Bars that open in the range that was asked for, in order of time. */
  readonly bars: readonly PlacedBar[];
}

export interface PlacedBar {
  readonly bar: Bar;
  readonly line: number;
}

export interface BarFile {
  /** Data rows of the file, used or not. */
  readonly rows: number;
  readonly series: readonly BarSeries[];
  readonly findings: readonly FeedFinding[];
}

interface Rows {
  readonly symbol: string;
  readonly venue: string | undefined;
  readonly stampsMs: number[];
  readonly lines: number[];
  readonly kept: { row: BarRow; line: number }[];
}

/**
 * Reads a bar file and checks every row of it. Returns one series for each symbol and venue, with the bars that open in
 * `range` (none when no range is given).
 *
 * Throws FeedError naming file and line for a row that cannot be right: `bad_row`, `bad_number`, `bad_timestamp`, `not_utc`, the codes
 * of `checkBarRow`, `duplicate_timestamp`, `timestamps_not_rising`, `off_grid_timestamp`, `outside_named_period`,
 * `close_time_mismatch`, `interval_mismatch`, `unknown_interval`, `unknown_market`, and `empty_file` when there is no row.
 *
 * Missing bars are NOT an error and are never filled: real records have gaps, and a source that says nothing must stay
 * silent. They are counted here and reported as findings for the day that is read (see `readDay`).
 */
export function readBarFile(text: TextFile, format: BarFormat, range?: TimeRange): BarFile {
  const name = readFileName(text.file);
  const { series: read, statedIntervalMs } = readRows(text, format, name, range);
  const intervalMs = intervalOf(text.file, read, name.intervalMs, statedIntervalMs);
  const findings: FeedFinding[] = [];
  if (!text.endsWithNewline) findings.push(noFinalNewline(text.file, read));
  const series: BarSeries[] = [];
  for (const rows of read) {
    const market = format.marketOf(rows.symbol);
    if (market === undefined && format.isNamedByFile) throw unknownMarket(text.file, rows.symbol);
    if (market === undefined) findings.push(notAPerpetual(text.file, rows));
    else series.push(toSeries(text.file, format, rows, market, intervalMs, range));
  }
  const kept = withoutSecondListings(series, findings);
  findings.push(...kept.flatMap(notFromMidnight));
  const rows = read.reduce((sum, { lines }) => sum + lines.length, 0);
  return { rows, series: kept, findings };
}

function readRows(text: TextFile, format: BarFormat, name: FileName, range: TimeRange | undefined) {
  const series = new Map<string, Rows>();
  let current: Rows | undefined;
  let statedIntervalMs: number | undefined;
  for (const { lineNumber, text: line } of text.lines()) {
    if (lineNumber === 1 && format.hasHeader) continue;
    const at = { file: text.file, line: lineNumber };
    const row = format.readRow(splitFields(line, at, format.columns), at);
    checkBarRow(row, format, at);
    checkPeriod(row.stampMs, name, format, at);
    statedIntervalMs ??= row.intervalMs;
    checkCloseTime(row.intervalMs, statedIntervalMs, at);
    const symbol = row.symbol ?? name.symbol;
    if (current === undefined || current.symbol !== symbol || current.venue !== row.venue) {
      current = seriesFor(series, symbol, row.venue);
    }
    checkRising(current, row.stampMs, at);
    current.stampsMs.push(row.stampMs);
    current.lines.push(lineNumber);
    // A row stamped with its end opens before its stamp, by less than a day: the exact range is cut once the interval is known.
    if (range !== undefined && row.stampMs >= range.fromMs && row.stampMs <= range.toMs + dayMs) {
      current.kept.push({ row, line: lineNumber });
    }
  }
  if (series.size === 0)
    throw new FeedError('empty_file', { file: text.file, line: 1 }, 'there is a header and no row');
  return { series: [...series.values()], statedIntervalMs };
}

function seriesFor(all: Map<string, Rows>, symbol: string, venue: string | undefined): Rows {
  const key = `${venue ?? ''}|${symbol}`;
  const found = all.get(key);
  if (found !== undefined) return found;
  const rows: Rows = { symbol, venue, stampsMs: [], lines: [], kept: [] };
  all.set(key, rows);
  return rows;
}

function checkCloseTime(intervalMs: number | undefined, usualMs: number | undefined, at: Location): void {
  if (intervalMs === usualMs && (intervalMs === undefined || intervalMs > 0)) return;
  const usual = intervalMs === usualMs ? 'it must be after it' : `${durationText(usualMs ?? 0)} on the first row`;
  const detail = `the close time is ${durationText(intervalMs ?? 0)} after the open time: ${usual}`;
  throw new FeedError('close_time_mismatch', at, detail);
}

function checkRising({ symbol, stampsMs, lines }: Rows, stampMs: number, at: Location): void {
  const previousMs = stampsMs.at(-1);
  if (previousMs === undefined || stampMs > previousMs) return;
  const before = `${symbol} has ${isoText(previousMs)} on line ${lines.at(-1)}`;
  if (stampMs === previousMs) throw new FeedError('duplicate_timestamp', at, `${before} already`);
  throw new FeedError('timestamps_not_rising', at, `${before}, and then the earlier ${isoText(stampMs)}`);
}

function checkPeriod(stampMs: number, { period }: FileName, { stamp }: BarFormat, at: Location): void {
  if (period === undefined || (stampMs >= period.fromMs && stampMs < period.toMs)) return;
  if (stamp === 'close' && stampMs === period.toMs) return;
  const detail = `the file is named for ${period.text} and this row is stamped ${isoText(stampMs)}: is it in another time zone?`;
  throw new FeedError('outside_named_period', at, detail);
}

function toSeries(
  file: string,
  format: BarFormat,
  { symbol, venue, stampsMs, lines, kept }: Rows,
  market: string,
  intervalMs: number,
  range: TimeRange | undefined,
): BarSeries {
  checkGrid(file, stampsMs, lines, intervalMs);
  const shiftMs = format.stamp === 'close' ? intervalMs : 0;
  const firstMs = (stampsMs[0] ?? 0) - shiftMs;
  const lastMs = (stampsMs.at(-1) ?? 0) - shiftMs;
  const bars = kept
    .map(({ row, line }) => ({ bar: toBar(row, market, row.stampMs - shiftMs, intervalMs), line }))
    .filter(({ bar }) => range !== undefined && bar.openTimeMs >= range.fromMs && bar.openTimeMs < range.toMs);
  return {
    file,
    market,
    symbol,
    venue,
    intervalMs,
    rows: stampsMs.length,
    firstMs,
    lastMs,
    firstLine: lines[0] ?? 0,
    lastLine: lines.at(-1) ?? 0,
    lineBefore: lineBefore(stampsMs, lines, (range?.fromMs ?? Number.NEGATIVE_INFINITY) + shiftMs),
    missingBars: (lastMs - firstMs) / intervalMs + 1 - stampsMs.length,
    rowsByDay: countByDay(stampsMs, shiftMs),
    bars,
  };
}

function toBar(row: BarRow, market: string, openTimeMs: number, intervalMs: number): Bar {
  const { venue, open, high, low, close, volume } = row;
  return { market, venue, openTimeMs, intervalMs, open, high, low, close, volume };
}

function checkGrid(file: string, stampsMs: readonly number[], lines: readonly number[], intervalMs: number): void {
  const index = stampsMs.findIndex((stampMs) => stampMs % intervalMs !== 0);
  if (index === -1) return;
  const stampMs = stampsMs[index] ?? 0;
  const detail = `${isoText(stampMs)} is ${durationText(stampMs % intervalMs)} past the grid of ${durationText(intervalMs)} bars`;
  throw new FeedError('off_grid_timestamp', { file, line: lines[index] ?? 0 }, detail);
}

function lineBefore(stampsMs: readonly number[], lines: readonly number[], stampMs: number): number {
  const index = stampsMs.findLastIndex((candidateMs) => candidateMs < stampMs);
  return lines[index] ?? 0;
}

function countByDay(stampsMs: readonly number[], shiftMs: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const stampMs of stampsMs) {
    // Rounded down: the day that the bar opens in.
    const day = Math.floor((stampMs - shiftMs) / dayMs);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return counts;
}

/** Of several symbols for one market on one venue (BTCUSDT, BTCUSDC) the first stays, USDT before others; the rest is reported. */
function withoutSecondListings(series: readonly BarSeries[], findings: FeedFinding[]): BarSeries[] {
  const chosen = new Map<string, BarSeries>();
  for (const one of series) {
    const key = `${one.venue ?? ''}|${one.market}`;
    const other = chosen.get(key);
    const isChosen = other === undefined || (one.symbol.endsWith('USDT') && !other.symbol.endsWith('USDT'));
    if (isChosen) chosen.set(key, one);
    const left = isChosen ? other : one;
    if (left !== undefined) findings.push(secondListing(left, isChosen ? one : (other ?? one)));
  }
  return series.filter((one) => chosen.get(`${one.venue ?? ''}|${one.market}`) === one);
}

function secondListing({ file, firstLine, symbol, market, venue, rows }: BarSeries, used: BarSeries): FeedFinding {
  const message = `${rows} rows of ${symbol} are not used: ${used.symbol} is the same market ${market}`;
  return { code: 'market_listed_twice', file, line: firstLine, market, venue, message };
}

/** Whole days that do not start at midnight may be days of another time zone; nothing in the file can prove it. */
function notFromMidnight(series: BarSeries): FeedFinding[] {
  const { file, firstLine: line, market, venue, firstMs, lastMs, intervalMs } = series;
  const isWholeDays = (lastMs + intervalMs - firstMs) % dayMs === 0;
  // A series whose bars are stamped with their end may begin one interval before midnight.
  const sinceMidnightMs = firstMs % dayMs;
  if (!isWholeDays || sinceMidnightMs === 0 || sinceMidnightMs === dayMs - intervalMs) return [];
  const message = `the bars are whole days from ${isoText(firstMs)}: if the stamps are not UTC, convert them`;
  return [{ code: 'not_from_midnight', file, line, market, venue, message }];
}

function noFinalNewline(file: string, series: readonly Rows[]): FeedFinding {
  const line = Math.max(...series.map(({ lines }) => lines.at(-1) ?? 0));
  return {
    code: 'no_final_newline',
    file,
    line,
    message: 'the last line has no line break: the file may have been cut',
  };
}

function notAPerpetual(file: string, { symbol, venue, lines }: Rows): FeedFinding {
  const message = `${lines.length} rows of ${symbol} are not used: it is no perpetual against USD, USDT or USDC`;
  return { code: 'not_a_usd_perpetual', file, line: lines[0] ?? 0, venue, message };
}

function unknownMarket(file: string, symbol: string): FeedError {
  const detail = `no market can be read from the file's name ("${symbol}"): name it like ALGOUSDT-1m-2026-02.csv`;
  return new FeedError('unknown_market', { file, line: 1 }, detail);
}
