// BitMEX trade bins (trade/bucketed): one contract a file, named by the file.
//
// BitMEX stamps a bin with its END (ccxt issue 5641 records the switch between the two readings), and a bin opens at the
// close of the bin before, which may lie outside its own high and low. The record shows both: in XBTUSD of March 2020
// every open is the previous close, and the burst of trades after each full hour is in the bins stamped hh:01.
import type { BarFormat } from './bar.ts';
import { marketOfPair } from './market-name.ts';
import { isoUtcMs } from './timestamp.ts';

const headerStart = ['timestamp', 'open', 'high', 'low', 'close', 'trades', 'volume_usd'];

/**
 * Returns the format if the first line is the header of a trade-bin file. The volume is the column homeNotional (also
 * homeNotional_xbt and the like), the traded amount of the base asset.
 */
export function detectBitmexBinsCsv(firstLine: string): BarFormat | undefined {
  const names = firstLine.split(',');
  const volumeColumn = names.findIndex((name) => /^homeNotional(?:_\w+)?$/.test(name));
  if (volumeColumn === -1 || headerStart.some((name, index) => names[index] !== name)) return undefined;
  return {
    kind: 'bars',
    name: 'bitmex_bins',
    columns: names.length,
    isNamedByFile: true,
    hasHeader: true,
    stamp: 'close',
    opensAtPreviousClose: true,
    readRow([timestamp = '', open = '', high = '', low = '', close = '', ...rest], at) {
      const volume = rest[volumeColumn - 5] ?? '';
      const stampMs = isoUtcMs(timestamp, at);
      return { symbol: undefined, venue: undefined, stampMs, intervalMs: undefined, open, high, low, close, volume };
    },
    marketOf: marketOfPair,
  };
}
