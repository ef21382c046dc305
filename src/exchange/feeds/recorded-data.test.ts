import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { openRecordedData } from './recorded-data.ts';
import { temporaryFolder } from './temporary-folder.ts';

const klineHeader =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const february = Date.UTC(2026, 1, 1);

/** Hourly klines at the given hours of February 2026. */
function hours(numbers: readonly number[], price = '1.5'): string {
  const rows = numbers.map((hour) => {
    const openMs = february + hour * hourMs;
    return `${openMs},${price},${price},${price},${price},10,${openMs + hourMs - 1},15,3,5,7,0`;
  });
  return `${[klineHeader, ...rows].join('\n')}\n`;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

const venueHours = (hoursOfDay: readonly number[], coins: readonly string[]): string => {
  const rows = coins.flatMap((coin) =>
    ['bybit', 'binance'].flatMap((venue) =>
      hoursOfDay.map((hour) => `2026-02-02 ${String(hour).padStart(2, '0')}:00:00+00:00,${venue},${coin},2,2,2,2,1`),
    ),
  );
  return `${['timestamp,venue,coin,o,h,l,c,v', ...rows].join('\n')}\n`;
};

test('a folder is listed: files, series, days; and what is not read is reported', (context) => {
  const folder = temporaryFolder(context, {
    'deep/LTCUSDT-1h-2026-02.csv.gz': gzipSync(hours(range(0, 48))),
    'ALGOUSDT-1h-2026-02.csv': hours([...range(0, 30), ...range(32, 60)]),
    'README.md': '# notes\n',
    'archive.csv': 'PK\u0003\u0004\u0000\u0000',
    '.gitkeep': '',
  });
  symlinkSync(folder, join(folder, 'loop'));
  const data = openRecordedData(folder);
  assert.deepEqual(
    data.files.map(({ file, kind, format, rows }) => [file.slice(folder.length + 1), kind, format, rows]),
    [
      ['ALGOUSDT-1h-2026-02.csv', 'bars', 'binance_klines', 58],
      ['deep/LTCUSDT-1h-2026-02.csv.gz', 'bars', 'binance_klines', 48],
    ],
  );
  assert.deepEqual(data.markets, ['ALGO-USD-PERP', 'LTC-USD-PERP']);
  assert.deepEqual(
    data.series.map(({ rows, missingBars, firstMs, lastMs }) => [rows, missingBars, firstMs, lastMs]),
    [
      [58, 2, february, february + 59 * hourMs],
      [48, 0, february, february + 47 * hourMs],
    ],
  );
  assert.deepEqual(data.days, [
    { day: '2026-02-01', markets: 2, bars: 48, isWhole: true },
    { day: '2026-02-02', markets: 2, bars: 46, isWhole: false },
    { day: '2026-02-03', markets: 1, bars: 12, isWhole: false },
  ]);
  assert.deepEqual(
    data.findings.map(({ code, file, message }) => [code, file.slice(folder.length + 1), message]),
    [
      ['unknown_format', 'loop', 'it is no file; it was not read'],
      ['empty_file', '.gitkeep', 'not read: the file is empty'],
      ['unknown_format', 'README.md', 'not read: its first line is no header of a known format: "# notes"'],
      ['unknown_format', 'archive.csv', 'not read: it is a zip archive: unpack it first'],
    ],
  );
  assert.throws(() => openRecordedData(folder, { strict: true }), { code: 'unknown_format' });
});

test('a day comes in order of time, then market, then venue; gaps are found and not filled', (context) => {
  const folder = temporaryFolder(context, {
    'venues_1h.csv': venueHours([0, 1], ['ETH', 'BTC']),
    'ALGOUSDT-1h-2026-02.csv': hours([...range(0, 25), 27, 30, 50]),
  });
  const data = openRecordedData(folder);
  assert.deepEqual(data.venues, ['binance', 'bybit']);
  const { day, bars, findings } = data.readDay('2026-02-02');
  assert.equal(day, '2026-02-02');
  assert.deepEqual(
    bars.map(({ openTimeMs, market, venue }) => [(openTimeMs - february - dayMs) / hourMs, market, venue]),
    [
      [0, 'ALGO-USD-PERP', undefined],
      [0, 'BTC-USD-PERP', 'binance'],
      [0, 'BTC-USD-PERP', 'bybit'],
      [0, 'ETH-USD-PERP', 'binance'],
      [0, 'ETH-USD-PERP', 'bybit'],
      [1, 'BTC-USD-PERP', 'binance'],
      [1, 'BTC-USD-PERP', 'bybit'],
      [1, 'ETH-USD-PERP', 'binance'],
      [1, 'ETH-USD-PERP', 'bybit'],
      [3, 'ALGO-USD-PERP', undefined],
      [6, 'ALGO-USD-PERP', undefined],
    ],
  );
  const gaps = findings.map(({ code, line, market, venue, fromMs = 0, toMs = 0 }) => [
    code,
    line,
    market,
    venue,
    (fromMs - february - dayMs) / hourMs,
    (toMs - february - dayMs) / hourMs,
  ]);
  assert.deepEqual(gaps, [
    ['gap', 27, 'ALGO-USD-PERP', undefined, 1, 3],
    ['gap', 28, 'ALGO-USD-PERP', undefined, 4, 6],
    ['gap', 28, 'ALGO-USD-PERP', undefined, 7, 24],
    ['gap', 9, 'BTC-USD-PERP', 'binance', 2, 24],
    ['gap', 7, 'BTC-USD-PERP', 'bybit', 2, 24],
    ['gap', 5, 'ETH-USD-PERP', 'binance', 2, 24],
    ['gap', 3, 'ETH-USD-PERP', 'bybit', 2, 24],
  ]);
  assert.deepEqual(openRecordedData(folder).readDay('2026-02-02'), { day, bars, findings });
  const strict = openRecordedData(folder, { strict: true });
  assert.throws(() => strict.readDay('2026-02-02'), { name: 'FeedError', code: 'gap', line: 27 });
});

test('a market that is silent for the whole day is one gap beside the others; one that has ended is none', (context) => {
  const folder = temporaryFolder(context, {
    'ALGOUSDT-1h-2026-02.csv': hours([...range(0, 24), ...range(48, 72)]),
    'LTCUSDT-1h-2026-02-02.csv': hours(range(24, 48)),
    'DOTUSDT-1h-2026-02-01.csv': hours(range(0, 24)),
  });
  const { bars, findings } = openRecordedData(folder).readDay('2026-02-02');
  assert.equal(bars.length, 24);
  assert.deepEqual(
    findings.map(({ code, line, market }) => [code, line, market]),
    [['gap', 25, 'ALGO-USD-PERP']],
  );
  assert.throws(() => openRecordedData(folder, { markets: ['ALGO'] }).readDay('2026-02-02'), {
    code: 'day_not_in_data',
  });
});

test('days of one market continue over files, and a bar in two files is refused', (context) => {
  const apart = temporaryFolder(context, {
    'ALGOUSDT-1h-2026-01.csv': hours(range(-10, 0)),
    'ALGOUSDT-1h-2026-02.csv': hours(range(0, 30)),
  });
  assert.deepEqual(openRecordedData(apart).readDay('2026-02-01').findings, []);
  const overlapping = temporaryFolder(context, {
    'a/ALGOUSDT-1h.csv': hours(range(0, 30)),
    'b/ALGOUSDT-1h.csv': hours([20]),
  });
  assert.throws(() => openRecordedData(overlapping).readDay('2026-02-01'), {
    code: 'duplicate_timestamp',
    file: join(overlapping, 'b/ALGOUSDT-1h.csv'),
    line: 2,
  });
});

test('markets are chosen by our names or a venue’s; others are unknown', (context) => {
  const folder = temporaryFolder(context, {
    'ALGOUSDT-1h-2026-02.csv': hours(range(0, 24)),
    'XBTUSDT-1h-2026-02.csv': hours(range(0, 24)),
    'LTCUSDT-1h-2026-02.csv': hours([0, 0]),
  });
  const data = openRecordedData(folder, { markets: ['BTC', 'ALGOUSDT'] });
  assert.deepEqual(data.markets, ['ALGO-USD-PERP', 'BTC-USD-PERP']);
  assert.equal(data.readDay('2026-02-01').bars.length, 48);
  assert.throws(() => openRecordedData(folder, { markets: ['ALGO', 'DOGE'] }), {
    code: 'unknown_market',
    file: folder,
    detail: 'there is no market DOGE-USD-PERP; there are bars of ALGO-USD-PERP, BTC-USD-PERP, LTC-USD-PERP',
  });
  assert.throws(() => openRecordedData(folder), { code: 'duplicate_timestamp', line: 3 });
});

test('days that are not there, and days that are none', (context) => {
  const folder = temporaryFolder(context, {
    'ALGOUSDT-1h-2026-02.csv': hours(range(0, 24)),
    'LTCUSDT-1h-2026-02.csv': hours(range(24, 48)),
  });
  const data = openRecordedData(folder);
  assert.throws(() => data.readDay('2026-02-30'), { code: 'bad_day' });
  assert.throws(() => data.readDay('2026-02-04'), {
    code: 'day_not_in_data',
    detail: 'no bar opens on 2026-02-04: the data has bars from 2026-02-01 to 2026-02-02',
  });
  const named = openRecordedData(folder, { markets: ['ALGO', 'LTC'] });
  assert.throws(() => named.readDay('2026-02-01'), {
    code: 'day_not_in_data',
    detail: /LTC-USD-PERP has bars from 2026-02-02/,
  });
});

test('one bad bar file of a folder stops; a bad funding file is reported and refused', (context) => {
  const funding =
    'Symbol,Date,Funding Rate,venue\nBTC-USDT,2020-01-01 03:00:00,1e-4,a\nBTC-USDT,2020-01-01 11:00:00,1e-4,a\n';
  const folder = temporaryFolder(context, { 'ALGOUSDT-1h-2026-02.csv': hours(range(0, 24)), 'funding.csv': funding });
  const data = openRecordedData(folder);
  assert.equal(data.files[1]?.refusal?.code, 'off_grid_timestamp');
  assert.deepEqual(
    data.findings.map(({ code, line }) => [code, line]),
    [['off_grid_timestamp', 2]],
  );
  assert.throws(() => openRecordedData(join(folder, 'funding.csv')), { code: 'off_grid_timestamp', line: 2 });

  const cut = gzipSync(hours(range(0, 600))).subarray(0, 2000);
  const broken = temporaryFolder(context, {
    'ALGOUSDT-1h-2026-02.csv': hours(range(0, 24)),
    'LTCUSDT-1h-2026-02.csv.gz': cut,
  });
  assert.throws(() => openRecordedData(broken), {
    code: 'truncated_gzip',
    file: join(broken, 'LTCUSDT-1h-2026-02.csv.gz'),
  });
});

test('paths without data', (context) => {
  const folder = temporaryFolder(context, { 'empty.csv': '', 'sub/README.md': 'x\n', 'other.csv': 'a,b\n1,2\n' });
  assert.throws(() => openRecordedData(join(folder, 'absent')), { code: 'file_not_found' });
  assert.throws(() => openRecordedData(folder), { code: 'empty_file', file: join(folder, 'empty.csv') });
  assert.throws(() => openRecordedData(join(folder, 'sub')), { code: 'unknown_format', file: join(folder, 'sub') });
  assert.throws(() => openRecordedData(join(folder, 'other.csv')), { code: 'unknown_format', line: 1 });
});
