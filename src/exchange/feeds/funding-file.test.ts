import assert from 'node:assert/strict';
import test from 'node:test';
import { readFundingFile } from './funding-file.ts';
import { temporaryFile } from './temporary-folder.ts';

const hourMs = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const lines = (header: string, rows: readonly string[]): string => `${[header, ...rows].join('\n')}\n`;
const binanceHeader = 'timestamp,symbol,funding_rate';
const exchangeHeader = 'Symbol,Date,Funding Rate,venue';

const at = (hours: readonly number[], symbol = 'ALGOUSDT', lateMs = 0): string[] =>
  hours.map((hour) => `${start + hour * hourMs + lateMs},${symbol},-0.00009017`);

const dated = (hours: readonly number[], venue: string): string[] =>
  hours.map((hour) => {
    const stamp = new Date(start + hour * hourMs).toISOString().replace('T', ' ').slice(0, 19);
    return `BTC-USDT,${stamp},0.0001,${venue}`;
  });

test('the four layouts', (context) => {
  const layouts: [string, string, object][] = [
    [
      lines(binanceHeader, ['1771120800009,0GUSDT,-0.00009017']),
      'binance_funding',
      { market: '0G-USD-PERP', venue: undefined, timeMs: 1771120800009, hourMs: 1771120800000, rate: '-0.00009017' },
    ],
    [
      lines('timestamp,venue,coin,funding_rate', ['2025-03-08 16:00:00.001000+00:00,binance,BTC,1.208e-05']),
      'venue_funding',
      { market: 'BTC-USD-PERP', venue: 'binance', timeMs: 1741449600001, hourMs: 1741449600000, rate: '1.208e-05' },
    ],
    [
      lines(exchangeHeader, ['BTC-USDT,2020-01-01 08:00:00.000,-0.00012359,gate']),
      'exchange_funding',
      { market: 'BTC-USD-PERP', venue: 'gate', timeMs: 1577865600000, hourMs: 1577865600000, rate: '-0.00012359' },
    ],
    [
      lines('time,coin,premium,funding_rate', ['1704067200151,BTC,0.0009943926,0.0000617991']),
      'premium_funding',
      {
        market: 'BTC-USD-PERP',
        venue: undefined,
        timeMs: 1704067200151,
        hourMs: 1704067200000,
        rate: '0.0000617991',
        premium: '0.0009943926',
      },
    ],
  ];
  for (const [contents, format, sample] of layouts) {
    const read = readFundingFile(temporaryFile(context, 'funding.csv', contents));
    assert.equal(read.format, format);
    assert.equal(read.rows, 1);
    assert.deepEqual(read.series[0]?.samples, [{ premium: undefined, ...sample }]);
  }
});

test('8-hour stamps at 03, 11 and 19 are in another time zone: an error at the first of them', (context) => {
  const rows = [...dated([0, 8, 16, 24], 'gate'), ...dated([3, 11, 19, 27], 'binance')];
  const file = temporaryFile(context, 'funding.csv', lines(exchangeHeader, rows));
  assert.throws(() => readFundingFile(file), {
    name: 'FeedError',
    code: 'off_grid_timestamp',
    line: 6,
    detail:
      'BTC-USDT is stamped 2026-01-01T03:00:00Z, 3h past the 8h funding times of binance in UTC: the stamps are in another time zone',
  });
  const gate = readFundingFile(file, { venues: ['gate'] });
  assert.deepEqual(
    gate.series.map(({ venue, samples, periodMs }) => [venue, samples.length, periodMs]),
    [['gate', 4, 8 * hourMs]],
  );
  assert.deepEqual(
    gate.findings.map(({ code }) => code),
    ['zone_not_stated'],
  );
  assert.throws(() => readFundingFile(file, { venues: ['gate'], strict: true }), { code: 'zone_not_stated', line: 2 });
  assert.throws(() => readFundingFile(file, { venues: ['okx'] }), { code: 'unknown_market' });
  assert.throws(() => readFundingFile(file, { markets: ['DOGE'] }), { code: 'unknown_market' });
});

test('a series that is shifted from its middle on is found there; KuCoin pays at 04, 12 and 20', (context) => {
  const shifted = temporaryFile(context, 'a.csv', lines(binanceHeader, at([0, 8, 16, 24, 35, 43, 51])));
  assert.throws(() => readFundingFile(shifted), { code: 'off_grid_timestamp', line: 6 });
  const kucoin = temporaryFile(context, 'b.csv', lines(exchangeHeader, dated([4, 12, 20, 28], 'kucoin')));
  assert.equal(readFundingFile(kucoin).series.length, 1);
  const two = temporaryFile(context, 'c.csv', lines(binanceHeader, at([5, 13])));
  assert.throws(() => readFundingFile(two), { code: 'off_grid_timestamp', line: 2 });
});

test('a late recorder is no shift; a stamp between the hours is', (context) => {
  const late = temporaryFile(context, 'a.csv', lines(binanceHeader, at([0, 8, 16], 'ALGOUSDT', 110_963)));
  assert.equal(readFundingFile(late).series[0]?.samples[1]?.hourMs, start + 8 * hourMs);
  const early = temporaryFile(context, 'b.csv', lines(binanceHeader, at([0, 8, 16], 'ALGOUSDT', -500)));
  assert.equal(readFundingFile(early).series[0]?.samples[0]?.hourMs, start);
  const between = temporaryFile(context, 'c.csv', lines(binanceHeader, at([0, 8, 16.5, 24])));
  assert.throws(() => readFundingFile(between), { code: 'off_grid_timestamp', line: 4 });
});

test('missing payments are gaps, a change of the period is none', (context) => {
  const changed = temporaryFile(context, 'a.csv', lines(binanceHeader, at([0, 8, 16, 24, 28, 32, 36, 37, 38, 39])));
  assert.deepEqual(readFundingFile(changed).findings, []);
  const missing = temporaryFile(context, 'b.csv', lines(binanceHeader, at([0, 8, 16, 40, 48, 56, 80, 88, 96])));
  const gaps = readFundingFile(missing).findings.map(({ code, line, fromMs, toMs }) => [
    code,
    line,
    ((fromMs ?? 0) - start) / hourMs,
    ((toMs ?? 0) - start) / hourMs,
  ]);
  assert.deepEqual(gaps, [
    ['gap', 5, 24, 40],
    ['gap', 8, 64, 80],
  ]);
  const twoInARow = temporaryFile(context, 'c.csv', lines(binanceHeader, at([0, 8, 16, 24, 40, 56, 64, 72])));
  assert.deepEqual(
    readFundingFile(twoInARow).findings.map(({ code, line }) => [code, line]),
    [
      ['gap', 6],
      ['gap', 7],
    ],
  );
  assert.throws(() => readFundingFile(missing, { strict: true }), { code: 'gap', line: 5 });
});

test('bad rows stop at their line', (context) => {
  const cases: [string[], string, number][] = [
    [[...at([0, 8]), ...at([8])], 'duplicate_timestamp', 4],
    [[...at([0, 8]), ...at([8], 'ALGOUSDT', 50)], 'duplicate_timestamp', 4],
    [at([8, 0]), 'timestamps_not_rising', 3],
    [[...at([0]), `${start + 8 * hourMs},ALGOUSDT,`], 'bad_number', 3],
    [[...at([0]), `${start + 8 * hourMs},ALGOUSDT`], 'bad_row', 3],
    [[...at([0]), 'soon,ALGOUSDT,0.1'], 'bad_timestamp', 3],
    [[], 'empty_file', 1],
  ];
  for (const [rows, code, line] of cases) {
    const file = temporaryFile(context, 'a.csv', lines(binanceHeader, rows));
    assert.throws(() => readFundingFile(file), { name: 'FeedError', code, line, file });
  }
  const other = temporaryFile(context, 'a.csv', 'a,b,c\n1,2,3\n');
  assert.throws(() => readFundingFile(other), { code: 'unknown_format', line: 1 });
});

test('symbols that are no perpetual against the dollar are reported', (context) => {
  const file = temporaryFile(context, 'a.csv', lines(binanceHeader, [...at([0, 8]), ...at([0, 8], 'ETHBTC')]));
  const { series, findings, rows } = readFundingFile(file);
  assert.deepEqual([rows, series.length], [4, 1]);
  assert.deepEqual(
    findings.map(({ code, line }) => [code, line]),
    [['not_a_usd_perpetual', 4]],
  );
});
