// One file of funding payments: its rows in series by symbol and venue, every row checked.
import { splitFields } from './csv.ts';
import { decimalSign } from './decimal.ts';
import { FeedError, type FeedFinding, type Location, refuseFindings } from './feed-error.ts';
import { detectFundingCsv, type FundingFormat, type FundingRow } from './funding-csv.ts';
import { checkFundingSchedule, fundingGaps, fundingHourMs, fundingPeriodMs } from './funding-schedule.ts';
import { readTextFile, type TextFile } from './lines.ts';
import { marketOfSymbol } from './market-name.ts';
import { isoText } from './timestamp.ts';

/** One funding payment as recorded. Rates are fractions for the venue's own period, decimal text. */
interface FundingSample {
  readonly market: string;
  readonly venue?: string | undefined;
  /** The recorded stamp, milliseconds UTC. */
  readonly timeMs: number;
  /** The full hour that the payment belongs to, milliseconds UTC. */
  readonly hourMs: number;
  readonly rate: string;
  /** Only where the file records it. */
  readonly premium?: string | undefined;
}

interface FundingSeries {
  readonly file: string;
  readonly market: string;
  readonly symbol: string;
  readonly venue: string | undefined;
  /** The most frequent time between payments; undefined for a single one. */
  readonly periodMs: number | undefined;
  readonly samples: readonly FundingSample[];
}

export interface FundingFile {
  readonly format: string;
  /** Data rows of the file, whatever was chosen. */
  readonly rows: number;
  readonly series: readonly FundingSeries[];
  readonly findings: readonly FeedFinding[];
}

/** What to read of a funding file: all that is left out is read. A market may be named as venues do. */
export interface FundingChoice {
  readonly markets?: readonly string[];
  readonly venues?: readonly string[];
  readonly strict?: boolean;
}

interface Rows {
  readonly symbol: string;
  readonly venue: string | undefined;
  readonly rows: FundingRow[];
  readonly lines: number[];
}

/**
 * Reads a funding file of one of the known layouts. Missing payments are findings `gap` and are not filled. The checks on stamps apply
 * to the chosen series, so that a file with one sound venue can be read for that venue. Throws FeedError naming file and
 * line: what `readTextFile` throws, `unknown_format`, `bad_row`, `bad_number`, `bad_timestamp`, `not_utc`, `duplicate_timestamp`,
 * `timestamps_not_rising`, `off_grid_timestamp` (stamps of another time zone), `unknown_market` for a chosen market or venue that
 * the file does not hold; with `strict`, the first finding.
 */
export function readFundingFile(file: string, choice: FundingChoice = {}): FundingFile {
  const text = readTextFile(file);
  const [first] = text.lines();
  const format = detectFundingCsv(first?.text ?? '');
  if (format === undefined) throw new FeedError('unknown_format', { file, line: 1 }, 'this is no funding file');
  return readFunding(text, format, choice);
}

/** As `readFundingFile`, for a file that is open and recognised. */
export function readFunding(text: TextFile, format: FundingFormat, choice: FundingChoice = {}): FundingFile {
  const findings: FeedFinding[] = [];
  const all = readRows(text, format);
  const series: FundingSeries[] = [];
  for (const rows of choose(text.file, format, all, choice, findings)) {
    const stamps = {
      file: text.file,
      market: rows.market,
      symbol: rows.symbol,
      venue: rows.venue,
      timesMs: rows.rows.map(({ timeMs }) => timeMs),
      lines: rows.lines,
    };
    checkFundingSchedule(stamps);
    findings.push(...fundingGaps(stamps));
    const samples = rows.rows.map((row) => toSample(row, rows.market));
    const { market, symbol, venue } = rows;
    series.push({ file: text.file, market, symbol, venue, periodMs: fundingPeriodMs(stamps), samples });
  }
  const rowCount = all.reduce((sum, { rows }) => sum + rows.length, 0);
  if (!format.statesZone) findings.push(zoneNotStated(text.file));
  if (!text.endsWithNewline) findings.push(noFinalNewline(text.file, rowCount + 1));
  if (choice.strict === true) refuseFindings(findings);
  return { format: format.name, rows: rowCount, series, findings };
}

function readRows(text: TextFile, format: FundingFormat): Rows[] {
  const all = new Map<string, Rows>();
  for (const { lineNumber, text: line } of text.lines()) {
    if (lineNumber === 1) continue;
    const at = { file: text.file, line: lineNumber };
    const row = format.readRow(splitFields(line, at, format.columns), at);
    checkNumber('funding rate', row.rate, at);
    if (row.premium !== undefined) checkNumber('premium', row.premium, at);
    const key = `${row.venue ?? ''}|${row.symbol}`;
    const series = all.get(key) ?? { symbol: row.symbol, venue: row.venue, rows: [], lines: [] };
    all.set(key, series);
    checkRising(series, row, at);
    series.rows.push(row);
    series.lines.push(lineNumber);
  }
  if (all.size === 0) throw new FeedError('empty_file', { file: text.file, line: 1 }, 'there is a header and no row');
  return [...all.values()];
}

function checkNumber(what: string, number: string, at: Location): void {
  if (decimalSign(number) !== undefined) return;
  throw new FeedError('bad_number', at, `the ${what} "${number}" is not a decimal number`);
}

function checkRising({ rows, lines }: Rows, row: FundingRow, at: Location): void {
  const previous = rows.at(-1);
  if (previous === undefined || row.timeMs > previous.timeMs) return;
  const code = row.timeMs === previous.timeMs ? 'duplicate_timestamp' : 'timestamps_not_rising';
  const before = `${row.symbol} has ${isoText(previous.timeMs)} on line ${lines.at(-1)}`;
  throw new FeedError(code, at, `${before}, and then ${isoText(row.timeMs)}`);
}

function choose(
  file: string,
  format: FundingFormat,
  all: readonly Rows[],
  { markets, venues }: FundingChoice,
  findings: FeedFinding[],
): (Rows & { market: string })[] {
  const known: (Rows & { market: string })[] = [];
  for (const rows of all) {
    const market = format.marketOf(rows.symbol);
    if (market === undefined) findings.push(notAPerpetual(file, rows));
    else known.push({ ...rows, market });
  }
  const wanted = markets?.map((name) => marketOfSymbol(name) ?? name);
  refuseUnknown(file, 'market', wanted, new Set(known.map(({ market }) => market)));
  refuseUnknown(file, 'venue', venues, new Set(known.map(({ venue }) => venue ?? '')));
  return known.filter(
    ({ market, venue }) => (wanted?.includes(market) ?? true) && (venues?.includes(venue ?? '') ?? true),
  );
}

function refuseUnknown(file: string, what: string, wanted: readonly string[] | undefined, held: Set<string>): void {
  const unknown = wanted?.find((name) => !held.has(name));
  if (unknown === undefined) return;
  throw new FeedError(
    'unknown_market',
    { file, line: 0 },
    `there is no ${what} ${unknown} among ${[...held].join(', ')}`,
  );
}

function toSample({ venue, timeMs, rate, premium }: FundingRow, market: string): FundingSample {
  return { market, venue, timeMs, hourMs: fundingHourMs(timeMs), rate, premium };
}

function notAPerpetual(file: string, { symbol, venue, lines }: Rows): FeedFinding {
  const message = `${lines.length} rows of ${symbol} are not used: it is no perpetual against USD, USDT or USDC`;
  return { code: 'not_a_usd_perpetual', file, line: lines[0] ?? 0, venue, message };
}

function zoneNotStated(file: string): FeedFinding {
  return {
    code: 'zone_not_stated',
    file,
    line: 2,
    message: 'the stamps do not say their time zone and are read as UTC',
  };
}

function noFinalNewline(file: string, line: number): FeedFinding {
  return {
    code: 'no_final_newline',
    file,
    line,
    message: 'the last line has no line break: the file may have been cut',
  };
}
