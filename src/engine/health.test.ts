import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shareCeil, Wide } from './amount.ts';
import { liquidationShare, penaltyOf } from './health.ts';
import { Margin } from './margin.ts';
import { RULE } from './rules.ts';
import { INSURANCE_FUND } from './state.ts';
import { VENUE } from './tables.ts';
import { all, only, VenueForTest } from './venue.fixture.ts';

/** A venue where `traders` have 1,000 USDC each and the fund has `fund`; the first is long 50 of base at 100. */
function bankruptVenue(fund: number, others: readonly number[]): { venue: VenueForTest; market: number } {
  const venue = new VenueForTest();
  const market = venue.market({ PRICE_BAND: 900_000, INITIAL_MARGIN: 1_000, INTEREST_RATE: 0 });
  if (fund > 0) venue.deposit(INSURANCE_FUND, fund);
  const alice = venue.trader(1_000);
  const bob = venue.trader(1_000);
  for (const usdc of others) venue.trader(usdc);
  venue.setRule(1, 0);
  venue.setRule(0, 0);
  venue.price(market, 100);
  venue.trade(alice, bob, market, 5_000, 100);
  return { venue, market };
}

test('the loss factor is what is uncovered / (USDC + what is uncovered), rounded up', () => {
  const { venue, market } = bankruptVenue(1_000, [1_000]);
  const events = venue.price(market, 40, 5_000);
  const { factor, bankruptcyLow } = only(events, 'lossFactorSet');
  assert.equal(bankruptcyLow, 2_000e8);
  assert.equal(factor, 200_000_000_000);
});

test('a large venue keeps a small loss factor', () => {
  const { venue, market } = bankruptVenue(0, [20_000_000, 20_000_000]);
  const events = venue.price(market, 60, 5_000);
  // 1,000 USDC of 40,002,000 + 1,000.
  assert.equal(only(events, 'lossFactorSet').factor, 24_998_126);
});

test('the loss factor returns to nothing when the fund is whole again', () => {
  const { venue, market } = bankruptVenue(1_000, [1_000]);
  venue.price(market, 40, 5_000);
  venue.deposit(INSURANCE_FUND, 1_000);
  assert.equal(only(venue.price(market, 40, 5_000), 'lossFactorSet').factor, 0);
  assert.equal(venue.state.venue.f64[64 + VENUE.LOSS_FACTOR], 0);
  assert.deepEqual(all(venue.price(market, 40, 5_000), 'lossFactorSet'), []);
});

test('the penalty is share × fee × maintenance margin, rounded down once; no fee is no penalty', () => {
  const maintenance = new Wide().set(3, 999_999);
  const exact = (3n * 2n ** 50n + 999_999n) * 600_000n * 700_001n;
  const { high, low } = penaltyOf(maintenance, 600_000, 700_001, new Wide());
  assert.equal(BigInt(high) * 2n ** 50n + BigInt(low), exact / 10n ** 12n);
  assert.equal(penaltyOf(new Wide().set(0, 9), 200_000, 600_000, new Wide()).toNumber(), 1);
  assert.equal(penaltyOf(new Wide().set(0, 9), 500_000, 222_223, new Wide()).toNumber(), 1);
  assert.ok(penaltyOf(maintenance, 1_000_000, 0, new Wide()).isZero());
});

test('a share after which the ratio is the target is not enough: it has to be below', () => {
  const { state } = new VenueForTest();
  const of = (equity: number, maintenance: number): number => {
    const margin = new Margin();
    margin.equity.add(equity);
    margin.maintenance.add(maintenance);
    return liquidationShare(state, margin);
  };
  state.rule.f64[64 + RULE.liquidation_fee] = 0;
  // 80 % of 900 are 90 % of 800.
  assert.deepEqual([of(800, 900), of(801, 900), of(802, 900)], [400_000, 400_000, 200_000]);
  assert.deepEqual([of(0, 900), of(-5, 900), of(1, 1e9)], [1_000_000, 1_000_000, 1_000_000]);
});

test('a share of two wide values is exact', () => {
  const wide = (value: bigint): Wide => new Wide().set(Number(value >> 50n), Number(value & ((1n << 50n) - 1n)));
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 90n), fc.bigInt(1n, 2n ** 90n), (a, b) => {
      const [part, whole] = a < b ? [a, b] : [b, a === 0n ? 1n : a];
      const expected = (part * 10n ** 12n + whole - 1n) / whole;
      assert.equal(shareCeil(wide(part), wide(whole)), Number(expected));
    }),
  );
});
