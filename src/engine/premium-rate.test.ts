import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE } from './rules.ts';
import { FUNDING_PAUSE } from './tick.ts';
import { only, USDC, VenueForTest } from './venue.fixture.ts';

/** Quotes of up to three venues as [index, impact bid, impact ask], and perhaps an own book around 101; the rate of the tick. */
function rateOf(quotes: readonly [number, number, number][], own: boolean): number | undefined {
  const venue = new VenueForTest();
  const market = venue.market({ venues: 7, IMPACT_NOTIONAL: USDC });
  const maker = venue.trader(1_000_000);
  venue.price(market, 100);
  venue.timeMs += 60_000;
  if (own) {
    venue.order(maker, market, { price: 101, size: 1_000 });
    venue.order(maker, market, { sell: true, price: 104, size: 1_000 });
  }
  venue.apply((buffer, timeMs) => {
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    buffer.oraclePrice(timeMs, market, 0, 100e6, timeMs);
    quotes.forEach(([index, bid, ask], place) =>
      buffer.venueQuote(timeMs, market, place, 14, timeMs, 0, index * 1e6, bid * 1e6, ask * 1e6),
    );
  });
  const events = venue.apply((buffer, timeMs) => buffer.tick(timeMs));
  // The average of a deeper book is rounded down by the last unit of a price.
  return Math.round(only(events, 'marked').premiumRate / 1e6) / 1e6;
}

test('the premium rate is the weighted median of the venues’ premiums to their own index, over the spot', () => {
  // Own 1 (weight 35); venues 2, 3, −1 (12 each).
  assert.equal(
    rateOf(
      [
        [100, 102, 105],
        [200, 203, 210],
        [50, 40, 49],
      ],
      true,
    ),
    0.01,
  );
  assert.equal(
    rateOf(
      [
        [100, 102, 105],
        [200, 203, 210],
        [50, 40, 49],
      ],
      false,
    ),
    0.02,
  );
  assert.equal(rateOf([[100, 102, 105]], true), 0.01);
});

test('an own book that is empty and venues whose quotes are too old take no part', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  venue.price(market, 100);
  venue.setRule(RULE.quote_age, 1_000);
  venue.timeMs += 2_000;
  venue.apply((buffer, timeMs) => {
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    buffer.oraclePrice(timeMs, market, 0, 100e6, timeMs);
  });
  const events = venue.apply((buffer, timeMs) => buffer.tick(timeMs));
  assert.equal(only(events, 'fundingPaused').cause, FUNDING_PAUSE.NO_PREMIUM);
});
