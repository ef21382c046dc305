import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARKET } from '../engine/tables.ts';
import { VenueForTest } from '../engine/venue.fixture.ts';
import { PriceMoves } from './price-moves.ts';

test('the widest move within the window, of each market that has marks; what is older no longer counts', () => {
  const venue = new VenueForTest();
  venue.market();
  const { state } = venue;
  const mark = (value: number): void => {
    state.market.f64[state.market.rowFloats + MARKET.MARK] = value;
  };
  const moves = new PriceMoves();
  mark(0);
  moves.take(state, 0);
  assert.deepEqual(moves.all, []);
  for (const [timeMs, value] of [
    [1000, 1_000_000],
    [2000, 1_030_000],
    [3000, 1_010_000],
  ] as const) {
    mark(value);
    moves.take(state, timeMs);
  }
  assert.deepEqual([moves.all, moves.sinceMs], [[{ market: 1, movePpm: 30_000 }], 0]);
  mark(1_010_000);
  moves.take(state, PriceMoves.WINDOW_MS + 2500);
  assert.deepEqual([moves.all, moves.sinceMs], [[{ market: 1, movePpm: 0 }], 2500]);
});
