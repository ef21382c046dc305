/**
 * Sketches: throw-away engines that say what a machine allows, run beside ours on the same operations in the same minute. A
 * folder of them holds `bench-match.mjs` (matching alone, with `engine-b.mjs`) and `bench-r.mjs` (with margin and funding).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './in-child.ts';
import { median, rounded, type Tell } from './series.ts';

export type SketchPart = 'matching' | 'full';

/** Runs of a sketch, nanoseconds per operation. */
export interface SketchSeries {
  readonly nsPerOp: number;
  readonly best: number;
  readonly runs: readonly number[];
  /** How many times longer ours took, median by median. */
  readonly ratio: number;
}

/** A folder without the sketches, or a sketch that finds other trades than a correct matcher. */
export class SketchError extends Error {
  readonly code: 'sketch_not_found' | 'sketch_differs';
  constructor(code: SketchError['code'], message: string) {
    super(message);
    this.name = 'SketchError';
    this.code = code;
  }
}

const SCRIPTS: Readonly<Record<SketchPart, readonly string[]>> = {
  matching: ['bench-match.mjs', 'engine-b.mjs', 'load.mjs'],
  full: ['bench-r.mjs', 'engine-r.mjs', 'load.mjs'],
};

/** Refuses (`SketchError`) a folder that lacks one of the sketches' files. */
export function requireSketches(folder: string): void {
  for (const script of Object.values(SCRIPTS).flat()) {
    if (!existsSync(join(folder, script)))
      throw new SketchError('sketch_not_found', `there is no ${script} in ${folder}`);
  }
}

/** Runs a sketch on the operations in a file; returns the nanoseconds per operation of each run. */
export async function runSketch(
  folder: string,
  part: SketchPart,
  file: string,
  runs: number,
  tell: Tell,
): Promise<{ runs: number[]; trades: number }> {
  const args = part === 'matching' ? ['bench-match.mjs', './engine-b.mjs'] : ['bench-r.mjs'];
  const environment = { STAGE: '5', TOUCH: '64', MONEY: 'limb' };
  const output = await runNode(['--expose-gc', ...args, file, String(runs)], tell, { folder, environment });
  const lines = output.trim().split('\n');
  const verified = JSON.parse(lines[0]?.replace(/^verify /, '') ?? '') as { trades: number };
  const { ns } = JSON.parse(lines.at(-1) ?? '') as { ns: number[] };
  tell(`sketch of ${part}: ${ns.map((time) => `${time} ns`).join(', ')}`);
  return { runs: ns, trades: verified.trades };
}

/** The runs of a sketch against our median. */
export function sketchSeries(runs: readonly number[], ourNsPerOp: number): SketchSeries {
  const middle = median(runs);
  return {
    nsPerOp: rounded(middle, 1),
    best: rounded(Math.min(...runs), 1),
    runs,
    ratio: rounded(ourNsPerOp / middle, 2),
  };
}
