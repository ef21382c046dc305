/** Where the ticks of an axis stand, and what they say. */
import { clockText, dayText, shortDayText } from './text.ts';

interface Tick {
  readonly at: number;
  readonly text: string;
}

const FACTORS = [1, 2, 2.5, 5] as const;

/** The smallest step of a round number that leaves at most this many of them in a range. */
function stepOf(range: number, most: number): number {
  for (let unit = 1e-9; ; unit *= 10) {
    const factor = FACTORS.find((each) => range <= unit * each * most);
    if (factor !== undefined) return unit * factor;
  }
}

function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < 9; decimals++) {
    const scaled = Number(step.toFixed(decimals));
    if (Math.abs(scaled - step) <= step / 1_000) return decimals;
  }
  return 9;
}

const SUFFIXES = [
  [1e9, ' bn'],
  [1e6, ' M'],
  [1e3, ' k'],
] as const;
/** Thousands are written out, as long as they are few. */
const LEAST_THOUSANDS = 10_000;

/** A number of an axis, short: `5,000`, `1.25 M`, `−0.004`. Thousands are shortened where all steps are. */
function numberText(value: number, step: number): string {
  const [unit, suffix] = SUFFIXES.find(
    ([size]) => Math.abs(value) >= size && (size === 1e3 ? step >= LEAST_THOUSANDS : step >= size / 10),
  ) ?? [1, ''];
  const text = (Math.abs(value) / unit).toFixed(decimalsOf(step / unit));
  const [whole = '', rest] = text.split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  const fraction = suffix === '' ? rest : rest?.replace(/0+$/, '');
  const isZero = Number(text) === 0;
  if (isZero) return '0';
  return `${value < 0 ? '−' : ''}${grouped}${fraction === undefined || fraction === '' ? '' : `.${fraction}`}${suffix}`;
}

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly Tick[];
}

/** An axis over these values, a little wider than they are. */
export function valueAxis(values: readonly number[], most: number): Axis {
  const low = values.reduce((least, value) => Math.min(least, value), values[0] ?? 0);
  const high = values.reduce((largest, value) => Math.max(largest, value), values[0] ?? 0);
  const size = Math.max(Math.abs(low), Math.abs(high));
  const spread = high - low;
  // Less than a millionth of the values, or of anything, is no move: the ticks of it would all read the same.
  const isFlat = spread <= Math.max(size, 0.1) / 1e6;
  const pad = isFlat ? Math.max(size / 10, 1) : spread / 16;
  const [from, to] = [low - pad, high + pad];
  const step = stepOf(to - from, most);
  const ticks: Tick[] = [];
  const first = Math.ceil(from / step);
  for (let n = first; n <= first + most; n++) {
    const at = n * step;
    if (at <= to) ticks.push({ at, text: numberText(at, step) });
  }
  return { from, to, ticks };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY),
];

/** An axis over these times, from the first to the last. */
export function timeAxis(fromMs: number, toMs: number, most: number): Axis {
  const to = Math.max(toMs, fromMs + SECOND);
  const step = TIME_STEPS.find((each) => (to - fromMs) / each <= most) ?? (TIME_STEPS.at(-1) as number);
  const ticks: Tick[] = [];
  for (let at = Math.ceil(fromMs / step) * step; at <= to; at += step) {
    ticks.push({ at, text: step >= DAY ? shortDayText(at) : clockText(at, step < MINUTE) });
  }
  return { from: fromMs, to, ticks };
}

/** What the axis of times is: `UTC, 19 January 2026`. */
export function timeUnit(fromMs: number, toMs: number): string {
  const [first, last] = [dayText(fromMs), dayText(toMs)];
  return first === last ? `UTC, ${first}` : `UTC, ${first} to ${last}`;
}
