/** Repeated measurements of the same work. */

/** A series as it is reported: times per unit of work in nanoseconds. */
export interface Series {
  /** The median of the runs. */
  readonly nsPerOp: number;
  /** 1e9 / nsPerOp, rounded. */
  readonly opsPerSecond: number;
  readonly best: number;
  /** Slowest minus fastest run, as a share of the median. */
  readonly spread: number;
  /** The run before these, which also compiled the code: not among them. */
  readonly first: number;
  readonly runs: readonly number[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The value with so many digits behind the point. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Returns the series of `runs` times after a first one; all in nanoseconds per unit. */
export function seriesOf(first: number, runs: readonly number[]): Series {
  const middle = median(runs);
  const best = Math.min(...runs);
  return {
    nsPerOp: rounded(middle, 1),
    opsPerSecond: Math.round(1e9 / middle),
    best: rounded(best, 1),
    spread: rounded((Math.max(...runs) - best) / middle, 3),
    first: rounded(first, 1),
    runs: runs.map((run) => rounded(run, 1)),
  };
}

/** Collects garbage where the process was started with --expose-gc, so that no run pays for the one before. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** Is told how far a benchmark is, in words. */
export type Tell = (text: string) => void;

/** Runs `work` once and then `count` times; each call returns its own nanoseconds per unit. */
export async function measureSeries(count: number, tell: Tell, work: () => number | Promise<number>): Promise<Series> {
  const times: number[] = [];
  for (let run = 0; run <= count; run++) {
    collectGarbage();
    const time = await work();
    times.push(time);
    tell(`${run === 0 ? 'first run' : `run ${run} of ${count}`}: ${time.toFixed(1)} ns`);
  }
  const [first = 0, ...runs] = times;
  return seriesOf(first, runs);
}

/** Seconds of something that is done as a whole. */
export interface SecondsSeries {
  /** The median of the runs. */
  readonly seconds: number;
  readonly best: number;
  readonly first: number;
  readonly runs: readonly number[];
}

/** Does `work` once and then `count` times, and lets `check` look at what each made; the check is not timed. */
export function measureSeconds<T>(count: number, tell: Tell, work: () => T, check?: (made: T) => void): SecondsSeries {
  const times: number[] = [];
  for (let run = 0; run <= count; run++) {
    collectGarbage();
    const startedMs = performance.now();
    const made = work();
    const seconds = rounded((performance.now() - startedMs) / 1000, 3);
    check?.(made);
    times.push(seconds);
    tell(`${run === 0 ? 'first run' : `run ${run} of ${count}`}: ${seconds} s`);
  }
  const [first = 0, ...runs] = times;
  return { seconds: rounded(median(runs), 3), best: Math.min(...runs), first, runs };
}
