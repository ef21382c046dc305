// Binance kline files: one market a file, named by the file, with a header line or (before mid-2022) without.
import type { BarFormat, BarRow } from './bar.ts';
import { decimalSign } from './decimal.ts';
import { FeedError, type Location } from './feed-error.ts';
import { marketOfBinanceSymbol } from './market-name.ts';
import { epochMs } from './timestamp.ts';

const headerStart = 'open_time,open,high,low,close,volume,close_time';

/** Returns the format if the first line is the header of a kline file, or a row of 12 numbers that starts with a stamp. */
export function detectKlineCsv(firstLine: string): BarFormat | undefined {
  const fields = firstLine.split(',');
  if (firstLine === headerStart || firstLine.startsWith(`${headerStart},`)) return klineCsv(fields.length, true);
  const isRow = fields.length === 12 && /^(?:\d{13}|\d{16})$/.test(fields[0] ?? '');
  return isRow && fields.every((field) => decimalSign(field) !== undefined) ? klineCsv(12, false) : undefined;
}

function klineCsv(columns: number, hasHeader: boolean): BarFormat {
  return {
    kind: 'bars',
    name: 'binance_klines',
    columns,
    isNamedByFile: true,
    hasHeader,
    stamp: 'open',
    opensAtPreviousClose: false,
    readRow,
    marketOf: marketOfBinanceSymbol,
  };
}

function readRow(fields: readonly string[], at: Location): BarRow {
  const [openTime = '', open = '', high = '', low = '', close = '', volume = '', closeTime = ''] = fields;
  const stampMs = epochMs(openTime, at);
  if (openTime.length === 16 && !openTime.endsWith('000')) {
    throw new FeedError('off_grid_timestamp', at, `the open time ${openTime} is not on a whole millisecond`);
  }
  // The last millisecond of the interval is its close time, also when both are written in microseconds.
  const intervalMs = epochMs(closeTime, at) + 1 - stampMs;
  return { symbol: undefined, venue: undefined, stampMs, intervalMs, open, high, low, close, volume };
}
