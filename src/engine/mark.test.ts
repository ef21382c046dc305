// The mark: medians of smoothed bases, the liquidity weight between them, the external fair price.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRecord } from './event.ts';
import { RULE } from './rules.ts';
import { only, VenueForTest } from './venue.fixture.ts';

const SPOT = 1_000e6;

/** A market at a spot of 1,000 with two makers; `tick` gives the spot and the venues' marks and ticks a second later. */
class Marked {
  readonly venue = new VenueForTest();
  readonly market: number;
  readonly maker: number;

  constructor(changes: Parameters<VenueForTest['market']>[0] = {}) {
    this.market = this.venue.market({ venues: 7, PRICE_BAND: 500_000, MAXIMUM_SPREAD: 10_000, ...changes });
    this.maker = this.venue.trader(1_000_000);
  }

  tick(marks: readonly (number | undefined)[], elapsedMs = 1_000): EventRecord<'marked'> {
    const { venue, market } = this;
    venue.timeMs += elapsedMs;
    venue.apply((buffer, timeMs) => {
      buffer.collateralPrice(timeMs, 1e8, timeMs);
      buffer.oraclePrice(timeMs, market, 0, SPOT, timeMs);
      marks.forEach((mark, place) => {
        const known = mark === undefined ? 2 : 3;
        buffer.venueQuote(timeMs, market, place, known, timeMs, (mark ?? 0) * 1e6, SPOT, 0, 0);
      });
    });
    return only(
      venue.apply((buffer, timeMs) => buffer.tick(timeMs)),
      'marked',
    );
  }

  /** Quotes one lot on either side. */
  quote(bid: number, ask: number): void {
    this.venue.order(this.maker, this.market, { price: bid, size: 1 });
    this.venue.order(this.maker, this.market, { sell: true, price: ask, size: 1 });
  }
}

test('where nobody quotes, the mark is the spot', () => {
  const { mark, fairBasis } = new Marked().tick([]);
  assert.deepEqual([mark, fairBasis], [SPOT, 0]);
});

test('while the own book is not liquid, the mark follows the median of the venues', () => {
  const marked = new Marked();
  assert.equal(marked.tick([1_001, 1_002, 1_010]).mark, 1_002e6);
  // An even number: the mean of the middle two. A venue without a mark takes no part.
  const even = new Marked();
  assert.equal(even.tick([1_001, 1_002, undefined]).mark, 1_001_500_000);
});

test('venues’ bases are smoothed with a half-life of 3 seconds, and drop out when their quotes are old', () => {
  const marked = new Marked();
  marked.tick([1_000]);
  assert.equal(marked.tick([1_010], 3_000).mark, 1_005e6);
  assert.equal(marked.tick([1_010], 3_000).mark, 1_007_500_000);
  // Half a minute old is not too old: ten more half-lives towards it.
  assert.equal(marked.tick([], 30_000).mark, 1_010e6 - Math.round(2.5e6 / 1_024));
  // Nobody quotes any more and the own book never did: the spot.
  assert.equal(marked.tick([], 1_000).mark, SPOT);
});

test('a venue at more than a thousand times the spot is a broken quote', () => {
  assert.equal(new Marked().tick([1_001, 2_000_000]).mark, 1_001e6);
});

test('the liquidity weight rises on liquid ticks and falls on others, over the time of its rule', () => {
  const marked = new Marked();
  marked.venue.setRule(RULE.liquidity_ramp, 4);
  marked.tick([1_010]);
  marked.quote(999, 1_001);
  // Liquid basis: median(own 0, mid 0, external 1 %) = 0; so the mark falls by a quarter of the distance each second.
  const marks = [1, 2, 3, 4, 5].map(() => marked.tick([1_010]).mark / 1e6);
  assert.deepEqual(marks, [1_007.5, 1_005, 1_002.5, 1_000, 1_000]);
  marked.venue.apply((buffer, timeMs) => buffer.cancelAll(timeMs, marked.maker));
  assert.equal(marked.tick([1_010]).mark / 1e6, 1_002.5);
});

test('a book that is wider than the maximum spread is not liquid; at the maximum it is', () => {
  const weight = (bid: number, ask: number): number => {
    const marked = new Marked();
    marked.venue.setRule(RULE.liquidity_ramp, 1);
    marked.tick([1_050]);
    marked.quote(bid, ask);
    return marked.tick([1_050]).mark === 1_050e6 ? 0 : 1;
  };
  // 1 % of the mid.
  assert.deepEqual([weight(995, 1_005), weight(994, 1_005), weight(995, 1_006)], [1, 0, 0]);
});

test('without venues the own liquid basis stands alone: the median of median(bid, ask, trade) and mid', () => {
  const marked = new Marked({ BASIS_WEIGHT: 1_000_000 });
  marked.tick([]);
  marked.quote(1_004, 1_010);
  // Bid 4, ask 10, no trade: 7; mid 7.
  assert.equal(marked.tick([]).mark, 1_007e6);
  const other = marked.venue.trader(1_000_000);
  marked.venue.order(other, marked.market, { price: 1_010, size: 1 });
  marked.venue.order(marked.maker, marked.market, { sell: true, price: 1_012, size: 1 });
  // Bid 4, ask 12, trade 10: 10; mid 8; of two the mean.
  assert.equal(marked.tick([]).mark, 1_009e6);
});

test('own bases keep 1 − weight a second of what they were', () => {
  const marked = new Marked({ BASIS_WEIGHT: 200_000 });
  marked.tick([]);
  marked.quote(990, 1_010);
  assert.equal(marked.tick([]).mark, SPOT);
  marked.venue.apply((buffer, timeMs) => buffer.cancelAll(timeMs, marked.maker));
  marked.quote(1_090, 1_110);
  // Basis 0 to 10 %: a fifth in a second, 1 − 0.8² in two.
  assert.equal(marked.tick([]).mark, 1_020e6);
  assert.equal(marked.tick([], 2_999).mark, 1_000e6 + Math.round(100e6 * (1 - 0.8 * 0.64)));
});

test('the external fair price is the median of the venues and the own slow basis', () => {
  const marked = new Marked({ BASIS_WEIGHT: 1_000_000 });
  assert.equal(marked.tick([1_002, 1_004]).externalFair, 1_003e6);
  // A mid of 1,000 is a third voice from its first tick on.
  marked.quote(999, 1_001);
  assert.equal(marked.tick([1_002, 1_004]).externalFair, 1_002e6);
});

test('the external fair price barely follows the own quotes', () => {
  const marked = new Marked({ BASIS_WEIGHT: 1_000_000 });
  marked.tick([]);
  marked.quote(999, 1_001);
  assert.equal(marked.tick([]).externalFair, SPOT);
  marked.venue.apply((buffer, timeMs) => buffer.cancelAll(timeMs, marked.maker));
  marked.quote(1_199, 1_201);
  const { mark, externalFair } = marked.tick([]);
  // An hour's half-life: 0.019 % of the way in a second.
  assert.equal(mark, 1_200e6);
  assert.equal(externalFair, SPOT + Math.round(200e6 * (1 - 0.5 ** (1 / 3_600))));
});
