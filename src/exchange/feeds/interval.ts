// The interval of a bar file: what its name says, what its rows say, and what its stamps show, which must agree.
import { FeedError } from './feed-error.ts';
import { hourMs, minuteMs, secondMs } from './timestamp.ts';

interface Stamps {
  readonly stampsMs: readonly number[];
  readonly lines: readonly number[];
}

/** From this many steps on, an interval that is never the step between two bars is not the interval of the file. */
const enoughSteps = 3;

/**
 * Returns the interval in milliseconds: the one that the rows state by their close times, or the file by its name, or the most
 * frequent step between stamps. Throws FeedError `interval_mismatch` when the first two differ or no two bars are that far
 * apart, and `unknown_interval` when there is none.
 */
export function intervalOf(
  file: string,
  series: readonly Stamps[],
  namedMs: number | undefined,
  statedMs: number | undefined,
): number {
  const at = { file, line: series[0]?.lines[0] ?? 0 };
  const steps = countSteps(series);
  const shownMs = mostFrequent(steps);
  const intervalMs = statedMs ?? namedMs ?? shownMs;
  if (intervalMs === undefined) {
    const detail = 'one bar alone does not show its interval: name the file like SYMBOL-1m-2026-02.csv';
    throw new FeedError('unknown_interval', at, detail);
  }
  const claim = `${statedMs === undefined ? 'the file name says' : 'the close times say'} ${durationText(intervalMs)}`;
  if (namedMs !== undefined && namedMs !== intervalMs) {
    throw new FeedError('interval_mismatch', at, `${claim}, the file name says ${durationText(namedMs)}`);
  }
  const stepCount = [...steps.values()].reduce((sum, count) => sum + count, 0);
  if (shownMs !== undefined && stepCount >= enoughSteps && !steps.has(intervalMs)) {
    throw new FeedError('interval_mismatch', at, `${claim}, the rows are ${durationText(shownMs)} apart`);
  }
  return intervalMs;
}

/** Returns a duration in the largest unit that divides it: 1h, 15m, 30s, 1500ms. */
export function durationText(durationMs: number): string {
  const units: [number, string][] = [
    [hourMs, 'h'],
    [minuteMs, 'm'],
    [secondMs, 's'],
  ];
  const [unitMs, unit] = units.find(([sizeMs]) => durationMs % sizeMs === 0) ?? [1, 'ms'];
  return `${durationMs / unitMs}${unit}`;
}

function countSteps(series: readonly Stamps[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { stampsMs } of series) {
    for (let index = 1; index < stampsMs.length; index += 1) {
      const stepMs = (stampsMs[index] ?? 0) - (stampsMs[index - 1] ?? 0);
      counts.set(stepMs, (counts.get(stepMs) ?? 0) + 1);
    }
  }
  return counts;
}

/** The step that occurs most often; of equally frequent ones the smallest. */
function mostFrequent(steps: ReadonlyMap<number, number>): number | undefined {
  const [first] = [...steps].sort(([stepA, countA], [stepB, countB]) => countB - countA || stepA - stepB);
  return first?.[0];
}
