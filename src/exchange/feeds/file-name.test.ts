import assert from 'node:assert/strict';
import test from 'node:test';
import { readFileName } from './file-name.ts';

const utc = (text: string): number => Date.parse(`${text}T00:00:00Z`);

test('the names of the public archives', () => {
  const month = readFileName('some/folder/ALGOUSDT-1m-2026-02.csv.gz');
  assert.deepEqual(month, {
    symbol: 'ALGOUSDT',
    intervalMs: 60_000,
    period: { text: '2026-02', fromMs: utc('2026-02-01'), toMs: utc('2026-03-01') },
  });
  const day = readFileName('BTCUSD_PERP-1h-2024-12-31.csv');
  assert.deepEqual(day, {
    symbol: 'BTCUSD_PERP',
    intervalMs: 3_600_000,
    period: { text: '2024-12-31', fromMs: utc('2024-12-31'), toMs: utc('2025-01-01') },
  });
  assert.equal(readFileName('XBTUSD_1m_2020-03.csv.gz').symbol, 'XBTUSD');
});

test('periods that end with a day or a month', () => {
  assert.deepEqual(readFileName('binance_um_1h_2025-10-09_12.csv.gz').period, {
    text: '2025-10-09 to 2025-10-12',
    fromMs: utc('2025-10-09'),
    toMs: utc('2025-10-13'),
  });
  assert.deepEqual(readFileName('multi_venue_1h_2025-03_2026-03.csv.gz').period, {
    text: '2025-03 to 2026-03',
    fromMs: utc('2025-03-01'),
    toMs: utc('2026-04-01'),
  });
});

test('what a name does not say is undefined', () => {
  assert.deepEqual(readFileName('ETHUSDT.csv'), { symbol: 'ETHUSDT', intervalMs: undefined, period: undefined });
  assert.equal(readFileName('BTC-1m-2026-13.csv').period, undefined);
  assert.equal(readFileName('BTC-0m-2026-02.csv').intervalMs, undefined);
  assert.equal(readFileName('BTC-1m-2026-03-10_09.csv').period, undefined);
});
