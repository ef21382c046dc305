import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { timeAxis, valueAxis } from './axis.ts';
import type { ChartPoint } from './document.ts';
import { heatSvg, lineSvg, NARROW, shadeOf, WIDE } from './svg.ts';

const start = 1_768_796_874_000;
const point = fc.record({
  timeMs: fc.integer({ min: start, max: start + 40 * 86_400_000 }),
  value: fc.double({ min: -1e15, max: 1e15, noNaN: true }),
});
const line = fc
  .array(point, { minLength: 1, maxLength: 3_000 })
  .map((points): ChartPoint[] => points.toSorted((a, b) => a.timeMs - b.timeMs));

/** Every number that a shape has; each must be there and within the drawing. */
function requireWithin(svg: string, width: number, height: number): void {
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  for (const [, path = ''] of svg.matchAll(/<path class="(?:actual|other)" d="([^"]*)"/g)) {
    for (const [, command, x, y] of path.matchAll(/([MHV])(-?[\d.]+)(?: (-?[\d.]+))?/g)) {
      const [first, second] = [Number(x), Number(y ?? 0)];
      assert.ok(first >= 0 && first <= (command === 'V' ? height : width), `${command}${x}`);
      assert.ok(second >= 0 && second <= height, `${command}${x} ${y}`);
    }
  }
}

test('whatever the values, a line stays within its drawing, and its title and description are named', () => {
  fc.assert(
    fc.property(line, line, fc.constantFrom(NARROW, WIDE), (actual, other, size) => {
      const chart = { kind: 'lines', title: 'a <b>', description: 'c & "d"', unit: 'USDC' } as const;
      const svg = lineSvg({ ...chart, actual, other, names: { actual: 'was', other: 'would' } }, size, 'x');
      requireWithin(svg, size.width, size.height);
      assert.match(
        svg,
        /aria-labelledby="x-t x-d"><title id="x-t">a &lt;b&gt;<\/title><desc id="x-d">c &amp; &quot;d&quot;</,
      );
      assert.ok(svg.length < 120_000, 'a long line is thinned');
    }),
    { numRuns: 60 },
  );
});

test('a spike of one point among thousands is drawn', () => {
  const actual = Array.from({ length: 5_000 }, (_, at) => ({
    timeMs: start + at * 1_000,
    value: at === 3_333 ? 100 : 0,
  }));
  const chart = { kind: 'lines', title: '', description: '', unit: '' } as const;
  const svg = lineSvg({ ...chart, actual, other: [], names: { actual: '', other: '' } }, NARROW, 'x');
  const [, path = ''] = svg.match(/<path class="actual" d="([^"]*)"/) ?? [];
  const heights = [...path.matchAll(/V([\d.]+)/g)].map(([, y]) => Number(y));
  assert.ok(Math.min(...heights) < 50 && Math.max(...heights) > 200, 'both ends of the spike');
});

test('ticks are round, within the axis, and few', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (values) => {
        const { from, to, ticks } = valueAxis(values, 5);
        assert.ok(from < Math.min(...values) && to > Math.max(...values));
        assert.ok(ticks.length <= 6, `${ticks.length}`);
        assert.ok(ticks.every(({ at }) => at >= from && at <= to));
        assert.equal(
          new Set(ticks.map(({ text }) => text)).size,
          ticks.length,
          ticks.map(({ text }) => text).join(' '),
        );
      },
    ),
  );
  const texts = (values: number[]) => valueAxis(values, 5).ticks.map(({ text }) => text);
  assert.deepEqual(texts([0, 5_213.4]), ['0', '2,000', '4,000']);
  assert.deepEqual(texts([2_600_000, 3_290_000]), ['2.6 M', '2.8 M', '3 M', '3.2 M']);
  assert.deepEqual(texts([-61.7, 0]), ['−60', '−40', '−20', '0']);
  assert.deepEqual(texts([0.0001, 0.0006]), ['0.0002', '0.0004', '0.0006']);
  const minutes = timeAxis(Date.UTC(2026, 0, 19, 4, 27, 54), Date.UTC(2026, 0, 19, 4, 45), 5).ticks;
  assert.deepEqual(
    minutes.map(({ text }) => text),
    ['04:30', '04:35', '04:40', '04:45'],
  );
});

test('a cell of many minutes has the shade of its worst', () => {
  const cells = Array.from({ length: 600 }, (_, at) => ({
    row: at % 2,
    minuteMs: start - (start % 60_000) + at * 60_000,
    ppm: at === 411 ? 60_000 : 1_000,
  }));
  const chart = {
    kind: 'heat',
    title: '',
    description: '',
    rows: ['BTC-USD-PERP', 'ETH-USD-PERP'],
    horizonPpm: 50_000,
  } as const;
  const svg = heatSvg({ ...chart, cells }, NARROW.width, 'x');
  assert.equal(svg.match(/class="shade-4"/g)?.length, 1);
  assert.match(svg, /class="shade-4"[^>]*><title>ETH-USD-PERP, 19 Jan \d\d:\d\d: 6 %</);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  assert.deepEqual(
    [1, 12_500, 12_501, 25_001, 50_000, 50_001].map((ppm) => shadeOf(ppm, 50_000)),
    [1, 1, 2, 3, 3, 4],
  );
});
