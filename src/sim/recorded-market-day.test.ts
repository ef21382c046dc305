import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bar } from '../exchange/feeds/bar.ts';
import type { RecordedDay } from '../exchange/feeds/read-day.ts';
import { listedParameters } from './listed-markets.ts';
import { recordedMarketDay } from './recorded-market-day.ts';

const DAY = '2026-02-05';
const START_MS = Date.UTC(2026, 1, 5);
const HOUR_MS = 3_600_000;

function bar(market: string, hour: number, prices: readonly string[], more: Partial<Bar> = {}): Bar {
  const [open, high, low, close] = prices as [string, string, string, string];
  return {
    market,
    openTimeMs: START_MS + hour * HOUR_MS,
    intervalMs: HOUR_MS,
    open,
    high,
    low,
    close,
    volume: '10',
    ...more,
  };
}

function recorded(bars: Bar[], findings: RecordedDay['findings'] = []): RecordedDay {
  return { day: DAY, bars, findings };
}

describe('recordedMarketDay', () => {
  test('markets by turnover; parameters from the record, the documentation or the price', () => {
    const bars = [
      bar('NEW-USD-PERP', 0, ['3', '4', '2', '3.5']),
      bar('LINK-USD-PERP', 0, ['9', '9.5', '8.5', '9.1'], { volume: '5000' }),
      bar('BTC-USD-PERP', 0, ['70000', '71000', '69000', '70500']),
    ];
    const known = { ...listedParameters('LINK-USD-PERP')!, maximumOrderSize: '77' };
    const day = recordedMarketDay(recorded(bars), { seed: 1, parameters: [known] });
    assert.deepEqual(
      day.markets.map(({ name, parameters, rank }) => [name, parameters, rank]),
      [
        ['BTC-USD-PERP', 'documented', 0],
        ['LINK-USD-PERP', 'recorded', 1],
        ['NEW-USD-PERP', 'derived', 2],
      ],
    );
    assert.equal(day.markets[1]?.definition.MAXIMUM_ORDER, 7700);
    assert.equal(day.startMs, START_MS);
    assert.equal(day.endMs, START_MS + 24 * HOUR_MS);
    assert.equal(day.isModelled, false);
    assert.deepEqual(day.findings, []);
  });

  test('prices are those of the bars; where there is no bar the market is silent and the finding says so', () => {
    const bars = [
      bar('BTC-USD-PERP', 0, ['70000', '71000', '69000', '70500']),
      bar('BTC-USD-PERP', 2, ['60000', '60001', '59000', '59500']),
    ];
    const gap = { code: 'gap' as const, file: 'x.csv', line: 3, market: 'BTC-USD-PERP', message: 'one bar is missing' };
    const day = recordedMarketDay(recorded(bars, [gap]), { seed: 1, tickMs: 5000 });
    const path = day.markets[0]!.path;
    assert.equal(path.priceAt(START_MS), 70_000_000);
    assert.equal(path.priceAt(START_MS + HOUR_MS - 5000), 70_500_000);
    assert.equal(path.priceAt(START_MS + HOUR_MS), undefined);
    assert.equal(path.priceAt(START_MS + 2 * HOUR_MS), 60_000_000);
    assert.equal(path.priceAt(START_MS + 3 * HOUR_MS), undefined);
    assert.deepEqual(day.findings, [{ code: 'gap', market: 'BTC-USD-PERP', message: 'x.csv:3: one bar is missing' }]);
  });

  test('of several venues the one with most of the day is the price, the others quote; another interval is a finding', () => {
    const bars = [
      bar('BTC-USD-PERP', 0, ['70000', '71000', '69000', '70500'], { venue: 'one' }),
      bar('BTC-USD-PERP', 0, ['70010', '71000', '69000', '70600'], { venue: 'two' }),
      bar('BTC-USD-PERP', 1, ['70600', '71000', '69000', '70700'], { venue: 'two' }),
      bar('BTC-USD-PERP', 0, ['70000', '71000', '69000', '70500'], { venue: 'three', intervalMs: 60_000 }),
    ];
    const day = recordedMarketDay(recorded(bars), { seed: 1 });
    const market = day.markets[0]!;
    assert.equal(market.path.priceAt(START_MS), 70_010_000);
    assert.deepEqual(
      market.venues.map(({ name }) => name),
      ['two', 'one'],
    );
    assert.equal(market.definition.venues, 3);
    assert.deepEqual(
      day.findings.map(({ code, market: name }) => [code, name]),
      [['series_not_used', 'BTC-USD-PERP']],
    );
  });

  test('a market of one series is quoted by it and by venues that say they are modelled', () => {
    const day = recordedMarketDay(recorded([bar('BTC-USD-PERP', 0, ['7', '7', '7', '7'])]), { seed: 1 });
    assert.deepEqual(
      day.markets[0]!.venues.map(({ name, bars }) => [name, bars !== undefined]),
      [
        ['recorded', true],
        ['modelled 1', false],
        ['modelled 2', false],
        ['modelled 3', false],
      ],
    );
    assert.equal(day.markets[0]!.parameters, 'derived', 'at 7 USD the tick of 0.1 does not fit');
  });

  test('a price too small for any tick and step leaves the market out, and that is said', () => {
    const bars = [
      bar('DUST-USD-PERP', 0, ['0.00000001', '0.00000001', '0.00000001', '0.00000001']),
      bar('BTC-USD-PERP', 0, ['9', '9', '9', '9']),
    ];
    const day = recordedMarketDay(recorded(bars), { seed: 1 });
    assert.deepEqual(
      day.markets.map(({ name }) => name),
      ['BTC-USD-PERP'],
    );
    assert.deepEqual(
      day.findings.map(({ code, market }) => [code, market]),
      [['market_left_out', 'DUST-USD-PERP']],
    );
    assert.throws(() => recordedMarketDay(recorded(bars.slice(0, 1)), { seed: 1 }), {
      name: 'FeedError',
      code: 'no_tradable_market',
      message: /DUST-USD-PERP is left out: no tick and step fit 1e-8/,
    });
  });
});
