// The market days of real records: skipped by name where the records are not there.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { isParameterValid, tickUnits } from '../engine/market.ts';
import { readMarketParametersFile } from '../exchange/feeds/market-parameters-file.ts';
import { openRecordedData } from '../exchange/feeds/recorded-data.ts';
import { listedParameters } from './listed-markets.ts';
import { openMarketDay } from './recorded-market-day.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const data = resolve(process.env['MAKEWHOLE_DATA'] ?? join(root, '..', 'shared', 'data'));
const needs = (path: string): { skip: string | false } => ({
  skip: existsSync(join(data, path)) ? false : `no recorded data at ${path} (set MAKEWHOLE_DATA)`,
});

describe('market days of recorded data', () => {
  test('hundreds of markets: all have parameters that the engine takes', needs('prices_1h'), () => {
    const day = openMarketDay(openRecordedData(join(data, 'prices_1h')), '2025-10-10', { seed: 1 });
    assert.equal(day.markets.length, 475);
    assert.equal(day.tickMs, 25_000);
    for (const { definition, tickUnits: units, venues } of day.markets) {
      for (const parameter of MARKET_PARAMETERS) assert.ok(isParameterValid(parameter, definition[parameter]));
      assert.equal(tickUnits(definition.TICK_SIZE, definition.SIZE_STEP), units);
      assert.equal(definition.venues, 2 ** venues.length - 1);
    }
    assert.deepEqual(new Set(day.findings.map(({ code }) => code)), new Set(['gap']));
  });

  test('12 March 2020: the path has the extremes of the record', needs('prices_1m'), () => {
    const day = openMarketDay(openRecordedData(join(data, 'prices_1m')), '2020-03-12', { seed: 1 });
    assert.deepEqual(
      day.markets.map(({ name }) => name),
      ['BTC-USD-PERP'],
    );
    const { path, usdUnits } = day.markets[0]!;
    let high = 0;
    let low = Number.POSITIVE_INFINITY;
    for (let timeMs = day.startMs; timeMs < day.endMs; timeMs += day.tickMs) {
      const price = (path.priceAt(timeMs) as number) / usdUnits;
      high = Math.max(high, price);
      low = Math.min(low, price);
    }
    assert.deepEqual([low, high], [4266, 7967]);
  });

  test('the listed markets are what the documentation printed', needs('paradex/paradex_markets_docs.csv'), () => {
    const file = join(data, 'paradex', 'paradex_markets_docs.csv');
    const { markets } = readMarketParametersFile(file, { preferGroups: ['tier-1', 'tier-2', 'tradfi', 'rwa'] });
    let compared = 0;
    for (const parameters of markets) {
      const listed = listedParameters(parameters.market);
      if (listed === undefined) continue;
      assert.deepEqual({ ...listed, group: parameters.group }, parameters);
      compared++;
    }
    assert.ok(compared >= 40, `${compared}`);
  });
});
