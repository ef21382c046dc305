import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { BarFormat } from './bar.ts';
import { type BarFile, readBarFile, type TimeRange } from './bar-file.ts';
import type { FeedErrorCode } from './feed-error.ts';
import { detectFormat } from './format.ts';
import { readFirstLine, readTextFile } from './lines.ts';
import { temporaryFile } from './temporary-folder.ts';

const klineHeader =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
const startMs = Date.UTC(2026, 1, 1);
const minuteMs = 60_000;
const all: TimeRange = { fromMs: 0, toMs: 4e12 };

/** A row of klines `minute` minutes into 2026-02-01. */
function kline(minute: number, prices = '0.1038,0.1040,0.1037,0.1040', unit = ''): string {
  const openMs = startMs + minute * minuteMs;
  const end = unit === '' ? '' : '999';
  return `${openMs}${unit},${prices},242160.4,${openMs + minuteMs - 1}${end},25142.90126,102,126196.5,13109.51126,0`;
}

const klines = (...rows: string[]): string => `${[klineHeader, ...rows].join('\n')}\n`;

function read(context: TestContext, contents: string | Uint8Array, name = 'ALGOUSDT-1m-2026-02.csv'): BarFile {
  const file = temporaryFile(context, name, contents);
  const format = detectFormat(readFirstLine(file));
  assert.equal(format?.kind, 'bars');
  return readBarFile(readTextFile(file), format as BarFormat, all);
}

function refuses(
  context: TestContext,
  contents: string,
  expected: { code: FeedErrorCode; line: number; detail?: RegExp },
  name?: string,
): void {
  assert.throws(
    () => read(context, contents, name),
    (error: { name: string; code: string; line: number; file: string; message: string }) => {
      assert.equal(error.name, 'FeedError');
      assert.deepEqual({ code: error.code, line: error.line }, { code: expected.code, line: expected.line });
      assert.ok(error.message.startsWith(`${error.file}:${error.line}: `), error.message);
      if (expected.detail !== undefined) assert.match(error.message, expected.detail);
      return true;
    },
  );
}

test('a kline file: text of the record, market and interval of the name, every row counted', (context) => {
  const { series, rows, findings } = read(context, klines(kline(0), kline(1), kline(3)));
  assert.equal(rows, 3);
  assert.deepEqual(findings, []);
  const [algo] = series;
  assert.deepEqual(algo?.bars[0], {
    line: 2,
    bar: {
      market: 'ALGO-USD-PERP',
      venue: undefined,
      openTimeMs: startMs,
      intervalMs: minuteMs,
      open: '0.1038',
      high: '0.1040',
      low: '0.1037',
      close: '0.1040',
      volume: '242160.4',
    },
  });
  assert.deepEqual(
    [algo.rows, algo.missingBars, algo.firstMs, algo.lastMs, algo.firstLine, algo.lastLine],
    [3, 1, startMs, startMs + 3 * minuteMs, 2, 4],
  );
  assert.deepEqual([...algo.rowsByDay], [[startMs / 86_400_000, 3]]);
});

test('klines without a header, in microseconds, gzipped, with Windows line breaks', (context) => {
  const plain = read(context, klines(kline(0), kline(1))).series[0]?.bars.map(({ bar }) => bar);
  const withoutHeader = [kline(0), kline(1)].join('\n');
  const micro = [kline(0, undefined, '000'), kline(1, undefined, '000')].join('\r\n');
  for (const contents of [`${withoutHeader}\n`, `${micro}\r\n`, gzipSync(klines(kline(0), kline(1)))]) {
    const { series, rows, findings } = read(context, contents);
    assert.equal(rows, 2);
    assert.deepEqual(findings, []);
    assert.deepEqual(
      series[0]?.bars.map(({ bar }) => bar),
      plain,
    );
  }
});

test('prices: zero, negative, crossed, outside the range and unreadable ones stop at their line', (context) => {
  const cases: [string, FeedErrorCode][] = [
    ['0.1038,0.1040,0.0000,0.1040', 'price_not_positive'],
    ['0,0.1040,0.1037,0.1040', 'price_not_positive'],
    ['0.1038,0.1040,-0.1037,0.1040', 'price_not_positive'],
    ['0.1038,0.1036,0.1037,0.1037', 'high_below_low'],
    ['0.1038,0.1040,0.1037,0.1041', 'price_outside_range'],
    ['0.103,0.1040,0.1037,0.1040', 'price_outside_range'],
    ['1.038e-1,0.1040,0.1037,0.10400000000000000001', 'price_outside_range'],
    ['150,200,150,1e5', 'price_outside_range'],
    [',0.1040,0.1037,0.1040', 'bad_number'],
    ['NaN,0.1040,0.1037,0.1040', 'bad_number'],
  ];
  for (const [prices, code] of cases) refuses(context, klines(kline(0), kline(1, prices)), { code, line: 3 });
  const first = kline(0);
  refuses(context, klines(first.replace('242160.4', '-1')), { code: 'volume_negative', line: 2 });
  refuses(context, klines(first.replace('242160.4', '1e400')), { code: 'bad_number', line: 2 });
  refuses(context, klines(first.replace('242160.4', '')), { code: 'bad_number', line: 2 });
  assert.equal(read(context, klines(kline(0, '1.0,1.00,1.000,1'))).series.length, 1);
});

test('stamps: twice, backwards, off the grid, with another close time', (context) => {
  refuses(context, klines(kline(0), kline(1), kline(1)), {
    code: 'duplicate_timestamp',
    line: 4,
    detail: /on line 3 already/,
  });
  refuses(context, klines(kline(0), kline(2), kline(1)), { code: 'timestamps_not_rising', line: 4 });
  refuses(context, klines(kline(0), kline(1 + 1 / 6), kline(2)), {
    code: 'off_grid_timestamp',
    line: 3,
    detail: /10s past the grid of 1m bars/,
  });
  const openShifted = kline(1).replace(String(startMs + minuteMs), String(startMs + minuteMs - 10_800_000));
  refuses(context, klines(openShifted, kline(2)), { code: 'outside_named_period', line: 2 });
  refuses(context, klines(kline(200), openShifted.replace(/^\d+/, String(startMs))), {
    code: 'close_time_mismatch',
    line: 3,
  });
  refuses(context, klines(kline(0).replace('1769904059999', '1769904000000')), { code: 'interval_mismatch', line: 2 });
  refuses(context, klines(kline(0).replace('1769904059999', '1769903999999')), {
    code: 'close_time_mismatch',
    line: 2,
  });
  refuses(context, klines(kline(0).replace('1769904000000', 'yesterday')), { code: 'bad_timestamp', line: 2 });
  refuses(context, `${kline(0, undefined, '000').replace('000000000', '000000001')}\n`, {
    code: 'off_grid_timestamp',
    line: 1,
  });
});

test('a month in another time zone leaves the month that the file is named for', (context) => {
  const lastMinute = 28 * 24 * 60 - 1;
  const early = klines(kline(-180), kline(-179));
  refuses(context, early, {
    code: 'outside_named_period',
    line: 2,
    detail: /named for 2026-02 .* 2026-01-31T21:00:00Z: is it in another time zone/,
  });
  refuses(context, klines(kline(lastMinute), kline(lastMinute + 1)), { code: 'outside_named_period', line: 3 });
});

test('whole days that do not begin at midnight are reported: the file cannot prove its time zone', (context) => {
  const day = Array.from({ length: 1440 }, (_, minute) => kline(minute + 180));
  const { findings } = read(context, klines(...day), 'ALGOUSDT.csv');
  assert.deepEqual(
    findings.map(({ code, line }) => [code, line]),
    [['not_from_midnight', 2]],
  );
});

test('rows that are cut, empty or too long stop at their line', (context) => {
  const cut = kline(1).slice(0, 40);
  refuses(context, `${klines(kline(0))}${cut}`, { code: 'bad_row', line: 3 });
  refuses(context, klines(kline(0), '', kline(1)), { code: 'bad_row', line: 3 });
  refuses(context, klines(kline(0), `${kline(1)},0`), { code: 'bad_row', line: 3 });
  refuses(context, `${klineHeader}\n`, { code: 'empty_file', line: 1 });
});

test('a last line without a line break is reported', (context) => {
  const { findings } = read(context, klines(kline(0), kline(1)).trimEnd());
  assert.deepEqual(
    findings.map(({ code, line }) => [code, line]),
    [['no_final_newline', 3]],
  );
});

test('a name that says no market, or another interval than the rows', (context) => {
  refuses(context, klines(kline(0), kline(1)), { code: 'unknown_market', line: 1 }, 'download.csv');
  refuses(context, klines(kline(0), kline(1)), { code: 'unknown_market', line: 1 }, 'BTCBUSD-1m-2026-02.csv');
  refuses(context, klines(kline(0), kline(1)), { code: 'interval_mismatch', line: 2 }, 'ALGOUSDT-1h-2026-02.csv');
});

const binsHeader = 'timestamp,open,high,low,close,trades,volume_usd,vwap,homeNotional_xbt';

test('BitMEX bins are stamped with their end and open at the previous close', (context) => {
  const rows = [
    '2020-03-01T00:00:00.000Z,8535.5,8536,8525.5,8531.5,1930,9122618,8530.2397,1069.4742439',
    '2020-03-01T00:01:00.000Z,8644,8643.5,8636,8637,772,2598753,8638.5625,300.8337855599999',
    '2020-03-01T00:02:00.000Z,8637,8637,8637,8637,0,0,,0',
  ];
  const { series } = read(context, [binsHeader, ...rows, ''].join('\r\n'), 'XBTUSD_1m_2020-03.csv');
  const [xbt] = series;
  assert.equal(xbt?.market, 'BTC-USD-PERP');
  assert.deepEqual(
    xbt.bars.map(({ bar, line }) => [new Date(bar.openTimeMs).toISOString(), bar.open, bar.volume, line]),
    [
      ['2020-02-29T23:59:00.000Z', '8535.5', '1069.4742439', 2],
      ['2020-03-01T00:00:00.000Z', '8644', '300.8337855599999', 3],
      ['2020-03-01T00:01:00.000Z', '8637', '0', 4],
    ],
  );
  const ofMarch = (stamp: string): string => [binsHeader, `${stamp},1,1,1,1,1,1,1,1`, ''].join('\n');
  assert.equal(read(context, ofMarch('2020-04-01T00:00:00.000Z'), 'XBTUSD_1m_2020-03.csv').rows, 1);
  const april = { code: 'outside_named_period', line: 2 } as const;
  refuses(context, ofMarch('2020-04-01T00:01:00.000Z'), april, 'XBTUSD_1m_2020-03.csv');
  const shifted = rows.map((row) => row.replace('Z', '+03:00'));
  refuses(context, [binsHeader, ...shifted, ''].join('\n'), { code: 'not_utc', line: 2 }, 'XBTUSD_1m_2020-03.csv');
});

test('a file of many symbols: series of their own, and symbols that are no perpetual reported', (context) => {
  const header = 'symbol,timestamp,open,high,low,close,volume,quote_volume,trades';
  const hour = (symbol: string, index: number): string =>
    `${symbol},${startMs + index * 3_600_000},2.7,2.8,2.7,2.7,418939,1160115.8,20013`;
  const rows = [hour('0GUSDT', 0), hour('ETHBTC', 0), hour('0GUSDT', 1), hour('1000PEPEUSDT', 0), hour('0GUSDC', 0)];
  const { series, findings, rows: count } = read(context, [header, ...rows, ''].join('\n'), 'hours.csv');
  assert.equal(count, 5);
  assert.deepEqual(
    series.map(({ market, rows: own, intervalMs }) => [market, own, intervalMs]),
    [
      ['0G-USD-PERP', 2, 3_600_000],
      ['1000PEPE-USD-PERP', 1, 3_600_000],
    ],
  );
  assert.deepEqual(
    findings.map(({ code, line }) => [code, line]),
    [
      ['not_a_usd_perpetual', 3],
      ['market_listed_twice', 6],
    ],
  );
  const chosen = (...symbols: string[]): (string | undefined)[] =>
    read(context, [header, ...symbols.map((symbol) => hour(symbol, 0)), ''].join('\n'), 'hours_1h.csv').series.map(
      ({ symbol }) => symbol,
    );
  assert.deepEqual(chosen('BTCUSDC', 'BTCUSDT'), ['BTCUSDT']);
  assert.deepEqual(chosen('BTCUSDT', 'XBTUSDT'), ['BTCUSDT']);
  const twice = [hour('0GUSDT', 0), hour('ZRXUSDT', 0), hour('0GUSDT', 0)];
  refuses(context, [header, ...twice, ''].join('\n'), { code: 'duplicate_timestamp', line: 4 }, 'hours.csv');
});

test('a file of many venues', (context) => {
  const header = 'timestamp,venue,coin,o,h,l,c,v';
  const row = (time: string, venue: string): string => `${time},${venue},BTC,91250.0,91563.0,90953.1,91319.2,5659.315`;
  const rows = ['binance', 'bybit'].flatMap((venue) => [
    row('2025-03-06 11:00:00+00:00', venue),
    row('2025-03-06 12:00:00+00:00', venue),
  ]);
  const { series } = read(context, [header, ...rows, ''].join('\n'), 'venues.csv');
  assert.deepEqual(
    series.map(({ market, venue, rows: own }) => [market, venue, own]),
    [
      ['BTC-USD-PERP', 'binance', 2],
      ['BTC-USD-PERP', 'bybit', 2],
    ],
  );
  const half = [row('2025-03-06 11:30:00+00:00', 'a'), row('2025-03-06 12:30:00+00:00', 'a'), ''];
  refuses(context, [header, ...half].join('\n'), { code: 'off_grid_timestamp', line: 2 }, 'venues.csv');
  refuses(
    context,
    [header, row('2025-03-06 11:00:00+00:00', 'a'), ''].join('\n'),
    { code: 'unknown_interval', line: 2 },
    'venues.csv',
  );
  const local = [row('2025-03-06 11:00:00+00:00', 'a'), row('2025-03-06 12:00:00+03:00', 'a'), ''];
  refuses(context, [header, ...local].join('\n'), { code: 'not_utc', line: 3 }, 'venues.csv');
});
