// The entry to recorded data: what a file or a folder holds, and the bars of one day of it.
import type { BarFormat } from './bar.ts';
import { readBarFile, type SeriesListing } from './bar-file.ts';
import { FeedError, type FeedFinding, refuseFindings } from './feed-error.ts';
import { readFileName } from './file-name.ts';
import { listFiles } from './folder.ts';
import { detectFormat, type RecordedFormat, unknownFormatReason } from './format.ts';
import { readFunding } from './funding-file.ts';
import { readFirstLine, readTextFile } from './lines.ts';
import { readMarketHistoryFile } from './market-history-file.ts';
import { marketOfSymbol } from './market-name.ts';
import { readMarketParametersFile } from './market-parameters-file.ts';
import { type ListedBarFile, type RecordedDay, readDay } from './read-day.ts';
import { dayMs, dayOf, dayStartMs } from './timestamp.ts';

export interface RecordedDataOptions {
  /** Markets to trade, by our names or a venue's (BTC-USD-PERP, XBTUSD, BTC). All when left out. */
  readonly markets?: readonly string[];
  /** Whether every finding, gaps included, stops as an error. */
  readonly strict?: boolean;
}

interface FileListing {
  readonly file: string;
  readonly kind: RecordedFormat['kind'];
  readonly format: string;
  /** Data rows, the header not counted. 0 when the file was refused. */
  readonly rows: number;
  /** Why a file that holds no bars cannot be read. A file of bars that cannot be read stops `openRecordedData`. */
  readonly refusal?: FeedError;
}

interface DayListing {
  /** YYYY-MM-DD. */
  readonly day: string;
  readonly markets: number;
  readonly bars: number;
  /** Whether every series of that day has all its bars. */
  readonly isWhole: boolean;
}

/** What a path holds. */
export interface RecordedData {
  readonly path: string;
  /** Files of a known format, by path. */
  readonly files: readonly FileListing[];
  /** Bar series of the chosen markets: market, venue, interval, rows, first and last time. */
  readonly series: readonly SeriesListing[];
  /** Sorted; of the bar series. */
  readonly markets: readonly string[];
  readonly venues: readonly string[];
  /** UTC days with bars, rising. */
  readonly days: readonly DayListing[];
  readonly findings: readonly FeedFinding[];
  /**
   * Returns the bars of one UTC day (YYYY-MM-DD) and its gaps. Throws FeedError `bad_day`; `day_not_in_data` when there is no
   * bar, or a market that was asked for by name has none around that day; and as `readDay` does.
   */
  readDay(day: string): RecordedDay;
}

/** How market parameters that are listed twice are counted here; a caller that trades by them chooses for itself. */
const listingGroups = ['tier-1', 'tier-2', 'tradfi', 'rwa'];

interface Contents {
  readonly listings: FileListing[];
  readonly barFiles: ListedBarFile[];
  readonly findings: FeedFinding[];
  /** Markets of files that were left out because their market was not asked for. */
  readonly leftOut: Set<string>;
}

/**
 * Opens recorded data: a file, or every file under a folder. Each file is recognised by its first line and read once in
 * full, so that a defect is found before anything is traded.
 *
 * Throws FeedError naming file and line for whatever makes bars untrustworthy (see `readBarFile`), for a file that cannot
 * be read, for a single file of an unknown format, and `unknown_market` for a market that is not there. What is reported instead:
 * files of unknown format in a folder, symbols that are no perpetual against the dollar, and files of funding or other facts
 * that were refused (their `refusal` says why; nothing of them is used here). Missing bars are reported by `readDay`.
 */
export function openRecordedData(path: string, options: RecordedDataOptions = {}): RecordedData {
  const { isFolder, files, findings } = listFiles(path);
  const wanted =
    options.markets === undefined ? undefined : new Set(options.markets.map((name) => marketOfSymbol(name) ?? name));
  const contents: Contents = { listings: [], barFiles: [], findings: [...findings], leftOut: new Set() };
  for (const file of files) addFile(contents, file, isFolder, wanted);
  if (contents.listings.length === 0 && contents.leftOut.size === 0) {
    throw new FeedError('unknown_format', { file: path, line: 0 }, 'there is no file of a known format in this folder');
  }
  const held = contents.barFiles.flatMap(({ series }) => series);
  const markets = sortedNames(held.map(({ market }) => market));
  refuseUnknown(path, wanted, markets, contents.leftOut);
  const series = held.filter(({ market }) => wanted?.has(market) ?? true);
  const chosen = new Set(series.map(({ market }) => market));
  if (options.strict === true) refuseFindings(contents.findings);
  return {
    path,
    files: contents.listings,
    series,
    markets: sortedNames(chosen),
    venues: sortedNames(series.flatMap(({ venue }) => (venue === undefined ? [] : [venue]))),
    days: listDays(series),
    findings: contents.findings,
    readDay: (day) => {
      const fromMs = dayStartMs(day);
      if (fromMs === undefined)
        throw new FeedError('bad_day', { file: path, line: 0 }, `"${day}" is no day written YYYY-MM-DD`);
      const range = { fromMs, toMs: fromMs + dayMs };
      for (const market of wanted ?? []) refuseOutside(path, day, market, series, range);
      const read = readDay(contents.barFiles, range, chosen);
      if (read.bars.length === 0) throw dayNotInData(path, day, 'the data', series);
      if (options.strict === true) refuseFindings(read.findings);
      return read;
    },
  };
}

function addFile(contents: Contents, file: string, isFolder: boolean, wanted: ReadonlySet<string> | undefined): void {
  const firstLine = firstLineOf(file, isFolder, contents.findings);
  if (firstLine === undefined) return;
  const format = detectFormat(firstLine);
  if (format === undefined) {
    const message = unknownFormatReason(firstLine);
    if (!isFolder) throw new FeedError('unknown_format', { file, line: 1 }, message);
    contents.findings.push({ code: 'unknown_format', file, line: 1, message: `not read: ${message}` });
  } else if (format.kind === 'bars') {
    addBarFile(contents, file, format, wanted);
  } else {
    addOther(contents, file, format, isFolder);
  }
}

/** An empty file stops the reading if its name says it is data; any other empty file of a folder is reported. */
function firstLineOf(file: string, isFolder: boolean, findings: FeedFinding[]): string | undefined {
  try {
    return readFirstLine(file);
  } catch (error) {
    const isNote = error instanceof FeedError && error.code === 'empty_file' && !/\.(?:csv|gz)$/i.test(file);
    if (!isFolder || !isNote) throw error;
    findings.push({ code: 'empty_file', file, line: 0, message: 'not read: the file is empty' });
    return undefined;
  }
}

function addBarFile(
  { listings, barFiles, findings, leftOut }: Contents,
  file: string,
  format: BarFormat,
  wanted: ReadonlySet<string> | undefined,
): void {
  const named = format.isNamedByFile ? format.marketOf(readFileName(file).symbol) : undefined;
  if (named !== undefined && wanted !== undefined && !wanted.has(named)) {
    leftOut.add(named);
    return;
  }
  const read = readBarFile(readTextFile(file), format);
  listings.push({ file, kind: 'bars', format: format.name, rows: read.rows });
  barFiles.push({ file, format, series: read.series });
  findings.push(...read.findings);
}

function addOther(
  { listings, findings }: Contents,
  file: string,
  format: Exclude<RecordedFormat, BarFormat>,
  isFolder: boolean,
): void {
  const { kind, name } = format;
  try {
    const read = readOther(file, format);
    listings.push({ file, kind, format: name, rows: read.rows });
    findings.push(...read.findings);
  } catch (error) {
    if (!isFolder || !(error instanceof FeedError)) throw error;
    const { code, line, detail } = error;
    listings.push({ file, kind, format: name, rows: 0, refusal: error });
    findings.push({ code, file, line, message: `this file is refused: ${detail}` });
  }
}

function readOther(
  file: string,
  format: Exclude<RecordedFormat, BarFormat>,
): { readonly rows: number; readonly findings: readonly FeedFinding[] } {
  if (format.kind === 'funding') return readFunding(readTextFile(file), format);
  if (format.kind === 'market_history') return readMarketHistoryFile(file);
  return readMarketParametersFile(file, { preferGroups: listingGroups });
}

function refuseUnknown(
  path: string,
  wanted: ReadonlySet<string> | undefined,
  markets: readonly string[],
  leftOut: ReadonlySet<string>,
): void {
  const unknown = [...(wanted ?? [])].find((market) => !markets.includes(market));
  if (unknown === undefined) return;
  const held = sortedNames([...markets, ...leftOut]);
  const shown = held.slice(0, 12).join(', ') + (held.length > 12 ? ` and ${held.length - 12} more` : '');
  throw new FeedError(
    'unknown_market',
    { file: path, line: 0 },
    `there is no market ${unknown}; there are bars of ${shown}`,
  );
}

function refuseOutside(
  path: string,
  day: string,
  market: string,
  series: readonly SeriesListing[],
  range: { readonly fromMs: number; readonly toMs: number },
): void {
  const own = series.filter((one) => one.market === market);
  const isCovered = own.some(({ firstMs }) => firstMs < range.toMs) && own.some(({ lastMs }) => lastMs >= range.fromMs);
  if (!isCovered) throw dayNotInData(path, day, market, own);
}

function dayNotInData(path: string, day: string, what: string, series: readonly SeriesListing[]): FeedError {
  const days = listDays(series);
  const held = days.length === 0 ? 'there are no bars' : `${what} has bars from ${days[0]?.day} to ${days.at(-1)?.day}`;
  return new FeedError('day_not_in_data', { file: path, line: 0 }, `no bar opens on ${day}: ${held}`);
}

function listDays(series: readonly SeriesListing[]): DayListing[] {
  const days = new Map<number, { markets: Set<string>; bars: number; isWhole: boolean }>();
  for (const { market, intervalMs, rowsByDay } of series) {
    for (const [day, rows] of rowsByDay) {
      const known = days.get(day) ?? { markets: new Set<string>(), bars: 0, isWhole: true };
      days.set(day, known);
      known.markets.add(market);
      known.bars += rows;
      if (rows * intervalMs !== dayMs) known.isWhole = false;
    }
  }
  return [...days]
    .sort(([left], [right]) => left - right)
    .map(([day, { markets, bars, isWhole }]) => ({ day: dayOf(day * dayMs), markets: markets.size, bars, isWhole }));
}

function sortedNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort();
}
