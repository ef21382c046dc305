import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Wide } from './amount.ts';
import { fundingCharge, isWideCharge, wideFundingCharge } from './position.ts';
import { RULE } from './rules.ts';
import { findPosition } from './state.ts';
import { MARKET, POSITION } from './tables.ts';
import { all, only, USDC, VenueForTest } from './venue.fixture.ts';

function freeVenue(): VenueForTest {
  const venue = new VenueForTest();
  venue.setRule(RULE.maker_fee, 0);
  venue.setRule(RULE.taker_fee, 0);
  return venue;
}

/** What a position has realised since it was opened, USDC. */
function realised(venue: VenueForTest, account: number, market: number): number {
  const at = findPosition(venue.state, account, market) * 16 + POSITION.REALISED_PROFIT_HIGH;
  return new Wide().load(venue.state.position.f64, at).toNumber() / USDC;
}

test('the average entry is cost / size; what closes realises, what flips opens anew', () => {
  const venue = freeVenue();
  const market = venue.market({ PRICE_BAND: 500_000, INTEREST_RATE: 0 });
  const [one, other] = [venue.trader(10_000), venue.trader(10_000)] as const;
  venue.price(market, 100);
  const cost = (): number => {
    const at = findPosition(venue.state, one, market) * 16 + POSITION.COST_HIGH;
    return new Wide().load(venue.state.position.f64, at).toNumber() / USDC;
  };
  // Lots are 0.01 of base.
  venue.trade(one, other, market, 100, 100);
  venue.trade(one, other, market, 200, 130);
  assert.deepEqual([venue.size(one, market), cost()], [300, 360]);
  venue.trade(other, one, market, 100, 90);
  assert.deepEqual([venue.size(one, market), cost(), realised(venue, one, market)], [200, 240, -30]);
  venue.trade(other, one, market, 500, 110);
  assert.deepEqual([venue.size(one, market), cost(), realised(venue, one, market)], [-300, -330, 0]);
  assert.equal(venue.balance(one), 10_000 - 30 - 20);
  assert.equal(venue.balance(one) + venue.balance(other), 20_000);
});

test('a position whose price fell a thousand times closes in one trade, to the last unit', () => {
  const venue = freeVenue();
  const market = venue.market({
    PRICE_BAND: 999_000,
    INITIAL_MARGIN: 1_000_000,
    MAXIMUM_OPEN_ORDERS: 500,
    INTEREST_RATE: 0,
  });
  const [one, other] = [venue.trader(20_000_000), venue.trader(20_000_000)] as const;
  for (let more = 0; more < 10; more++) {
    venue.deposit(one, 20_000_000);
    venue.deposit(other, 20_000_000);
  }
  venue.price(market, 10_000);
  // 200 million USDC: 2 million lots of 100 USDC, twenty orders of 10 million.
  for (let order = 0; order < 20; order++) venue.trade(one, other, market, 100_000, 10_000);
  venue.price(market, 10);
  venue.order(other, market, { price: 10, size: 1_000_000 });
  venue.order(other, market, { price: 10, size: 1_000_000 });
  const sold = venue.place(one, market, { sell: true, price: 10, size: 1_000_000 });
  assert.equal(only(sold, 'filled').takerProfit, -100_000_000 * USDC + 100_000 * USDC);
  assert.equal(venue.balance(one), 220_000_000 - 99_900_000);
  assert.equal(venue.balance(other), 220_000_000 + 99_900_000);
  venue.place(one, market, { sell: true, price: 10, size: 1_000_000 });
  assert.equal(realised(venue, one, market), -199_800_000);
  assert.equal(realised(venue, other, market), 199_800_000);
  assert.equal(venue.size(one, market), 0);
});

test('funding beyond what floats hold is settled to the last unit', () => {
  assert.equal(isWideCharge(2 ** 40, 2 ** 20), false);
  assert.equal(isWideCharge(-(2 ** 40), 2 ** 40), true);
  const charge = (size: bigint, change: bigint): bigint => {
    const { high, low } = wideFundingCharge(Number(size), Number(change), new Wide());
    return BigInt(high) * 2n ** 50n + BigInt(low);
  };
  for (const [size, change] of [
    [2n ** 40n - 1n, 2n ** 45n + 7n],
    [-(2n ** 40n) + 1n, 2n ** 45n + 7n],
    [3n, -5n],
  ] as const) {
    const product = size * change;
    const down = product / 1_000_000n;
    const expected = product > 0n && product % 1_000_000n !== 0n ? down + 1n : down;
    assert.equal(charge(size, change), expected);
  }
  assert.equal(fundingCharge(3, -5), 0);
  assert.equal(fundingCharge(3, 5), 1);
});

test('a position of 400 million USDC settles funding of 100 million', () => {
  const venue = freeVenue();
  const market = venue.market({
    INITIAL_MARGIN: 1_000_000,
    INTEREST_RATE: 1e12,
    MAXIMUM_FUNDING_RATE: 1e12,
    CLAMP_RATE: 1e12,
    fundingPeriodS: 3_600,
    POSITION_LIMIT: 1e12,
  });
  const [one, other] = [venue.trader(20_000_000), venue.trader(20_000_000)] as const;
  for (let more = 0; more < 30; more++) {
    venue.deposit(one, 20_000_000);
    venue.deposit(other, 20_000_000);
  }
  venue.price(market, 1_000);
  for (let order = 0; order < 40; order++) venue.trade(one, other, market, 1_000_000, 1_000);
  // 100 % an hour, for a quarter of one.
  venue.setRule(RULE.funding_half_life, 1);
  for (let tick = 0; tick < 30; tick++) venue.price(market, 1_000, 30_000);
  const index = venue.state.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
  const charge = Math.ceil((40_000_000 * index) / 1e6);
  assert.ok(charge > 2 ** 53, String(charge));
  const before = venue.balance(one) + venue.balance(other);
  venue.order(other, market, { price: 1_000, size: 1 });
  const settled = all(venue.place(one, market, { sell: true, price: 1_000, size: 1 }), 'fundingSettled');
  assert.deepEqual(
    settled.map(({ amount }) => amount),
    [charge, -charge],
  );
  assert.equal(venue.balance(one) + venue.balance(other), before);
});
