// Which kind of recorded file a first line announces.
import type { BarFormat } from './bar.ts';
import { detectBitmexBinsCsv } from './bitmex-bins-csv.ts';
import { detectFundingCsv, type FundingFormat } from './funding-csv.ts';
import { detectKlineCsv } from './kline-csv.ts';
import { isMarketHistoryHeader } from './market-history-file.ts';
import { isMarketParametersHeader } from './market-parameters-csv.ts';
import { detectMultiSymbolCsv } from './multi-symbol-csv.ts';
import { detectMultiVenueCsv } from './multi-venue-csv.ts';

export type RecordedFormat =
  | BarFormat
  | FundingFormat
  | { readonly kind: 'market_parameters'; readonly name: 'paradex_markets' }
  | { readonly kind: 'market_history'; readonly name: 'market_history' };

/** Returns the format that the first line of a file announces; undefined when no reader knows it. */
export function detectFormat(firstLine: string): RecordedFormat | undefined {
  if (isMarketParametersHeader(firstLine)) return { kind: 'market_parameters', name: 'paradex_markets' };
  if (isMarketHistoryHeader(firstLine)) return { kind: 'market_history', name: 'market_history' };
  return (
    detectKlineCsv(firstLine) ??
    detectBitmexBinsCsv(firstLine) ??
    detectMultiSymbolCsv(firstLine) ??
    detectMultiVenueCsv(firstLine) ??
    detectFundingCsv(firstLine)
  );
}

/** Returns why a file with this first line is not read. */
export function unknownFormatReason(firstLine: string): string {
  if (firstLine.startsWith('PK')) return 'it is a zip archive: unpack it first';
  if (firstLine.startsWith('PAR1')) return 'it is a Parquet file: write it as CSV first';
  const start = firstLine.length > 60 ? `${firstLine.slice(0, 60)}...` : firstLine;
  return `its first line is no header of a known format: ${JSON.stringify(start)}`;
}
