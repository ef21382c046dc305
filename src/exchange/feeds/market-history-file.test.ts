import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { readMarketHistoryFile } from './market-history-file.ts';
import { temporaryFile } from './temporary-folder.ts';

const header =
  'exchange,symbol,normalized_symbol,avg_mark_price,avg_index_price,min_price,max_price,price_volatility,volume_base,' +
  'volume_quote,avg_open_interest,avg_open_interest_usd,max_open_interest_usd,avg_funding_rate,avg_funding_rate_annual,' +
  'min_funding_rate,max_funding_rate,hour_timestamp,sample_count,aggregated_at';
const row = (prices: string, hour = 1767384000, venue = 'paradex', symbol = '0G-USD-PERP'): string =>
  `${venue},${symbol},0G,${prices},0.12,772748.3,1383044839.8,76243.3,74109.7,76726.8,0,-3.29,-0.00004,0,${hour},15,1767394818`;
const prices = '0.9720361066666666,0.972817076,0.97156219,0.97275491';

const fileOf = (context: TestContext, ...rows: string[]): string =>
  temporaryFile(context, 'history.csv', `${[header, ...rows].join('\n')}\n`);

test('an hour of a market, and a price of 0 as absent', (context) => {
  const rows = [row(prices), row('0,0,0,0', 1767387600), row('0,1,0,0.0', 1767387600, 'flx', 'flx:GOLD')];
  const { samples, findings, rows: count } = readMarketHistoryFile(fileOf(context, ...rows));
  assert.equal(count, 3);
  assert.deepEqual(samples[0], {
    venue: 'paradex',
    market: '0G-USD-PERP',
    hourMs: 1767384000000,
    averageMarkPrice: '0.9720361066666666',
    averageIndexPrice: '0.972817076',
    minimumPrice: '0.97156219',
    maximumPrice: '0.97275491',
    averageFundingRate: '0',
    minimumFundingRate: '-0.00004',
    maximumFundingRate: '0',
    observations: 15,
  });
  const reported = samples.map((one) => [
    one.averageMarkPrice,
    one.averageIndexPrice,
    one.minimumPrice,
    one.maximumPrice,
  ]);
  assert.deepEqual(reported.slice(1), [
    [undefined, undefined, undefined, undefined],
    [undefined, '1', undefined, undefined],
  ]);
  assert.deepEqual(
    findings.map(({ code, line, market, venue }) => [code, line, market, venue]),
    [
      ['price_not_reported', 3, '0G-USD-PERP', 'paradex'],
      ['price_not_reported', 4, 'GOLD-USD-PERP', 'flx'],
    ],
  );
});

test('currency pairs of other currencies are reported and left out', (context) => {
  const file = fileOf(
    context,
    row(prices, 1767384000, 'lighter', 'USDJPY'),
    row(prices, 1767384000, 'lighter', 'EURUSD'),
  );
  const { samples, findings } = readMarketHistoryFile(file);
  assert.deepEqual(
    samples.map(({ market }) => market),
    ['EUR-USD-PERP'],
  );
  assert.deepEqual(
    findings.map(({ code, line, message }) => [code, line, message]),
    [['not_a_usd_perpetual', 2, '1 rows of lighter USDJPY are not used: it is no perpetual against the dollar']],
  );
  assert.throws(() => readMarketHistoryFile(file, { strict: true }), { code: 'not_a_usd_perpetual', line: 2 });
});

test('bad rows stop at their line', (context) => {
  const cases: [string, string][] = [
    [row(prices), 'duplicate_timestamp'],
    [row(prices, 1767380400), 'timestamps_not_rising'],
    [row(prices, 1767384001), 'off_grid_timestamp'],
    [row(prices.replace('0.97156219', '-0.97')), 'price_not_positive'],
    [row(prices.replace('0.97156219', '')), 'bad_number'],
    [row(prices).replace('1767384000', 'noon'), 'bad_timestamp'],
    [row(prices).replace('-0.00004', 'high'), 'bad_number'],
    [row(prices).replace(',15,', ',0,'), 'bad_number'],
    ['paradex,0G', 'bad_row'],
  ];
  for (const [second, code] of cases) {
    const file = fileOf(context, row(prices), second);
    assert.throws(() => readMarketHistoryFile(file), { name: 'FeedError', code, line: 3, file }, code);
  }
  assert.throws(() => readMarketHistoryFile(fileOf(context)), { code: 'empty_file' });
  assert.throws(() => readMarketHistoryFile(temporaryFile(context, 'a.csv', 'a,b\n')), { code: 'unknown_format' });
});
