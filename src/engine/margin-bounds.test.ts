import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MarginBounds } from './margin-bounds.ts';
import { computeMargin, Margin } from './margin.ts';
import { VenueForTest } from './venue.fixture.ts';

function withBound(slack: number, gross: number): MarginBounds {
  const bounds = new MarginBounds();
  bounds.reset(8);
  bounds.set(3, slack, gross, 0);
  return bounds;
}

test('a bound falls with every move by more than the move can take', () => {
  const bounds = withBound(1e12, 1e12);
  bounds.move(0.01);
  assert.ok(bounds.slack(3) < 1e12 - 1e10 && bounds.slack(3) > 1e12 - 1.2e10);
  bounds.change(3, 5e9, 0);
  bounds.move(0.01);
  assert.ok(bounds.slack(3) < 1e12 + 5e9 - 2e10 && bounds.slack(3) > 1e12 - 2.5e10);
});

test('a bound is void after moves of 9 %, and when it is voided', () => {
  const bounds = withBound(1e12, 1e12);
  for (let tick = 0; tick < 9; tick++) bounds.move(0.011);
  assert.equal(bounds.slack(3), Number.NEGATIVE_INFINITY);
  const voided = withBound(1e12, 1e12);
  voided.void(3);
  voided.change(3, 1e15, 0);
  voided.shift(3, 1e15);
  assert.equal(voided.slack(3), Number.NEGATIVE_INFINITY);
});

test('after a price jumped a hundred million times, the smallest moves still count', () => {
  const bounds = withBound(1e15, 1e15);
  bounds.move(1e8);
  assert.equal(bounds.slack(3), Number.NEGATIVE_INFINITY);
  bounds.set(3, 1e15, 1e15, 0);
  for (let tick = 0; tick < 1_000; tick++) bounds.move(1e-9);
  // A millionth of 1e15.
  assert.ok(bounds.slack(3) <= 1e15 - 1e9);
});

test('after any number of moves, the smallest still count', () => {
  const bounds = withBound(1e15, 1e15);
  for (let tick = 0; tick < 100_000; tick++) bounds.move(0.5);
  bounds.set(3, 1e15, 1e15, 0);
  for (let tick = 0; tick < 1_000; tick++) bounds.move(1e-12);
  assert.ok(bounds.slack(3) <= 1e15 - 1e6);
});

test('an account that cannot bear an order any more is not let by its bound, though a market once jumped', () => {
  const venue = new VenueForTest();
  const market = venue.market({ INTEREST_RATE: 0 });
  const other = venue.market({ INTEREST_RATE: 0, MAXIMUM_FUNDING_RATE: 0 });
  const [one, two] = [venue.trader(101_000), venue.trader(1_000_000)] as const;
  // The other market jumps from 1 price unit to 2^40.
  venue.priceUnits(other, 1);
  venue.priceUnits(other, 2 ** 40);
  venue.price(market, 1_000);
  venue.trade(one, two, market, 100_000, 1_000);
  const margin = new Margin();
  computeMargin(venue.state, one, margin);
  for (let tick = 1; tick <= 200; tick++) venue.priceUnits(market, 1_000e6 - tick);
  const kept = venue.state.index.bounds.slack(one);
  const exact = computeMargin(venue.state, one, margin).equity.subtractWide(margin.initial).toNumber();
  assert.ok(kept > Number.NEGATIVE_INFINITY && kept <= exact, `${kept} > ${exact}`);
});
