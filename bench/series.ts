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
  /** The median of what the measuring thread had of a processor: what it waited for, and what others took, left out. */
  readonly cpuNsPerOp: number;
}

/** One measurement: on the wall's clock, and on the processor for the measuring thread alone. */
export interface Elapsed {
  readonly wallNs: number;
  readonly cpuNs: number;
}

/** Starts to measure; what it returns gives the time since. */
export function startStopwatch(): () => Elapsed {
  const cpu = process.threadCpuUsage();
  const startedMs = performance.now();
  return () => {
    const wallNs = (performance.now() - startedMs) * 1e6;
    const { user, system } = process.threadCpuUsage(cpu);
    return { wallNs, cpuNs: (user + system) * 1000 };
  };
}

/** What one run took, and how many units of work it was. */
export interface Run {
  readonly elapsed: Elapsed;
  readonly units: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The value with so many digits behind the point. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Returns the series of these runs after a first one. */
export function seriesOf(firstRun: Run, countedRuns: readonly Run[]): Series {
  const wall = ({ elapsed, units }: Run): number => elapsed.wallNs / units;
  const first = wall(firstRun);
  const runs = countedRuns.map(wall);
  const middle = median(runs);
  const best = Math.min(...runs);
  return {
    nsPerOp: rounded(middle, 1),
    opsPerSecond: Math.round(1e9 / middle),
    best: rounded(best, 1),
    spread: rounded((Math.max(...runs) - best) / middle, 3),
    first: rounded(first, 1),
    runs: runs.map((run) => rounded(run, 1)),
    cpuNsPerOp: rounded(median(countedRuns.map(({ elapsed, units }) => elapsed.cpuNs / units)), 1),
  };
}

/** Collects garbage where the process was started with --expose-gc, so that no run pays for the one before. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** Is told how far a benchmark is, in words. */
export type Tell = (text: string) => void;

/** Runs `work` once and then `count` times; each call measures itself. */
export async function measureSeries(count: number, tell: Tell, work: () => Run | Promise<Run>): Promise<Series> {
  const runs: Run[] = [];
  for (let number = 0; number <= count; number++) {
    collectGarbage();
    const run = await work();
    runs.push(run);
    const time = (run.elapsed.wallNs / run.units).toFixed(1);
    tell(`${number === 0 ? 'first run' : `run ${number} of ${count}`}: ${time} ns`);
  }
  const [first, ...counted] = runs;
  return seriesOf(first as Run, counted);
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
