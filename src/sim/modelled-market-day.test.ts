import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { modelledMarketDay } from './modelled-market-day.ts';

const pricesOf = (seed: number): number[][] => {
  const day = modelledMarketDay({ seed });
  return day.markets.map(({ path }) =>
    Array.from({ length: 1440 }, (_, minute) => path.priceAt(day.startMs + minute * 60_000) as number),
  );
};

describe('modelledMarketDay', () => {
  test('says that it is modelled; BTC about 92,500, PAXG about 4,680, all day quiet', () => {
    const day = modelledMarketDay({ seed: 1 });
    assert.equal(day.day, '2026-01-19');
    assert.ok(day.isModelled && day.source.startsWith('modelled'));
    assert.equal(day.markets.length, 10);
    const levels = new Map(
      day.markets.map(({ name, usdUnits }, place) => [name, pricesOf(1)[place]!.map((price) => price / usdUnits)]),
    );
    assert.ok(levels.get('BTC-USD-PERP')!.every((price) => price > 91_000 && price < 94_000));
    assert.ok(levels.get('PAXG-USD-PERP')!.every((price) => price > 4630 && price < 4730));
    for (const prices of levels.values()) assert.ok(Math.max(...prices) / Math.min(...prices) < 1.05);
    for (const { venues } of day.markets) assert.ok(venues.every(({ name }) => name.startsWith('modelled')));
  });

  test('the same seed gives the same prices, another seed others', () => {
    assert.deepEqual(pricesOf(3), pricesOf(3));
    assert.notDeepEqual(pricesOf(3), pricesOf(4));
  });
});
