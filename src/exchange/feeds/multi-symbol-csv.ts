// Bars of many perpetuals of one venue in one file, stamped with the start of the interval.
import type { BarFormat } from './bar.ts';
import { marketOfBinanceSymbol } from './market-name.ts';
import { epochMs } from './timestamp.ts';

const header = 'symbol,timestamp,open,high,low,close,volume,quote_volume,trades';

/** Returns the format if the first line is the header of a multi-symbol bar file. */
export function detectMultiSymbolCsv(firstLine: string): BarFormat | undefined {
  return firstLine === header ? multiSymbolCsv : undefined;
}

const multiSymbolCsv: BarFormat = {
  kind: 'bars',
  name: 'binance_hours',
  columns: 9,
  isNamedByFile: false,
  hasHeader: true,
  stamp: 'open',
  opensAtPreviousClose: false,
  readRow([symbol = '', timestamp = '', open = '', high = '', low = '', close = '', volume = ''], at) {
    const stampMs = epochMs(timestamp, at);
    return { symbol, venue: undefined, stampMs, intervalMs: undefined, open, high, low, close, volume };
  },
  marketOf: marketOfBinanceSymbol,
};
