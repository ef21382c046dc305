// The formats of recorded market data: what each holds, where the public archive is, how to lay the files down.

/** One kind of recorded file. */
export interface DataFormat {
  readonly name: string;
  readonly holds: string;
  /** The header line of the file. It tells the formats apart. */
  readonly columns: string;
  readonly stamps: string;
  readonly archive: string;
  /** Addresses in that archive; words in capitals stand for the symbol and the date. */
  readonly addresses: readonly string[];
  readonly layDown: readonly string[];
}

const klineColumns =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';

export const dataFormats: readonly DataFormat[] = [
  {
    name: 'binance_klines',
    holds: 'bars of one USD-M perpetual (1m, 1h and so on), a file for a month or a day',
    columns: klineColumns,
    stamps: 'open_time in milliseconds since 1970, UTC',
    archive: 'Binance public data, no account needed',
    addresses: [
      'https://data.binance.vision/data/futures/um/monthly/klines/SYMBOL/1m/SYMBOL-1m-YYYY-MM.zip',
      'https://data.binance.vision/data/futures/um/daily/klines/SYMBOL/1m/SYMBOL-1m-YYYY-MM-DD.zip',
      'each with its SHA-256 beside it: the same address and .CHECKSUM',
    ],
    layDown: [
      'sha256sum --check SYMBOL-1m-YYYY-MM.zip.CHECKSUM && unzip SYMBOL-1m-YYYY-MM.zip',
      'keep the .csv, or gzip it, under its name: SYMBOL-1m-YYYY-MM says the market, the interval and the period',
      'files from before the summer of 2022 have no header line; they are read all the same',
    ],
  },
  {
    name: 'bitmex_bins',
    holds: '1-minute trade bins of one BitMEX contract; last trade prices only',
    columns: 'timestamp,open,high,low,close,trades,volume_usd,vwap,homeNotional_xbt',
    stamps: 'timestamp as ISO 8601, UTC: the end of the minute',
    archive: 'BitMEX API, no account needed, 1,000 bins a request',
    addresses: [
      'https://www.bitmex.com/api/v1/trade/bucketed?binSize=1m&symbol=XBTUSD&count=1000&startTime=YYYY-MM-DD&_format=csv',
      'whole days of single trades: https://public.bitmex.com/?prefix=data/trade/',
    ],
    layDown: [
      'join the pages in order and keep the columns above (volume becomes volume_usd; homeNotional may keep its name)',
      'name the file SYMBOL_1m_YYYY-MM.csv, or .csv.gz',
      'a minute without trades has an empty vwap: leave it empty, it is not zero',
    ],
  },
  {
    name: 'binance_hours',
    holds: '1-hour bars of many USD-M perpetuals in one file, the source for hundreds of markets',
    columns: 'symbol,timestamp,open,high,low,close,volume,quote_volume,trades',
    stamps: 'timestamp in milliseconds since 1970, UTC: the start of the hour',
    archive: 'Binance public data: the same archive, interval 1h instead of 1m',
    addresses: ['https://data.binance.vision/data/futures/um/daily/klines/SYMBOL/1h/SYMBOL-1h-YYYY-MM-DD.zip'],
    layDown: ['put the symbol before each row, keep the columns above, and join the symbols into one .csv or .csv.gz'],
  },
  {
    name: 'venue_hours',
    holds: '1-hour bars of the same coins on several venues: more than one family of prices',
    columns: 'timestamp,venue,coin,o,h,l,c,v',
    stamps: 'timestamp as YYYY-MM-DD HH:MM:SS+00:00: the start of the hour',
    archive: 'candles of each venue; collected for BTC, ETH, SOL, HYPE and DOGE on GitHub',
    addresses: ['https://github.com/0xknxwledge/group-m-finm33150-final (candles.parquet, public domain)'],
    layDown: ['write the table as .csv or .csv.gz with the header above, in the order of time'],
  },
  {
    name: 'venue_funding',
    holds: 'funding rates of the same coins on several venues',
    columns: 'timestamp,venue,coin,funding_rate',
    stamps: 'timestamp as YYYY-MM-DD HH:MM:SS.ffffff+00:00: the moment of payment',
    archive: 'the same collection on GitHub',
    addresses: ['https://github.com/0xknxwledge/group-m-finm33150-final (funding_rates.parquet, public domain)'],
    layDown: ['write the table as .csv or .csv.gz with the header above'],
  },
  {
    name: 'binance_funding',
    holds: 'funding rates of many USD-M perpetuals',
    columns: 'timestamp,symbol,funding_rate',
    stamps: 'timestamp in milliseconds since 1970, UTC',
    archive: 'Binance public data, or its API, no account needed',
    addresses: [
      'https://data.binance.vision/data/futures/um/monthly/fundingRate/SYMBOL/SYMBOL-fundingRate-YYYY-MM.zip',
      'https://fapi.binance.com/fapi/v1/fundingRate?symbol=SYMBOL&startTime=MILLISECONDS&limit=1000',
    ],
    layDown: [
      'keep the columns above (calc_time or fundingTime is timestamp) and join the symbols into one .csv or .csv.gz',
    ],
  },
  {
    name: 'paradex_markets',
    holds: 'the parameters of Paradex markets: tick, step, band, margin fractions, funding cap',
    columns:
      'contractName,group,productType,settlementCurrency,baseCurrency,quoteCurrency,fundingPeriod,tickSize,' +
      'orderSizeIncrement,minOrderValue,maxOrderSize,maxOpenOrders,positionLimit,priceBandFactor,fundingMultiplier,' +
      'maxFundingRate,ewmaFactor,imf,mmf,source_path',
    stamps: 'none',
    archive: 'Paradex documentation and API, no account needed',
    addresses: ['https://github.com/tradeparadex/paradex-docs', 'https://api.prod.paradex.trade/v1/markets'],
    layDown: [
      'one row for each market, values with their units as the documentation prints them ("0.01 USD", "20.0%")',
    ],
  },
];
