/** Where a result was measured: without this a number says nothing. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { rounded } from './series.ts';

export interface Machine {
  readonly node: string;
  readonly processor: string;
  readonly processors: number;
  /** Processes that wanted to run over the last minute, when the benchmark started: near or above `processors`, times mean little. */
  readonly machineLoad: number;
}

export function describeMachine(): Machine {
  return {
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    machineLoad: rounded(loadavg()[0] as number, 2),
  };
}
