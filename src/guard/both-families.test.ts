import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { ORDER_KIND } from '../engine/flags.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE, VENUE_LIMIT } from '../engine/tables.ts';
import { FamilyGaps } from './family-gaps.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';
import type { InputImage } from './input-image.ts';
import { type Said, type ScreenedScene, screenedScene, TICK_MS, writeSaid } from './screened-venue.fixture.ts';

/** Inputs of one market: a tick's time, an oracle's price in USD, a venue's index, both of this tick. */
function inputs(timeMs: number, oracle: number, index: number, usdc = 1e8): InputImage {
  const table = (words: number, floats: number) => ({
    i32: new Int32Array(words),
    f64: new Float64Array(floats),
    rows: 2,
  });
  const market = table(512, 256);
  market.f64[128 + MARKET.TICK_MS] = timeMs;
  market.i32[256 + MARKET.VENUES] = 1;
  market.f64[128 + MARKET.BASIS_WEIGHT] = 200_000;
  const oracles = table(ORACLE_LIMIT * 16, ORACLE_LIMIT * 8);
  oracles.i32[ORACLE_LIMIT * 8 + ORACLE.KNOWN] = 1;
  oracles.f64[ORACLE_LIMIT * 4 + ORACLE.PRICE] = oracle;
  oracles.f64[ORACLE_LIMIT * 4 + ORACLE.TIME_MS] = timeMs;
  const quote = table(VENUE_LIMIT * 32, VENUE_LIMIT * 16);
  quote.i32[VENUE_LIMIT * 16 + QUOTE.KNOWN] = 15;
  quote.f64[VENUE_LIMIT * 8 + QUOTE.INDEX] = index;
  quote.f64[VENUE_LIMIT * 8 + QUOTE.TIME_MS] = timeMs;
  const venue = table(256, 128);
  venue.f64[64 + VENUE.COLLATERAL_PRICE] = usdc;
  return { market, oracle: oracles, quote, venue } as unknown as InputImage;
}

test('a gap puts the mark in doubt by what exceeds honest noise, and for as long as bases remember it', () => {
  const gaps = new FamilyGaps();
  gaps.observe(inputs(1_000_000, 100_000, 100_090), 30_000);
  assert.equal(gaps.doubtPpm(1), 0n);
  gaps.observe(inputs(1_005_000, 100_000, 102_000), 30_000);
  assert.equal(gaps.doubtPpm(1), 19_000n);
  gaps.observe(inputs(1_010_000, 100_000, 100_000), 30_000);
  // The bases had taken in 1 − 0.8^5 of it and keep 0.8^5 of that: 19,000 × 0.67232 × 0.32768 = 4,185.8
  assert.equal(gaps.doubtPpm(1), 4_186n);
  for (let timeMs = 1_015_000; timeMs <= 1_035_000; timeMs += 5_000) {
    gaps.observe(inputs(timeMs, 100_000, 100_000), 30_000);
  }
  assert.equal(gaps.doubtPpm(1), 0n);
});

test('the gap is between prices in USDC, and a venue that fell silent speaks for two minutes more', () => {
  const gaps = new FamilyGaps();
  gaps.observe(inputs(1_000_000, 95_000, 100_000, 0.95e8), 30_000);
  assert.equal(gaps.doubtPpm(1), 0n);
  for (const [silentMs, doubt] of [
    [119_000, 51_632n],
    [121_000, 0n],
  ] as const) {
    const silent = inputs(2_000_000 + silentMs, 95_000, 100_000);
    silent.quote.f64[VENUE_LIMIT * 8 + QUOTE.TIME_MS] = 2_000_000;
    const later = new FamilyGaps();
    later.observe(silent, 30_000);
    assert.equal(later.doubtPpm(1), doubt);
  }
});

test('one source that differs from many puts the mark in doubt by as much as they are apart, but not by one per cent', () => {
  for (const [index, doubt] of [
    [100_900, 0n],
    [109_000, 89_000n],
  ] as const) {
    // The oracle and two venues agree; the third venue alone says otherwise, and the middles of both families are one.
    const sources = inputs(1_000_000, 100_000, 100_000);
    sources.market.i32[256 + MARKET.VENUES] = 7;
    for (const [number, price] of [
      [1, 100_000],
      [2, index],
    ] as const) {
      const row = VENUE_LIMIT + number;
      sources.quote.i32[row * 16 + QUOTE.KNOWN] = 15;
      sources.quote.f64[row * 8 + QUOTE.INDEX] = price;
      sources.quote.f64[row * 8 + QUOTE.TIME_MS] = 1_000_000;
    }
    const gaps = new FamilyGaps();
    gaps.observe(sources, 30_000);
    assert.equal(gaps.doubtPpm(1), doubt);
  }
});

test('while there is no spot no basis forgets', () => {
  const gaps = new FamilyGaps();
  gaps.observe(inputs(1_000_000, 100_000, 102_000), 30_000);
  for (let timeMs = 1_005_000; timeMs <= 1_100_000; timeMs += 5_000) {
    const silent = inputs(timeMs, 100_000, 102_000);
    silent.oracle.f64[ORACLE_LIMIT * 4 + ORACLE.TIME_MS] = 900_000;
    gaps.observe(silent, 30_000);
  }
  assert.equal(gaps.doubtPpm(1), 19_000n);
});

test('oracles that fall by less than what disputes a price liquidate nobody whom the venues would leave alone', () => {
  const at = screenedScene();
  const say = (said: Said): number[] => {
    const other: Said = [3_000, 3_000, 3_000, 3_000];
    return GuardedVenue.liquidated(
      at.venue.say(
        new Map([
          [at.market, said],
          [at.other, other],
        ]),
        TICK_MS,
      ),
    );
  };
  // Below the long's margin by the oracles, above it by the venues: 2.5 % apart, which disputes nothing.
  assert.deepEqual(say([8_640, 8_640, 8_855, 8_855]), []);
  const { check, kind } = at.venue.verdicts.at(-1) ?? {};
  assert.deepEqual([kind, check?.class, check?.name], ['hold', 'II', 'price_both_families']);
  assert.deepEqual(Array.from({ length: 8 }, () => say([8_600, 8_600, 8_600, 8_600])).flat(), [at.long]);
});

/** Lets a tick pass in which spot and indexes are at one price and the venues' marks at another; returns who was liquidated. */
function sayMarks({ venue, market, other }: ScreenedScene, spot: number, mark: number): number[] {
  venue.timeMs += TICK_MS;
  const events = venue.apply((buffer, timeMs) => {
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    writeSaid(buffer, timeMs, market, [spot, spot]);
    for (const number of [0, 1]) {
      const [index, marks] = [spot * 1e6, mark * 1e6];
      buffer.venueQuote(timeMs, market, number, QUOTE_KNOWN_ALL, timeMs, marks, index, marks, marks);
    }
    writeSaid(buffer, timeMs, other, [3_000, 3_000, 3_000, 3_000]);
    buffer.tick(timeMs);
  });
  return GuardedVenue.liquidated(events);
}

test('at a mark that lags behind those of the venues nobody is liquidated who would not be at theirs', () => {
  const at = screenedScene();
  // The smoothed basis is still low when the venues’ marks are back: the mark is 8,805, theirs 9,100.
  assert.deepEqual(sayMarks(at, 10_000, 8_500), []);
  assert.deepEqual(sayMarks(at, 9_100, 9_100), []);
  const { check, kind } = at.venue.verdicts.at(-1) ?? {};
  assert.deepEqual([kind, check?.class, check?.name], ['hold', 'II', 'price_venue_marks']);
});

test('a mark that lags behind theirs delays nobody who would be liquidated at theirs all the more', () => {
  const at = screenedScene();
  assert.deepEqual(sayMarks(at, 9_400, 8_100), [at.long]);
});

test('a trigger that a lagging mark reached waits while the venues’ marks have not', () => {
  const at = screenedScene();
  const stop = { sell: true, size: 100, kind: ORDER_KIND.STOP_MARKET, reduceOnly: true };
  at.venue.place(at.long, at.market, { ...stop, trigger: 8_950 });
  sayMarks(at, 10_000, 8_500);
  at.venue.verdicts.length = 0;
  sayMarks(at, 9_240, 9_240);
  const { check, kind } = at.venue.verdicts.at(-1) ?? {};
  assert.deepEqual([kind, check?.name, check?.expected], ['hold', 'price_venue_marks', '8950000000']);
});
