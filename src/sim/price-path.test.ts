import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { emptyBars, PricePath } from './price-path.ts';
import { Random } from './random.ts';

type Bar = readonly [open: number, high: number, low: number, close: number];

function pathOf(bars: readonly (Bar | undefined)[], intervalMs: number, tickMs: number, seed = 1): PricePath {
  const day = emptyBars(0, intervalMs, bars.length);
  bars.forEach((bar, slot) => {
    if (bar === undefined) return;
    day.known[slot] = 1;
    [day.open[slot], day.high[slot], day.low[slot], day.close[slot]] = bar;
    day.turnover[slot] = 100 * (slot + 1);
  });
  return new PricePath(day, tickMs, new Random(seed));
}

const bar = fc
  .tuple(fc.integer({ min: 1000, max: 1e9 }), fc.nat(5000), fc.nat(1000), fc.nat(1000))
  .map(
    ([low, range, open, close]): Bar => [
      low + Math.floor((range * open) / 1000),
      low + range,
      low,
      low + Math.floor((range * close) / 1000),
    ],
  );

describe('PricePath', () => {
  test('stays in the range of each bar, starts at its open, ends at its close, touches both extremes', () => {
    const shapes = fc.record({
      bars: fc.array(bar, { minLength: 1, maxLength: 5 }),
      steps: fc.constantFrom(4, 5, 12, 60, 180, 720),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(shapes, ({ bars, steps, seed }) => {
        const path = pathOf(bars, steps * 1000, 1000, seed);
        bars.forEach(([open, high, low, close], slot) => {
          const prices = Array.from(
            { length: steps },
            (_, step) => path.priceAt((slot * steps + step) * 1000) as number,
          );
          assert.equal(prices[0], open);
          assert.equal(prices.at(-1), close);
          assert.equal(Math.min(...prices), low);
          assert.equal(Math.max(...prices), high);
          assert.ok(prices.every(Number.isInteger));
        });
      }),
    );
  });

  test('stays in the range whatever the tick, and at every millisecond', () => {
    const shapes = fc.record({ shape: bar, tickMs: fc.integer({ min: 1000, max: 30_000 }), timeMs: fc.nat(59_999) });
    fc.assert(
      fc.property(shapes, ({ shape, tickMs, timeMs }) => {
        const price = pathOf([shape], 60_000, tickMs).priceAt(timeMs) as number;
        assert.ok(price >= shape[2] && price <= shape[1], `${price}`);
      }),
    );
  });

  test('an open outside the range, as some records have it, is brought into it', () => {
    const path = pathOf([[500, 440, 400, 420]], 60_000, 5000);
    for (let timeMs = 0; timeMs < 60_000; timeMs += 5000) {
      const price = path.priceAt(timeMs) as number;
      assert.ok(price >= 400 && price <= 440, `${price}`);
    }
  });

  test('is silent where there is no bar and outside the day', () => {
    const path = pathOf([[10, 12, 9, 11], undefined, [20, 22, 19, 21]], 60_000, 5000);
    assert.equal(path.priceAt(59_999), 11);
    assert.equal(path.priceAt(60_000), undefined);
    assert.equal(path.priceAt(119_999), undefined);
    assert.equal(path.priceAt(120_000), 20);
    assert.equal(path.priceAt(180_000), undefined);
    assert.equal(path.priceAt(-1), undefined);
    assert.equal(path.volatility(60_000), 0);
    assert.equal(path.trend(60_000), 0);
  });

  test('depends on the time asked for and not on what was asked before', () => {
    const bars: Bar[] = [
      [100_000, 101_000, 99_000, 100_500],
      [100_500, 103_000, 100_000, 102_000],
    ];
    const forward = pathOf(bars, 60_000, 1000);
    const backward = pathOf(bars, 60_000, 1000);
    const times = Array.from({ length: 120 }, (_, second) => second * 1000);
    const prices = times.map((timeMs) => forward.priceAt(timeMs));
    assert.deepEqual(
      times
        .toReversed()
        .map((timeMs) => backward.priceAt(timeMs))
        .toReversed(),
      prices,
    );
    const other = times.map((timeMs) => pathOf(bars, 60_000, 1000, 2).priceAt(timeMs));
    assert.notDeepEqual(other, prices);
  });

  test('with fewer than four ticks a bar, and with one', () => {
    assert.deepEqual(
      [0, 1, 2].map((second) => pathOf([[10, 19, 9, 12]], 3000, 1000).priceAt(second * 1000)),
      [10, 19, 12],
    );
    assert.deepEqual(
      [0, 1].map((second) => pathOf([[10, 19, 9, 12]], 2000, 1000).priceAt(second * 1000)),
      [10, 12],
    );
    assert.equal(pathOf([[10, 19, 9, 12]], 1000, 5000).priceAt(0), 10);
  });

  test('nobody knows the range of the present bar: volatility sees the bar before and the move so far', () => {
    const path = pathOf(
      [
        [1000, 1010, 1000, 1000],
        [1000, 2000, 1000, 2000],
      ],
      60_000,
      5000,
    );
    assert.equal(path.volatility(0), 0);
    assert.equal(path.volatility(60_000), 10_000);
    assert.ok(path.volatility(115_000) >= 500_000);
    assert.ok(path.trend(115_000) === 1e6);
    assert.ok(path.intensity(0) < path.intensity(60_000));
    assert.equal(path.turnover, 300);
  });
});
