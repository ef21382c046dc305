// The readers on the recorded market data that stays outside the repository: row counts and defects as its notes state them.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { decimalSign, parseDecimal } from './decimal.ts';
import { readFundingFile } from './funding-file.ts';
import { readMarketHistoryFile } from './market-history-file.ts';
import { readMarketParametersFile } from './market-parameters-file.ts';
import { openRecordedData } from './recorded-data.ts';

const data = process.env['MAKEWHOLE_DATA'] ?? join(import.meta.dirname, '../../../../shared/data');
const skip = existsSync(data) ? false : `recorded data is not at ${data}: set MAKEWHOLE_DATA`;

test('recorded data: every bar, funding, parameter and history file opens with the rows that are known', {
  skip,
}, () => {
  const rows: Record<string, number> = {};
  const refused: string[] = [];
  const folders = ['prices_1m', 'prices_1h', 'funding', 'paradex'];
  const opened = folders.map((folder) => openRecordedData(join(data, folder)));
  for (const { files } of opened) {
    for (const { file, rows: count, refusal } of files) {
      rows[file.slice(data.length + 1)] = count;
      if (refusal !== undefined) refused.push(`${file.slice(data.length + 1)} ${refusal.code}`);
    }
  }
  assert.deepEqual(rows, {
    'prices_1m/ALGOUSDT-1m-2026-02.csv.gz': 40_320,
    'prices_1m/DOTUSDT-1m-2026-02.csv.gz': 40_320,
    'prices_1m/LINKUSDT-1m-2026-02.csv.gz': 40_320,
    'prices_1m/LTCUSDT-1m-2026-02.csv.gz': 40_320,
    'prices_1m/XBTUSD_1m_2020-03.csv.gz': 44_640,
    'prices_1h/binance_um_1h_2025-10-09_12.csv.gz': 45_558,
    'prices_1h/multi_venue_1h_2025-03_2026-03.csv.gz': 52_416,
    'funding/binance_um_funding_2026Q1.csv.gz': 54_200,
    'funding/cex_BTC_2020_2023.csv.gz': 0,
    'funding/hl_premium_BTC_2024_2025.csv.gz': 12_192,
    'funding/multi_venue_2025-03_2026-03.csv.gz': 68_601,
    'paradex/market_history_11venues_2026-01-02_04.csv.gz': 10_000,
    'paradex/paradex_markets_docs.csv': 71,
  });
  assert.deepEqual(refused, ['funding/cex_BTC_2020_2023.csv.gz off_grid_timestamp']);
  const missing = opened.flatMap(({ series }) => series).reduce((sum, { missingBars }) => sum + missingBars, 0);
  assert.equal(missing, 0);
});

test('recorded data: 12 March 2020 is whole, with a daily range of 87 %', { skip }, () => {
  const { bars, findings } = openRecordedData(join(data, 'prices_1m/XBTUSD_1m_2020-03.csv.gz')).readDay('2020-03-12');
  assert.equal(bars.length, 1440);
  assert.deepEqual(findings, []);
  const high = Math.max(...bars.map((bar) => parseDecimal(bar.high, 1, 'exact')));
  const low = Math.min(...bars.map((bar) => parseDecimal(bar.low, 1, 'exact')));
  assert.deepEqual([high, low], [79_670, 42_660]);
});

test('recorded data: 476 perpetuals on 10 October 2025, and the two that were listed that day', { skip }, () => {
  const opened = openRecordedData(join(data, 'prices_1h/binance_um_1h_2025-10-09_12.csv.gz'));
  assert.equal(opened.markets.length, 476);
  const { bars, findings } = opened.readDay('2025-10-10');
  assert.equal(bars.length, 11_379);
  assert.deepEqual(
    findings.map(({ code, market }) => [code, market]),
    [
      ['gap', 'MON-USD-PERP'],
      ['gap', 'YB-USD-PERP'],
    ],
  );
});

test('recorded data: stamps of four exchanges at UTC+3 are found, and of a fifth; two are sound', { skip }, () => {
  const file = join(data, 'funding/cex_BTC_2020_2023.csv.gz');
  const lines = { binance: 2, bybit: 4_385, htx: 29_480, kucoin: 32_764, mexc: 36_049 };
  for (const [venue, line] of Object.entries(lines)) {
    assert.throws(() => readFundingFile(file, { venues: [venue] }), {
      code: 'off_grid_timestamp',
      line,
      detail: /, 3h past the 8h funding times/,
    });
  }
  const sound = readFundingFile(file, { venues: ['dydx', 'gate'] });
  assert.equal(sound.rows, 39_332);
  assert.deepEqual(
    sound.series.map(({ venue, samples }) => [venue, samples.length]),
    [
      ['dydx', 17_520],
      ['gate', 4_290],
    ],
  );
  assert.deepEqual(
    sound.findings.map(({ code }) => code),
    ['gap', 'zone_not_stated'],
  );
});

test('recorded data: funding gaps as counted when it was collected', { skip }, () => {
  const premium = readFundingFile(join(data, 'funding/hl_premium_BTC_2024_2025.csv.gz'));
  assert.equal(premium.findings.filter(({ code }) => code === 'gap').length, 25);
  const venues = readFundingFile(join(data, 'funding/multi_venue_2025-03_2026-03.csv.gz'));
  const gapsOf = (name: string): number =>
    venues.findings.filter(({ venue, market }) => venue === name && market === 'BTC-USD-PERP').length;
  assert.deepEqual(['hyperliquid', 'kraken', 'binance', 'bybit', 'lighter'].map(gapsOf), [0, 8, 0, 0, 28]);
});

test('recorded data: Paradex lists 65 markets, six twice with other values, one with unreadable digits', {
  skip,
}, () => {
  const file = join(data, 'paradex/paradex_markets_docs.csv');
  assert.throws(() => readMarketParametersFile(file), { code: 'conflicting_duplicate', line: 52 });
  const { markets, findings } = readMarketParametersFile(file, { preferGroups: ['tradfi', 'rwa'] });
  assert.equal(markets.length, 65);
  const codes = findings.map(({ code, line }) => `${code} ${line}`);
  assert.deepEqual(codes, [
    ...[52, 53, 56, 65, 70, 72].map((line) => `conflicting_duplicate ${line}`),
    'inconsistent_parameters 17',
    'inconsistent_parameters 32',
    'misgrouped_number 38',
    'inconsistent_parameters 39',
  ]);
});

test('recorded data: prices that a venue did not report are absent', { skip }, () => {
  const { samples, findings } = readMarketHistoryFile(
    join(data, 'paradex/market_history_11venues_2026-01-02_04.csv.gz'),
  );
  assert.equal(samples.filter(({ venue }) => venue === 'paradex').length, 1_255);
  assert.equal(samples.filter(({ averageMarkPrice }) => averageMarkPrice === undefined).length, 197);
  assert.ok(
    samples.every(({ averageMarkPrice }) => averageMarkPrice === undefined || decimalSign(averageMarkPrice) === 1),
  );
  const foreign = findings
    .filter(({ code }) => code === 'not_a_usd_perpetual')
    .map(({ message }) => /lighter (\w+)/.exec(message)?.[1]);
  assert.deepEqual(new Set(foreign), new Set(['USDCAD', 'USDCHF', 'USDJPY', 'USDKRW']));
});
