// The times at which venues pay funding, and whether a series of stamps is on them.
import { FeedError, type FeedFinding } from './feed-error.ts';
import { durationText } from './interval.ts';
import { hourMs, isoText, minuteMs } from './timestamp.ts';

export interface FundingStamps {
  readonly file: string;
  readonly market: string;
  readonly symbol: string;
  readonly venue: string | undefined;
  readonly timesMs: readonly number[];
  readonly lines: readonly number[];
}

/** Recorders stamp a payment up to this long after (or before) the full hour it belongs to. */
const toleranceMs = 2 * minuteMs;
/** Periods whose full hours are known: hours are on the hour anyhow, and no other period divides the day in use. */
const schedulePeriodsMs = [2 * hourMs, 4 * hourMs, 8 * hourMs];
/** Hours after midnight UTC of the first payment. KuCoin pays at 04, 12 and 20; all others in the record at 00, 08 and 16. */
const firstPaymentHour: Readonly<Record<string, number>> = { kucoin: 4 };

/** Returns the full hour that a stamp belongs to (the nearest one), in milliseconds. */
export function fundingHourMs(timeMs: number): number {
  return Math.round(timeMs / hourMs) * hourMs;
}

/** Returns the most frequent time between payments in milliseconds; undefined for a single payment. */
export function fundingPeriodMs({ timesMs }: FundingStamps): number | undefined {
  const [first] = [...countPeriods(timesMs)].sort(([a, countA], [b, countB]) => countB - countA || a - b);
  return first?.[0];
}

/**
 * Checks that every stamp is within two minutes of a full hour, no hour is paid twice, and the hours are those of a venue that
 * pays every 2, 4 or 8 hours from midnight UTC. Throws FeedError `off_grid_timestamp` for a stamp between the hours and
 * for stamps that were recorded in another time zone (03, 11 and 19 instead of 00, 08 and 16); `duplicate_timestamp`.
 * A shift by whole hours of hourly funding leaves no trace in the stamps and cannot be seen.
 */
export function checkFundingSchedule(stamps: FundingStamps): void {
  const { file, symbol, timesMs, lines } = stamps;
  for (const [index, timeMs] of timesMs.entries()) {
    const at = { file, line: lines[index] ?? 0 };
    const hour = fundingHourMs(timeMs);
    if (Math.abs(timeMs - hour) > toleranceMs) {
      throw new FeedError('off_grid_timestamp', at, `${symbol} is stamped ${isoText(timeMs)}, between the full hours`);
    }
    if (index > 0 && fundingHourMs(timesMs[index - 1] ?? 0) === hour) {
      throw new FeedError('duplicate_timestamp', at, `${symbol} is paid twice at ${isoText(hour)}`);
    }
  }
  checkShift(stamps);
}

/**
 * Returns a finding `gap` for each payment that is missing: a longer time between two payments than both before and after
 * it, or one that is no period of the series (three payments in a row make a period).
 */
export function fundingGaps(stamps: FundingStamps): FeedFinding[] {
  const { file, market, venue, timesMs, lines } = stamps;
  const steps = stepsOf(timesMs);
  const usual = new Set(steps.filter((step, index) => step === steps[index - 1] && step === steps[index + 1]));
  const findings: FeedFinding[] = [];
  for (const [index, step] of steps.entries()) {
    const neighbours = [steps[index - 1], steps[index + 1]].filter((near) => near !== undefined);
    const shortest = Math.min(...neighbours);
    const isLonger = neighbours.length > 0 && neighbours.every((near) => step > near);
    const isUnusual = step > shortest && usual.size > 0 && !usual.has(step);
    if (!isLonger && !isUnusual) continue;
    const fromMs = fundingHourMs(timesMs[index] ?? 0) + shortest;
    const toMs = fundingHourMs(timesMs[index + 1] ?? 0);
    const message = `${venue === undefined ? '' : `${venue}: `}no funding of ${market} from ${isoText(fromMs)} to before ${isoText(toMs)}`;
    findings.push({ code: 'gap', file, line: lines[index + 1] ?? 0, message, market, venue, fromMs, toMs });
  }
  return findings;
}

/** A stretch of equal periods that starts at the wrong hour of the day is shifted; a stray late payment is not a stretch. */
function checkShift({ file, symbol, venue, timesMs, lines }: FundingStamps): void {
  const steps = stepsOf(timesMs);
  const counts = countPeriods(timesMs);
  const offset = (firstPaymentHour[venue ?? ''] ?? 0) * hourMs;
  for (const [index, period] of steps.entries()) {
    const isStretch = steps.length === 1 || period === steps[index + 1] || period === steps[index - 1];
    const isUsual = (counts.get(period) ?? 0) * 10 >= steps.length;
    if (!isStretch || !isUsual || !schedulePeriodsMs.includes(period)) continue;
    const hour = fundingHourMs(timesMs[index] ?? 0);
    const lateMs = (((hour - offset) % period) + period) % period;
    if (lateMs === 0) continue;
    const grid = `the ${durationText(period)} funding times of ${venue ?? 'the venue'} in UTC`;
    const detail = `${symbol} is stamped ${isoText(hour)}, ${durationText(lateMs)} past ${grid}: the stamps are in another time zone`;
    throw new FeedError('off_grid_timestamp', { file, line: lines[index] ?? 0 }, detail);
  }
}

function stepsOf(timesMs: readonly number[]): number[] {
  return timesMs.slice(1).map((timeMs, index) => fundingHourMs(timeMs) - fundingHourMs(timesMs[index] ?? 0));
}

function countPeriods(timesMs: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const step of stepsOf(timesMs)) counts.set(step, (counts.get(step) ?? 0) + 1);
  return counts;
}
