// What `apply` checks as it goes stops the process when it does not hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from './invariant-broken.ts';
import { checkLedger } from './ledger.ts';
import { MARKET } from './tables.ts';
import { VenueForTest } from './venue.fixture.ts';

function traded(): { venue: VenueForTest; market: number; one: number; two: number } {
  const venue = new VenueForTest();
  const market = venue.market();
  const [one, two] = [venue.trader(1_000_000), venue.trader(1_000_000)] as const;
  venue.price(market, 100);
  venue.trade(one, two, market, 10, 100);
  venue.price(market, 100);
  venue.order(two, market, { sell: true, price: 100, size: 10 });
  return { venue, market, one, two };
}

const broken = (invariant: string) => (error: unknown) =>
  error instanceof InvariantBroken && error.invariant === invariant;

test('a funding index that no tick moved is not settled and not moved on', () => {
  for (const wrong of [0, 1e9]) {
    const { venue, market, one } = traded();
    venue.state.market.f64[market * 128 + MARKET.FUNDING_INDEX] = wrong;
    assert.throws(() => venue.place(one, market, { price: 100, size: 1 }), broken('funding_index_moved_by_tick'));
    assert.throws(() => venue.price(market, 100), broken('funding_index_moved_by_tick'));
  }
});

test('a premium beyond what the maximum rate allows does not accrue', () => {
  const { venue, market } = traded();
  venue.state.market.f64[market * 128 + MARKET.FUNDING_PREMIUM] = 1e15;
  assert.throws(() => venue.price(market, 100), broken('funding_step_bounded'));
});

test('positions that do not sum to zero stop the next trade', () => {
  const { venue, market, one } = traded();
  venue.state.market.f64[market * 128 + MARKET.NET_SIZE] = 1;
  assert.throws(() => venue.place(one, market, { price: 100, size: 1 }), broken('positions_sum_to_zero'));
});

test('a command that makes money stops', () => {
  const { venue } = traded();
  venue.state.index.ledger[1] = 1;
  assert.throws(() => checkLedger(venue.state), broken('money_conserved'));
  venue.state.index.ledger[1] = 0;
  checkLedger(venue.state);
});
