// What the name of a recorded file says: ALGOUSDT-1m-2026-02.csv.gz is a symbol, an interval and a period.
import { basename } from 'node:path';
import { dayMs, dayStartMs, hourMs, minuteMs, secondMs } from './timestamp.ts';

interface NamedPeriod {
  readonly text: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

export interface FileName {
  /** What stands before the interval, or before the period, or the whole name. */
  readonly symbol: string;
  readonly intervalMs: number | undefined;
  readonly period: NamedPeriod | undefined;
}

const unitMs: Readonly<Record<string, number>> = { s: secondMs, m: minuteMs, h: hourMs, d: dayMs };
const periodPattern = /[-_](\d{4}-\d{2}(?:-\d{2})?)(?:_(\d{4}-\d{2}(?:-\d{2})?|\d{2}))?$/;
const intervalPattern = /^(.+?)[-_](\d{1,3})([smhd])$/;

/**
 * Reads SYMBOL-INTERVAL-PERIOD with "-" or "_" between: the interval is 1m, 1h and the like, the period a month, a day, or
 * two of them joined by "_" (2025-10-09_12 ends with the 12th). What the name does not say is undefined.
 */
export function readFileName(file: string): FileName {
  const stem = basename(file)
    .replace(/\.gz$/i, '')
    .replace(/\.(?:csv|txt)$/i, '');
  const periodMatch = periodPattern.exec(stem);
  const period = periodMatch === null ? undefined : readPeriod(periodMatch[1] ?? '', periodMatch[2]);
  const head = period === undefined ? stem : stem.slice(0, periodMatch?.index);
  const intervalMatch = intervalPattern.exec(head);
  if (intervalMatch === null) return { symbol: head, intervalMs: undefined, period };
  const [, symbol = '', count, unit = ''] = intervalMatch;
  return { symbol, intervalMs: Number(count) * (unitMs[unit] ?? 0) || undefined, period };
}

function readPeriod(first: string, last: string | undefined): NamedPeriod | undefined {
  const end = last !== undefined && last.length === 2 ? `${first.slice(0, -2)}${last}` : (last ?? first);
  const fromMs = dayStartMs(first.length === 7 ? `${first}-01` : first);
  const toMs = endOfPeriodMs(end);
  if (fromMs === undefined || toMs === undefined || fromMs >= toMs) return undefined;
  return { text: last === undefined ? first : `${first} to ${end}`, fromMs, toMs };
}

function endOfPeriodMs(period: string): number | undefined {
  if (period.length === 10) {
    const startMs = dayStartMs(period);
    return startMs === undefined ? undefined : startMs + dayMs;
  }
  const startMs = dayStartMs(`${period}-01`);
  if (startMs === undefined) return undefined;
  const start = new Date(startMs);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
}
