// Funding files: four layouts of the same fact, a rate that was paid at a time on a market of a venue.
import type { Location } from './feed-error.ts';
import { marketOfBinanceSymbol, marketOfCoin, marketOfPair } from './market-name.ts';
import { epochMs, isoUtcMs, isoWithoutZoneMs } from './timestamp.ts';

/** A row of a funding file before its market is known. */
export interface FundingRow {
  readonly symbol: string;
  readonly venue: string | undefined;
  readonly timeMs: number;
  readonly rate: string;
  readonly premium: string | undefined;
}

/** How one kind of funding file is read. */
export interface FundingFormat {
  readonly kind: 'funding';
  readonly name: string;
  readonly header: string;
  readonly columns: number;
  /** False when the stamps do not say their time zone and are read as UTC. */
  readonly statesZone: boolean;
  readRow(fields: readonly string[], at: Location): FundingRow;
  marketOf(symbol: string): string | undefined;
}

const formats: readonly FundingFormat[] = [
  {
    kind: 'funding',
    name: 'binance_funding',
    header: 'timestamp,symbol,funding_rate',
    columns: 3,
    statesZone: true,
    readRow([time = '', symbol = '', rate = ''], at) {
      return { symbol, venue: undefined, timeMs: epochMs(time, at), rate, premium: undefined };
    },
    marketOf: marketOfBinanceSymbol,
  },
  {
    kind: 'funding',
    name: 'venue_funding',
    header: 'timestamp,venue,coin,funding_rate',
    columns: 4,
    statesZone: true,
    readRow([time = '', venue = '', symbol = '', rate = ''], at) {
      return { symbol, venue, timeMs: isoUtcMs(time, at), rate, premium: undefined };
    },
    marketOf: marketOfCoin,
  },
  {
    kind: 'funding',
    name: 'exchange_funding',
    header: 'Symbol,Date,Funding Rate,venue',
    columns: 4,
    statesZone: false,
    readRow([symbol = '', time = '', rate = '', venue = ''], at) {
      return { symbol, venue, timeMs: isoWithoutZoneMs(time, at), rate, premium: undefined };
    },
    marketOf: marketOfPair,
  },
  {
    kind: 'funding',
    name: 'premium_funding',
    header: 'time,coin,premium,funding_rate',
    columns: 4,
    statesZone: true,
    readRow([time = '', symbol = '', premium = '', rate = ''], at) {
      return { symbol, venue: undefined, timeMs: epochMs(time, at), rate, premium };
    },
    marketOf: marketOfCoin,
  },
];

/** Returns the format if the first line is the header of a funding file. */
export function detectFundingCsv(firstLine: string): FundingFormat | undefined {
  return formats.find(({ header }) => header === firstLine);
}
