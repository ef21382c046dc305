/** The charts of a dossier: what was wrong against what is right, what it did to those who are refunded, and what came out otherwise. */
import type { Dossier, MarketSeries, Point, PublicDivergence } from '../dossier.ts';
import type { Block, ChartPoint, HeatChart, LineChart, Table } from './document.ts';
import { clockText, countText, shareText, shortDayText, timeText, usdcText } from './text.ts';

/** Charts of this many markets are drawn; the others are in the dossier. */
const MOST_MARKETS = 6;
const MINUTE_MS = 60_000;
const NAMES = { actual: 'as it was', other: 'as it would have been' } as const;

/** Units of the series for one of the axis: funding indexes are kept in millionths of a price unit. `unitsUsdc` may be a fraction. */
function scaleOf({ what, unitsUsdc }: MarketSeries): number {
  const [units = 1, parts = 1] = unitsUsdc.split('/').map(Number);
  return (units / parts) * (what === 'funding index' ? 1e6 : 1);
}

/** Value in the unit of the axis. What is drawn is not what is paid: floating point is exact enough for a line. */
const drawn = (units: string, scale: number): number => Number(BigInt(units)) / scale;

/** Where the worlds part only late in the window, a chart begins a little before: half as long as what follows. */
function focused(points: readonly Point[]): readonly Point[] {
  const parted = points.findIndex(({ actual, other }) => actual !== other);
  const [start, last] = [points[parted], points.at(-1)];
  if (start === undefined || last === undefined) return points;
  const fromMs = start.timeMs - Math.max(MINUTE_MS, Math.floor((last.timeMs - start.timeMs) / 2));
  const before = points.findLast(({ timeMs }) => timeMs <= fromMs);
  return before === undefined
    ? points
    : [{ ...before, timeMs: fromMs }, ...points.filter(({ timeMs }) => timeMs > fromMs)];
}

function lineOf(points: readonly Point[], world: 'actual' | 'other', scale: number): ChartPoint[] {
  return points.map((point) => ({ timeMs: point.timeMs, value: drawn(point[world], scale) }));
}

/** Largest distance between the worlds, in the unit of the axis. */
function gapOf(series: MarketSeries): number {
  return series.points.reduce((most, { actual, other }) => {
    const gap = BigInt(actual) - BigInt(other);
    return Math.max(most, Math.abs(Number(gap)) / scaleOf(series));
  }, 0);
}

/** Relative to what is right: a market of small prices is not hidden by one of large ones. */
function relativeGapOf(series: MarketSeries): number {
  const size = series.points.reduce((most, { other }) => Math.max(most, Math.abs(drawn(other, scaleOf(series)))), 0);
  return size === 0 ? gapOf(series) : gapOf(series) / size;
}

function decimal(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 2 : size >= 1 ? 4 : 6;
  return value
    .toFixed(digits)
    .replace('-', '−')
    .replace(/\B(?=(?:\d{3})+\.)/g, ',');
}

function marketChart(series: MarketSeries): LineChart {
  const { market, what } = series;
  const points = focused(series.points);
  const scale = scaleOf(series);
  return {
    kind: 'lines',
    title: `${market}: ${what}`,
    description: `The ${what} of ${market} as it was and as it would have been; they are at most ${decimal(gapOf(series))} USDC apart.`,
    unit: what === 'mark' ? 'USDC' : 'USDC for one of the base',
    actual: lineOf(points, 'actual', scale),
    other: lineOf(points, 'other', scale),
    names: NAMES,
  };
}

function marketTable(all: readonly MarketSeries[]): Table {
  const first = ({ points }: MarketSeries): Point | undefined => points[0];
  return {
    caption: 'Widest distance between what was and what would have been',
    columns: [
      { name: 'Market', isNumber: false },
      { name: 'What', isNumber: false },
      { name: 'At first, USDC', isNumber: true },
      { name: 'Widest apart, USDC', isNumber: true },
      { name: 'At (UTC)', isNumber: false },
    ],
    rows: all.map((series) => {
      const scale = scaleOf(series);
      const gap = (point: Point): number => Math.abs(Number(BigInt(point.actual) - BigInt(point.other)));
      const widest = series.points.reduce<Point | undefined>(
        (most, point) => (most === undefined || gap(point) > gap(most) ? point : most),
        undefined,
      );
      const start = first(series);
      return [
        series.market,
        series.what,
        start === undefined ? '' : decimal(drawn(start.actual, scale)),
        decimal(gapOf(series)),
        widest === undefined ? '' : `${shortDayText(widest.timeMs)} ${clockText(widest.timeMs, true)}`,
      ];
    }),
  };
}

/** What was wrong, market by market, and the equity of those who are refunded. */
export function worldCharts({ markets, harmedEquity }: Dossier): Block[] {
  const blocks: Block[] = [];
  const different = markets.filter((series) => gapOf(series) > 0);
  if (different.length > 0) {
    const ranked = different.map((series) => ({ series, gap: relativeGapOf(series) })).sort((a, b) => b.gap - a.gap);
    const chosen = ranked.slice(0, MOST_MARKETS).map(({ series }) => marketChart(series));
    const more = different.length - chosen.length;
    const rest =
      more === 0
        ? ''
        : ` The ${MOST_MARKETS} that moved most against their own size are drawn; ${more} more are in the table.`;
    blocks.push(
      { kind: 'paragraph', text: `What was wrong, against what is right.${rest}` },
      { kind: 'charts', charts: chosen, table: marketTable(different) },
    );
  }
  if (harmedEquity.length > 0) blocks.push(equityCharts(harmedEquity));
  return blocks;
}

/** Two drawings: what they had, and what of it they lacked, which what they had may hide. */
function equityCharts(all: readonly Point[]): Block {
  const points = focused(all);
  const had: LineChart = {
    kind: 'lines',
    title: 'Equity of all refunded accounts together',
    description:
      'What all accounts that are refunded had together, as it was and as it would have been. What they deposited and withdrew meanwhile is in both. No account is shown alone.',
    unit: 'USDC',
    actual: lineOf(points, 'actual', 1e8),
    other: lineOf(points, 'other', 1e8),
    names: NAMES,
  };
  const lacks = points.map(({ actual, other }) => BigInt(actual) - BigInt(other));
  const most = lacks.reduce((least, lack) => (lack < least ? lack : least), 0n);
  const lacked: LineChart = {
    kind: 'lines',
    title: 'What they lacked',
    description: `The same, less what it would have been: at most about ${usdcText(-most)} USDC are lacking.`,
    unit: 'USDC, less what it would have been',
    actual: points.map(({ timeMs }, place) => ({ timeMs, value: Number(lacks[place]) / 1e8 })),
    other: points.map(({ timeMs }) => ({ timeMs, value: 0 })),
    names: NAMES,
  };
  return { kind: 'charts', charts: [had, lacked], table: equityTable(all) };
}

function equityTable(points: readonly Point[]): Table {
  const step = Math.max(1, Math.ceil(points.length / 24));
  return {
    caption:
      'Equity of all refunded accounts together, USDC, rounded so that no step of it tells what one account lost',
    columns: [
      { name: 'At (UTC)', isNumber: false },
      { name: 'As it was', isNumber: true },
      { name: 'As it would have been', isNumber: true },
    ],
    rows: points
      .filter((_, place) => place % step === 0 || place === points.length - 1)
      .map(({ timeMs, actual, other }) => [timeText(timeMs), usdcText(actual), usdcText(other)]),
  };
}

const WORST_MINUTES = 20;

function heatOf(minutes: readonly PublicDivergence[], horizonPpm: number): HeatChart {
  const rows = [...new Set(minutes.map(({ market }) => market))];
  const worst = minutes.reduce((most, { divergencePpm }) => Math.max(most, divergencePpm), 0);
  return {
    kind: 'heat',
    title: 'Orders that came out otherwise, by market and minute',
    description: `At most ${shareText(worst)} of the orders of a minute came out otherwise; beyond ${shareText(horizonPpm)} a market’s replay is no evidence.`,
    rows,
    cells: minutes.map(({ market, minuteMs, divergencePpm }) => ({
      row: rows.indexOf(market),
      minuteMs,
      ppm: divergencePpm,
    })),
    horizonPpm,
  };
}

/** Divergence by market and minute, with its worst minutes as a table; nothing where no order came out otherwise. */
export function divergenceChart({ minutes, horizonPpm }: Dossier['divergence']): Block | undefined {
  if (minutes.length === 0) return undefined;
  const worst = minutes.toSorted((a, b) => b.divergencePpm - a.divergencePpm || a.minuteMs - b.minuteMs);
  const table: Table = {
    caption:
      minutes.length > WORST_MINUTES
        ? `The ${WORST_MINUTES} worst minutes`
        : 'Minutes with orders that came out otherwise',
    columns: [
      { name: 'Market', isNumber: false },
      { name: 'Minute (UTC)', isNumber: false },
      { name: 'Orders', isNumber: true },
      { name: 'Otherwise', isNumber: true },
      { name: 'Share', isNumber: true },
      { name: 'Volume apart', isNumber: true },
    ],
    rows: worst
      .slice(0, WORST_MINUTES)
      .map(({ market, minuteMs, orders, different, divergencePpm, volumePpm }) => [
        market,
        `${shortDayText(minuteMs)}, ${clockText(minuteMs, false)}`,
        countText(orders),
        countText(different),
        shareText(divergencePpm),
        volumePpm === null ? 'nothing traded' : shareText(volumePpm),
      ]),
  };
  return { kind: 'heat', chart: heatOf(minutes, horizonPpm), table };
}
