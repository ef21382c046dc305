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

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

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

/** Runs `work` once and then `count` times; each call returns its own nanoseconds per unit. */
export function measureSeries(count: number, work: () => number): Series {
  collectGarbage();
  const first = work();
  const runs: number[] = [];
  for (let run = 0; run < count; run++) {
    collectGarbage();
    runs.push(work());
  }
  return seriesOf(first, runs);
}
