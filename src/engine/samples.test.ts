import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from './tables.ts';
import { VenueForTest } from './venue.fixture.ts';

test('a source observes at a whole millisecond that is not before 0 nor in the future', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const times = [Number.NaN, Number.NEGATIVE_INFINITY, -1, 0.5, venue.timeMs + 1, Number.POSITIVE_INFINITY];
  for (const sourceMs of times) {
    const refusals = [
      venue.refusalOf((buffer, timeMs) => buffer.oraclePrice(timeMs, market, 0, 1e8, sourceMs)),
      venue.refusalOf((buffer, timeMs) => buffer.venueQuote(timeMs, market, 0, 2, sourceMs, 0, 1e8, 0, 0)),
      venue.refusalOf((buffer, timeMs) => buffer.collateralPrice(timeMs, 1e8, sourceMs)),
    ];
    assert.deepEqual(refusals, ['value_out_of_range', 'value_out_of_range', 'value_out_of_range'], String(sourceMs));
  }
});

test('the time −0 is stored as 0', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  venue.apply((buffer, timeMs) => {
    buffer.oraclePrice(timeMs, market, 0, 1e8, -0);
    buffer.venueQuote(timeMs, market, 0, 2, -0, 0, 1e8, 0, 0);
    buffer.collateralPrice(timeMs, 1e8, -0);
  });
  const { oracle, quote, venue: one } = venue.state;
  assert.ok(Object.is(oracle.f64[market * ORACLE_LIMIT * 4 + ORACLE.TIME_MS], 0));
  assert.ok(Object.is(quote.f64[market * VENUE_LIMIT * 8 + QUOTE.TIME_MS], 0));
  assert.ok(Object.is(one.f64[one.rowFloats + VENUE.COLLATERAL_MS], 0));
});

test('a quote has an index, known bits and only prices that are there', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const quote = (known: number, mark: number, index: number, bid: number, ask: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.venueQuote(timeMs, market, 0, known, timeMs, mark, index, bid, ask));
  assert.equal(quote(1, 1e8, 1e8, 0, 0), 'value_out_of_range');
  assert.equal(quote(2 + 16, 1e8, 1e8, 0, 0), 'value_out_of_range');
  assert.equal(quote(2 + 4, 0, 1e8, 0, 0), 'value_out_of_range');
  assert.equal(quote(2 + 8, 0, 1e8, 0, Number.NaN), 'value_out_of_range');
  assert.equal(quote(2, Number.NaN, 1e8, -1, -1), 'none');
  assert.equal(quote(15, 1e8, 1e8, 1e8, 1e8), 'sample_not_newer');
});
