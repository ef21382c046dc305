/** `bench engine`: matching alone and the whole engine, each in a process of its own, beside the sketches if they are there. */
import { join } from 'node:path';
import type { FullResult } from './full.ts';
import { measureInChild } from './in-child.ts';
import type { MatchingResult } from './matching.ts';
import { withScratchFolder } from './scratch-folder.ts';
import type { Tell } from './series.ts';
import { requireSketches, runSketch, SketchError, type SketchPart, type SketchSeries, sketchSeries } from './sketch.ts';
import { writeWorkload } from './workload-file.ts';
import { openWorkload, type WorkloadSource, type WorkloadSummary } from './workload-source.ts';

export interface EngineRequest {
  readonly runs: number;
  /** The operations of each part that is to be measured. */
  readonly sources: Readonly<Partial<Record<SketchPart, WorkloadSource>>>;
  /** Folder of the sketches to run in the same minute. */
  readonly sketch?: string;
}

export interface EngineResult {
  readonly matching?: Omit<MatchingResult, 'workload'>;
  readonly full?: Omit<FullResult, 'workload'>;
  readonly sketch?: Readonly<Partial<Record<SketchPart, SketchSeries>>>;
  readonly workload: Readonly<Partial<Record<SketchPart, WorkloadSummary>>>;
}

/** Measures the parts asked for, one after the other. Throws what a measurement or a workload refuses. */
export async function benchEngine(request: EngineRequest, tell: Tell): Promise<EngineResult> {
  if (request.sketch !== undefined) requireSketches(request.sketch);
  const { matching: matchingSource, full: fullSource } = request.sources;
  const matching = matchingSource && (await measurePart('matching', matchingSource, request, tell));
  const full = fullSource && (await measurePart('full', fullSource, request, tell));
  const sketch = { ...(matching?.sketch && { matching: matching.sketch }), ...(full?.sketch && { full: full.sketch }) };
  return {
    ...(matching && { matching: matching.result as Omit<MatchingResult, 'workload'> }),
    ...(full && { full: full.result as Omit<FullResult, 'workload'> }),
    ...(request.sketch !== undefined && { sketch }),
    workload: { ...(matching && { matching: matching.workload }), ...(full && { full: full.workload }) },
  };
}

interface PartResult {
  readonly result: Omit<MatchingResult | FullResult, 'workload'>;
  readonly workload: WorkloadSummary;
  readonly sketch?: SketchSeries;
}

async function measurePart(
  part: SketchPart,
  source: WorkloadSource,
  request: EngineRequest,
  tell: Tell,
): Promise<PartResult> {
  const told: Tell = (text) => tell(`${part}: ${text}`);
  const measure = (): Promise<MatchingResult | FullResult> =>
    measureInChild(part, { source, runs: request.runs }, told);
  if (request.sketch === undefined) return split(await measure());
  const { sketch: folder, runs } = request;
  return withScratchFolder(undefined, async (scratch) => {
    const file = join(scratch, 'operations.bin');
    const workload = openWorkload(source);
    writeWorkload(file, workload);
    // Half of the sketch's runs before ours and half after: what else the machine does weighs on both.
    const half = Math.ceil(runs / 2);
    const before = await runSketch(folder, part, file, half, tell);
    if (part === 'matching') requireTrades(before.trades, workload.trades);
    const ours = split(await measure());
    const after = await runSketch(folder, part, file, half, tell);
    return { ...ours, sketch: sketchSeries([...before.runs, ...after.runs], ours.result.nsPerOp) };
  });
}

/** Refuses (throws) a sketch that matches otherwise than it must. */
function requireTrades(found: number, expected: number): void {
  if (found === expected) return;
  throw new SketchError('sketch_differs', `the sketch finds ${found} trades, a correct matcher ${expected}`);
}

function split({ workload, ...result }: MatchingResult | FullResult): PartResult {
  return { result, workload };
}
