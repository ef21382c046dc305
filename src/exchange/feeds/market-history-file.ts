// Hourly market history of many venues: averages of mark and index price and of the funding rate.
import { checkPrice } from './bar.ts';
import { splitFields } from './csv.ts';
import { decimalSign } from './decimal.ts';
import { FeedError, type FeedFinding, type Location, refuseFindings } from './feed-error.ts';
import { readTextFile } from './lines.ts';
import { marketOfSymbol } from './market-name.ts';
import { epochSecondsToMs, hourMs, isoText } from './timestamp.ts';

/** One hour of one market on one venue. Prices and rates are decimal text. */
interface MarketHistorySample {
  readonly venue: string;
  readonly market: string;
  /** Start of the hour, milliseconds UTC. */
  readonly hourMs: number;
  /** Undefined where the source reported none (it writes 0). The same holds for the other prices. */
  readonly averageMarkPrice: string | undefined;
  readonly averageIndexPrice: string | undefined;
  readonly minimumPrice: string | undefined;
  readonly maximumPrice: string | undefined;
  /** For the venue's own funding period. Zero is a rate. */
  readonly averageFundingRate: string;
  readonly minimumFundingRate: string;
  readonly maximumFundingRate: string;
  /** Observations that the averages are of. */
  readonly observations: number;
}

export interface MarketHistoryFile {
  /** Data rows of the file. */
  readonly rows: number;
  /** In the order of the file: by hour, and within the hour as recorded. */
  readonly samples: readonly MarketHistorySample[];
  readonly findings: readonly FeedFinding[];
}

const header =
  'exchange,symbol,normalized_symbol,avg_mark_price,avg_index_price,min_price,max_price,price_volatility,volume_base,' +
  'volume_quote,avg_open_interest,avg_open_interest_usd,max_open_interest_usd,avg_funding_rate,avg_funding_rate_annual,' +
  'min_funding_rate,max_funding_rate,hour_timestamp,sample_count,aggregated_at';
const columnNames = header.split(',');
const priceColumns = ['avg_mark_price', 'avg_index_price', 'min_price', 'max_price'];

/** Whether the first line is the header of a market-history file. */
export function isMarketHistoryHeader(firstLine: string): boolean {
  return firstLine === header;
}

/**
 * Reads a market-history file. A price of 0 means "not reported" in this source: it comes out as undefined, never as 0, with a
 * finding `price_not_reported` for each venue and market. Symbols that are no perpetual against the dollar are findings.
 * Throws FeedError naming file and line: what `readTextFile` throws, `unknown_format`, `empty_file`, `bad_row`, `bad_number`,
 * `bad_timestamp`, `price_not_positive` for a negative price, `off_grid_timestamp` for what is no full hour, `timestamps_not_rising`,
 * `duplicate_timestamp` for a second row of the same hour, venue and market; with `strict`, the first finding.
 */
export function readMarketHistoryFile(file: string, choice: { readonly strict?: boolean } = {}): MarketHistoryFile {
  const samples: MarketHistorySample[] = [];
  const left = new Map<string, { finding: FeedFinding; rows: number }>();
  const lastLines = new Map<string, { hour: number; line: number }>();
  let rows = 0;
  for (const { lineNumber, text } of readTextFile(file).lines()) {
    const at = { file, line: lineNumber };
    if (lineNumber === 1) {
      if (isMarketHistoryHeader(text)) continue;
      throw new FeedError('unknown_format', at, 'this is no market-history file');
    }
    rows += 1;
    const read = readRow(text, at);
    checkHour(read, lastLines, at);
    const { market, venue, symbol, sample } = read;
    if (market === undefined) note(left, at, 'not_a_usd_perpetual', { venue, symbol, market: undefined });
    else samples.push({ ...sample, market });
    if (market !== undefined && sample.averageMarkPrice === undefined) {
      note(left, at, 'price_not_reported', { venue, symbol, market });
    }
  }
  if (rows === 0) throw new FeedError('empty_file', { file, line: 1 }, 'there is a header and no row');
  const findings = [...left.values()].map(({ finding, rows: count }) => ({
    ...finding,
    message: `${count} rows of ${finding.message}`,
  }));
  if (choice.strict === true) refuseFindings(findings);
  return { rows, samples, findings };
}

interface HistoryRow {
  readonly symbol: string;
  readonly venue: string;
  readonly market: string | undefined;
  readonly sample: Omit<MarketHistorySample, 'market'>;
}

function readRow(text: string, at: Location): HistoryRow {
  const fields = splitFields(text, at, columnNames.length);
  const column = (name: string): string => fields[columnNames.indexOf(name)] ?? '';
  const [averageMarkPrice, averageIndexPrice, minimumPrice, maximumPrice] = priceColumns.map((name) =>
    reportedPrice(column(name), at),
  );
  const symbol = column('symbol');
  const venue = column('exchange');
  const hour = epochSecondsToMs(column('hour_timestamp'), at);
  if (hour % hourMs !== 0) throw new FeedError('off_grid_timestamp', at, `${isoText(hour)} is no full hour`);
  const sample = {
    venue,
    hourMs: hour,
    averageMarkPrice,
    averageIndexPrice,
    minimumPrice,
    maximumPrice,
    averageFundingRate: rate(column('avg_funding_rate'), at),
    minimumFundingRate: rate(column('min_funding_rate'), at),
    maximumFundingRate: rate(column('max_funding_rate'), at),
    observations: observations(column('sample_count'), at),
  };
  return { symbol, venue, market: marketOfSymbol(symbol), sample };
}

function reportedPrice(text: string, at: Location): string | undefined {
  if (decimalSign(text) === 0) return undefined;
  checkPrice(text, at);
  return text;
}

function rate(text: string, at: Location): string {
  if (decimalSign(text) !== undefined) return text;
  throw new FeedError('bad_number', at, `the funding rate "${text}" is not a decimal number`);
}

function observations(text: string, at: Location): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new FeedError('bad_number', at, `the sample count "${text}" is no whole number above zero`);
}

function checkHour(row: HistoryRow, last: Map<string, { hour: number; line: number }>, at: Location): void {
  const key = `${row.venue}|${row.market ?? row.symbol}`;
  const hour = row.sample.hourMs;
  const previous = last.get(key);
  last.set(key, { hour, line: at.line });
  if (previous === undefined || hour > previous.hour) return;
  const code = hour === previous.hour ? 'duplicate_timestamp' : 'timestamps_not_rising';
  const before = `${row.venue} ${row.symbol} has ${isoText(previous.hour)} on line ${previous.line}`;
  throw new FeedError(code, at, `${before}, and then ${isoText(hour)}`);
}

/** One finding for each venue and symbol, at its first row. */
function note(
  noted: Map<string, { finding: FeedFinding; rows: number }>,
  at: Location,
  code: 'not_a_usd_perpetual' | 'price_not_reported',
  { venue, symbol, market }: Pick<HistoryRow, 'venue' | 'symbol' | 'market'>,
): void {
  const key = `${code}|${venue}|${symbol}`;
  const what =
    code === 'price_not_reported' ? 'report no price' : 'are not used: it is no perpetual against the dollar';
  const finding = { code, ...at, market, venue, message: `${venue} ${symbol} ${what}` };
  const known = noted.get(key) ?? { finding, rows: 0 };
  known.rows += 1;
  noted.set(key, known);
}
