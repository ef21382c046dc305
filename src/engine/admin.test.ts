import assert from 'node:assert/strict';
import { test } from 'node:test';
import { only, VenueForTest } from './venue.fixture.ts';

/** An account long 10 of base at 100 with 105 USDC at a mark of 98: below its initial margin of 98, above maintenance. */
function belowInitial(): { venue: VenueForTest; market: number; account: number } {
  const venue = new VenueForTest();
  const market = venue.market();
  const other = venue.trader(100_000);
  const account = venue.trader(105);
  venue.price(market, 100);
  venue.trade(account, other, market, 1_000, 100);
  venue.price(market, 98);
  return { venue, market, account };
}

const setLeverage = (venue: VenueForTest, account: number, market: number, leverage: number): string =>
  venue.refusalOf((buffer, timeMs) => buffer.setLeverage(timeMs, account, market, leverage));

test('leverage that leaves the margin as it is, is taken even below the initial margin', () => {
  const { venue, market, account } = belowInitial();
  // The market's own is 10.
  assert.equal(setLeverage(venue, account, market, 10), 'none');
  assert.equal(setLeverage(venue, account, market, 9), 'insufficient_margin');
  assert.equal(setLeverage(venue, account, market, 11), 'leverage_out_of_range');
});

test('leverage goes from 1 to the largest whole number that the market allows', () => {
  const venue = new VenueForTest();
  const account = venue.trader(1_000);
  for (const [fraction, most] of [
    [20_000, 50],
    [33_300, 30],
    [33_334, 30],
    [1_000_000, 1],
  ] as const) {
    const market = venue.market({ INITIAL_MARGIN: fraction });
    assert.equal(setLeverage(venue, account, market, most), 'none');
    assert.equal(setLeverage(venue, account, market, most + 1), 'leverage_out_of_range');
    assert.equal(setLeverage(venue, account, market, 0), 'leverage_out_of_range');
    assert.equal(setLeverage(venue, account, market, -1), 'leverage_out_of_range');
  }
});

test('the fraction of a leverage is rounded up: never more leverage than asked for', () => {
  const venue = new VenueForTest();
  const market = venue.market({ INITIAL_MARGIN: 20_000 });
  const account = venue.trader(1_000);
  const events = venue.apply((buffer, timeMs) => buffer.setLeverage(timeMs, account, market, 3));
  assert.equal(only(events, 'leverageSet').initialMargin, 333_334);
});
