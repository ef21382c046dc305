// Bars of the same coins on several venues in one file, stamped with the start of the interval.
import type { BarFormat } from './bar.ts';
import { marketOfCoin } from './market-name.ts';
import { isoUtcMs } from './timestamp.ts';

const header = 'timestamp,venue,coin,o,h,l,c,v';

/** Returns the format if the first line is the header of a multi-venue bar file. */
export function detectMultiVenueCsv(firstLine: string): BarFormat | undefined {
  return firstLine === header ? multiVenueCsv : undefined;
}

const multiVenueCsv: BarFormat = {
  kind: 'bars',
  name: 'venue_hours',
  columns: 8,
  isNamedByFile: false,
  hasHeader: true,
  stamp: 'open',
  opensAtPreviousClose: false,
  readRow([timestamp = '', venue = '', symbol = '', open = '', high = '', low = '', close = '', volume = ''], at) {
    return { symbol, venue, stampMs: isoUtcMs(timestamp, at), intervalMs: undefined, open, high, low, close, volume };
  },
  marketOf: marketOfCoin,
};
