import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { impactPrice, premium, weightedMedian } from './premium.ts';
import { VenueForTest } from './venue.fixture.ts';

test('a premium is what the impact bid is above and the impact ask below the spot; a thin side counts nothing', () => {
  assert.equal(premium(105, 110, 100), 5);
  assert.equal(premium(90, 95, 100), -5);
  assert.equal(premium(99, 101, 100), 0);
  assert.equal(premium(undefined, 95, 100), -5);
  assert.equal(premium(105, undefined, 100), 5);
  assert.equal(premium(undefined, undefined, 100), 0);
});

test('the weighted median is the lowest value that half of the weight does not exceed', () => {
  const of = (values: number[], weights: number[]): number =>
    weightedMedian(Float64Array.from(values), Float64Array.from(weights), values.length);
  assert.equal(of([7], [3]), 7);
  assert.equal(of([3, 1, 2], [1, 1, 1]), 2);
  // A tie: exactly half of the weight is at or below 1.
  assert.equal(of([2, 1], [5, 5]), 1);
  // Paradex's own score, 3.5 of 9.5, does not decide alone.
  assert.equal(of([100, 1, 2, 3, 4, 5], [35, 12, 12, 12, 12, 12]), 4);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 9 }),
      (pairs) => {
        const found = of(
          pairs.map(([value]) => value),
          pairs.map(([, weight]) => weight),
        );
        const sum = (keep: (value: number) => boolean): number =>
          pairs.reduce((total, [value, weight]) => (keep(value) ? total + weight : total), 0);
        const total = sum(() => true);
        assert.ok(sum((value) => value <= found) * 2 >= total);
        assert.ok(sum((value) => value < found) * 2 < total);
      },
    ),
  );
});

test('an impact price is the average over the levels that the notional takes, and absent when the side is too thin', () => {
  const venue = new VenueForTest();
  const market = venue.market({ IMPACT_NOTIONAL: 1 });
  const maker = venue.trader(1_000_000);
  venue.price(market, 1000);
  venue.order(maker, market, { sell: true, price: 1000, size: 100 });
  venue.order(maker, market, { sell: true, price: 1010, size: 1000 });
  const usdc = 1e8;
  // A lot is 0.01: 100 lots at 1,000 are 1,000 USDC.
  assert.equal(impactPrice(venue.state, market, 0, 500 * usdc), 1000e6);
  assert.equal(impactPrice(venue.state, market, 0, 1000 * usdc), 1000e6);
  // 1,000 USDC buy 1, the other 1,010 buy 1: 2,010 for 2.
  assert.equal(impactPrice(venue.state, market, 0, 2010 * usdc), 1005e6);
  assert.equal(impactPrice(venue.state, market, 0, 11_101 * usdc), undefined);
  assert.equal(impactPrice(venue.state, market, 1, usdc), undefined);
});
