/** Charts as SVG: shapes and text alone, coloured by the page that holds them. */
import { type Axis, timeAxis, timeUnit, valueAxis } from './axis.ts';
import type { ChartPoint, HeatChart, LineChart } from './document.ts';
import { escaped } from './escaped.ts';
import { clockText, shareText, shortDayText } from './text.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One for a phone and for charts side by side, one for a chart alone on a wide page: text keeps its size in both. */
export const NARROW: Size = { width: 420, height: 270 };
export const WIDE: Size = { width: 860, height: 330 };

/** Width of a character, at most: the page's font is not known. */
const CHARACTER = 8.2;
const TOP = 26;
const BOTTOM = 46;
const RIGHT = 14;

const round = (value: number): string => String(Math.round(value * 10) / 10);

interface Plot {
  readonly size: Size;
  readonly left: number;
  readonly x: (timeMs: number) => number;
  readonly y: (value: number) => number;
}

function plotOf(size: Size, times: Axis, values: Axis): Plot {
  const widest = values.ticks.reduce((most, { text }) => Math.max(most, text.length), 1);
  const left = 12 + widest * CHARACTER;
  const [right, bottom] = [size.width - RIGHT, size.height - BOTTOM];
  return {
    size,
    left,
    x: (timeMs) => left + ((timeMs - times.from) / (times.to - times.from)) * (right - left),
    y: (value) => bottom - ((value - values.from) / (values.to - values.from)) * (bottom - TOP),
  };
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', kind = ''): string {
  const style = kind === '' ? '' : ` class="${kind}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${style}>${escaped(content)}</text>`;
}

function gridOf({ size, left, x, y }: Plot, times: Axis, values: Axis, unit: string): string {
  const right = size.width - RIGHT;
  const bottom = size.height - BOTTOM;
  const rows = values.ticks.map(({ at, text: label }) => {
    const line = `<path class="grid${at === 0 ? ' zero' : ''}" d="M${round(left)} ${round(y(at))}H${right}"/>`;
    return line + text(left - 8, y(at) + 4.5, label, 'end');
  });
  const columns = timeTicks(times, x, right, bottom);
  const units = text(left, 14, unit, 'start', 'unit');
  const span = text(right, size.height - 6, timeUnit(times.from, times.to), 'end', 'unit');
  return `${rows.join('')}<path class="axis" d="M${round(left)} ${bottom}H${right}"/>${columns}${units}${span}`;
}

/** Ticks of times with their labels; a label that would run into the one before it is left out, its tick stays. */
function timeTicks({ ticks }: Axis, x: (timeMs: number) => number, right: number, bottom: number): string {
  let free = 0;
  const drawn = ticks.map(({ at, text: label }) => {
    const half = (label.length * CHARACTER) / 2;
    // A label at the edge would be cut off by it.
    const middle = Math.min(x(at), right - half);
    const tick = `<path class="tick" d="M${round(x(at))} ${bottom}v5"/>`;
    if (middle - half < free) return tick;
    free = middle + half + CHARACTER / 2;
    return tick + text(middle, bottom + 19, label, 'middle');
  });
  return drawn.join('');
}

/** The points that a line of this width can show: of each column the first, the last, and the extremes. */
function thinned(points: readonly ChartPoint[], columns: number): readonly ChartPoint[] {
  if (points.length <= columns * 4) return points;
  const perColumn = Math.ceil(points.length / columns);
  const kept: ChartPoint[] = [];
  for (let from = 0; from < points.length; from += perColumn) {
    const column = points.slice(from, from + perColumn);
    const least = column.reduce((a, b) => (b.value < a.value ? b : a));
    const largest = column.reduce((a, b) => (b.value > a.value ? b : a));
    const chosen = new Set([column[0], least, largest, column.at(-1)] as ChartPoint[]);
    kept.push(...column.filter((point) => chosen.has(point)));
  }
  return kept;
}

/** A line of steps: a value holds until the next one. */
function stepsOf(points: readonly ChartPoint[], { x, y }: Plot): string[] {
  const parts: string[] = [];
  points.forEach(({ timeMs, value }, place) => {
    if (place === 0) parts.push(`${round(x(timeMs))} ${round(y(value))}`);
    else parts.push(`H${round(x(timeMs))}`, `V${round(y(value))}`);
  });
  return parts;
}

/** The area between the worlds: along the one, and back along the other. */
function areaOf(actual: readonly ChartPoint[], other: readonly ChartPoint[], plot: Plot): string {
  const there = stepsOf(actual, plot).join('');
  const back = other.toReversed();
  const [last] = back;
  if (last === undefined) return '';
  const parts = [`L${round(plot.x(last.timeMs))} ${round(plot.y(last.value))}`];
  back.slice(1).forEach(({ timeMs, value }) => {
    parts.push(`V${round(plot.y(value))}`, `H${round(plot.x(timeMs))}`);
  });
  return `<path class="gap" d="M${there}${parts.join('')}Z"/>`;
}

function labelled(id: string, title: string, description: string, { width, height }: Size, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${escaped(title)}</title><desc id="${id}-d">${escaped(description)}</desc>${content}</svg>`;
}

/** A chart of lines. `id` must be its own in the page. */
export function lineSvg(chart: LineChart, size: Size, id: string): string {
  const columns = size.width / 2;
  const [actual, other] = [thinned(chart.actual, columns), thinned(chart.other, columns)];
  const all = [...actual, ...other];
  const times = all.map(({ timeMs }) => timeMs);
  const timeRange = timeAxis(
    times.reduce((a, b) => Math.min(a, b), times[0] ?? 0),
    times.reduce((a, b) => Math.max(a, b), times[0] ?? 0),
    Math.floor(size.width / 90),
  );
  const valueRange = valueAxis(
    all.map(({ value }) => value),
    5,
  );
  const plot = plotOf(size, timeRange, valueRange);
  const lines = [
    areaOf(actual, other, plot),
    `<path class="actual" d="M${stepsOf(actual, plot).join('')}"/>`,
    `<path class="other" d="M${stepsOf(other, plot).join('')}"/>`,
  ];
  const content = gridOf(plot, timeRange, valueRange, chart.unit) + lines.join('');
  return labelled(id, chart.title, chart.description, size, content);
}

const MINUTE = 60_000;
const ROW = 24;
const MOST_CELL = 26;
/** Names of markets are cut to this many characters, so that there is room for the minutes on a phone. */
const MOST_NAME = 18;

function shortened(name: string): string {
  const characters = Array.from(name);
  return characters.length > MOST_NAME ? `${characters.slice(0, MOST_NAME - 1).join('')}…` : name;
}

/** Which of the four shades a share has; the last is beyond the horizon. */
export function shadeOf(ppm: number, horizonPpm: number): 1 | 2 | 3 | 4 {
  if (ppm > horizonPpm) return 4;
  if (4 * ppm <= horizonPpm) return 1;
  return 2 * ppm <= horizonPpm ? 2 : 3;
}

/** Markets by time: each cell is the worst of its minutes. `id` must be its own in the page. */
export function heatSvg(chart: HeatChart, width: number, id: string): string {
  const minutes = chart.cells.map(({ minuteMs }) => minuteMs);
  const from = minutes.reduce((a, b) => Math.min(a, b), minutes[0] ?? 0);
  const last = minutes.reduce((a, b) => Math.max(a, b), from);
  const names = chart.rows.map((name) => shortened(name));
  const left = 12 + names.reduce((most, name) => Math.max(most, name.length), 1) * CHARACTER;
  const room = width - RIGHT - left;
  const perCell = Math.ceil(((last - from) / MINUTE + 1) / Math.floor(room / 9)) * MINUTE;
  const columns = Math.floor((last - from) / perCell) + 1;
  const cell = Math.min(MOST_CELL, room / columns);
  const worst = new Map<string, number>();
  for (const { row, minuteMs, ppm } of chart.cells) {
    const key = `${row} ${Math.floor((minuteMs - from) / perCell)}`;
    worst.set(key, Math.max(worst.get(key) ?? 0, ppm));
  }
  const rows = names.map((name, row) => {
    const y = TOP + row * ROW;
    const line = `<rect class="empty" x="${round(left)}" y="${y}" width="${round(columns * cell)}" height="${ROW - 3}"/>`;
    return line + text(left - 8, y + 15, name, 'end');
  });
  const cells = [...worst].map(([key, ppm]) => {
    const [row = 0, column = 0] = key.split(' ').map(Number);
    const atMs = from + column * perCell;
    const title = `${chart.rows[row]}, ${shortDayText(atMs)} ${clockText(atMs, false)}: ${shareText(ppm)}`;
    const place = `x="${round(left + column * cell)}" y="${TOP + row * ROW}" width="${round(Math.max(cell - 1, 1))}" height="${ROW - 3}"`;
    return `<rect class="shade-${shadeOf(ppm, chart.horizonPpm)}" ${place}><title>${escaped(title)}</title></rect>`;
  });
  const bottom = TOP + chart.rows.length * ROW;
  const size: Size = { width, height: bottom + 44 };
  const axis = timeAxis(from, from + columns * perCell, Math.max(1, Math.floor((columns * cell) / 70)));
  const x = (timeMs: number): number => left + ((timeMs - from) / perCell) * cell;
  const ticks = timeTicks(axis, x, width - RIGHT, bottom);
  const unit = perCell === MINUTE ? 'a cell is a minute' : `a cell is the worst of ${perCell / MINUTE} minutes`;
  const foot = text(width - RIGHT, size.height - 6, `${timeUnit(from, last)}; ${unit}`, 'end', 'unit');
  return labelled(id, chart.title, chart.description, size, rows.join('') + cells.join('') + ticks + foot);
}
