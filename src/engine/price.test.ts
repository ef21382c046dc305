import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARKET } from './tables.ts';
import { all, only, USDC, VenueForTest } from './venue.fixture.ts';

function tickWith(venue: VenueForTest, market: number, spot: number, collateral: number): number {
  venue.timeMs += 1000;
  venue.apply((buffer, timeMs) => {
    buffer.collateralPrice(timeMs, collateral, timeMs);
    buffer.oraclePrice(timeMs, market, 0, spot, timeMs);
  });
  const [marked] = all(
    venue.apply((buffer, timeMs) => buffer.tick(timeMs)),
    'marked',
  );
  return marked?.spot ?? 0;
}

test('the spot is the price of the base in USDC, rounded down', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  assert.equal(tickWith(venue, market, 100e6, 1e8), 100e6);
  assert.equal(tickWith(venue, market, 100e6, 99_000_000), 101_010_101);
  assert.equal(tickWith(venue, market, 100e6, 50_000_000), 200e6);
});

test('a price of USDC that is next to nothing stops no engine: there is no spot', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  assert.equal(tickWith(venue, market, 100e6, 1e8), 100e6);
  for (const collateral of [1, 100, 10_000]) {
    assert.equal(tickWith(venue, market, 2 ** 42, collateral), 0);
    assert.equal(venue.state.market.f64[market * 128 + MARKET.SPOT], 100e6);
  }
});

test('a spot on which funding at the maximum rate would leave the exact range is none', () => {
  const venue = new VenueForTest();
  // 2 %: a lot may be worth 2,250 USDC; 100 %: 45 USDC.
  const market = venue.market();
  const wild = venue.market({ MAXIMUM_FUNDING_RATE: 1e12 });
  assert.equal(tickWith(venue, market, 225_000_000_000, 1e8), 225_000_000_000);
  assert.equal(tickWith(venue, market, 226_000_000_000, 1e8), 0);
  assert.equal(tickWith(venue, wild, 4_500_000_000, 1e8), 4_500_000_000);
  assert.equal(tickWith(venue, wild, 4_600_000_000, 1e8), 0);
});

test('a spot ten thousand times too low stops no engine: the premium is taken as 1000 times the spot', () => {
  const venue = new VenueForTest();
  const market = venue.market({ IMPACT_NOTIONAL: 10 * USDC });
  const maker = venue.trader(1_000_000);
  venue.price(market, 10_000);
  venue.order(maker, market, { price: 9_990, size: 100 });
  assert.equal(only(venue.price(market, 1), 'marked').premiumRate, 1_000e12);
  assert.equal(only(venue.priceUnits(market, 1), 'marked').premiumRate, 1_000e12);
});

test('funding periods are an hour at least', () => {
  const venue = new VenueForTest();
  assert.throws(() => venue.market({ fundingPeriodS: 3_599 }), /marketDefined/);
  assert.equal(venue.market({ fundingPeriodS: 3_600 }), 1);
});
