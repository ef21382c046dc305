// What can be wrong with recorded data: one error class, one finding value, one list of codes for both.

/**
 * Every defect has a code. An error stops the reading; a finding is reported beside the data and nothing is invented or
 * dropped for it. `strict` reading turns the first finding into an error of the same code.
 */
export type FeedErrorCode =
  // the file
  | 'file_not_found'
  | 'file_not_readable'
  | 'file_too_large'
  | 'empty_file'
  | 'truncated_gzip'
  | 'corrupt_gzip'
  | 'no_final_newline'
  | 'unknown_format'
  // the row
  | 'bad_row'
  | 'bad_number'
  | 'bad_timestamp'
  | 'not_utc'
  | 'zone_not_stated'
  | 'price_not_positive'
  | 'volume_negative'
  | 'high_below_low'
  | 'price_outside_range'
  // the series
  | 'duplicate_timestamp'
  | 'timestamps_not_rising'
  | 'off_grid_timestamp'
  | 'outside_named_period'
  | 'close_time_mismatch'
  | 'unknown_interval'
  | 'interval_mismatch'
  | 'gap'
  | 'not_from_midnight'
  // the market
  | 'unknown_market'
  | 'not_a_usd_perpetual'
  | 'market_listed_twice'
  | 'price_not_reported'
  | 'conflicting_duplicate'
  | 'misgrouped_number'
  | 'inconsistent_parameters'
  | 'no_tradable_market'
  // the request
  | 'bad_day'
  | 'day_not_in_data';

/** A place in a file. `line` counts from 1; 0 stands for the file or folder as a whole. */
export interface Location {
  readonly file: string;
  readonly line: number;
}

/** A defect that is reported and does not stop the reading. Times are milliseconds UTC; `toMs` is exclusive. */
export interface FeedFinding extends Location {
  readonly code: FeedErrorCode;
  readonly message: string;
  readonly market?: string | undefined;
  readonly venue?: string | undefined;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * A defect that stops the reading. `code` is the name to report; the message is the file, the line and the detail.
 */
export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedErrorCode;
  readonly file: string;
  readonly line: number;
  /** The message without the file and the line. */
  readonly detail: string;

  constructor(code: FeedErrorCode, { file, line }: Location, detail: string) {
    super(line === 0 ? `${file}: ${detail}` : `${file}:${line}: ${detail}`);
    this.code = code;
    this.file = file;
    this.line = line;
    this.detail = detail;
  }
}

/** Throws the first of `findings` as an error: what `strict` means. */
export function refuseFindings(findings: readonly FeedFinding[]): void {
  const first = findings[0];
  if (first !== undefined) throw new FeedError(first.code, first, first.message);
}
