/** A thread that runs jobs of a matrix, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { faultsOf } from './faults-of.ts';
import type { Fault } from './fault.ts';
import type { JobAnswer, JobResult, MatrixJob, WorkerStart } from './matrix-job.ts';
import { mutation } from './mutation.ts';
import { Worlds } from './worlds.ts';

const { seed, faultFile, database } = workerData as WorkerStart;
const faults = await faultsOf(faultFile);
const worlds = new Worlds(seed, database);

function faultOf(what: MatrixJob['what']): Fault | undefined {
  if ('control' in what || 'rows' in what) return undefined;
  if ('mutation' in what) return mutation(what.mutation);
  return faults.find(({ id }) => id === what.case);
}

async function resultOf({ regime, phase, half, isStored, what }: MatrixJob): Promise<JobResult> {
  try {
    if ('rows' in what) return { rows: await worlds.mutatedRows(regime, phase, what.rows) };
    const fault = faultOf(what);
    if (isStored && half === 'guarded') return { guarded: await worlds.guardedStart(regime, phase, fault as Fault) };
    if (isStored) return { harm: await worlds.unguardedStart(regime, phase, fault as Fault) };
    if ('mutation' in what) return { guarded: worlds.mutated(regime, phase, fault as Fault) };
    if (half === 'guarded') return { guarded: worlds.guarded(regime, phase, fault) };
    return { harm: worlds.unguarded(regime, phase, fault as Fault) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on('message', (asked: MatrixJob | 'end') => {
  if (asked === 'end') void worlds.close().then(() => parentPort?.close());
  else
    void resultOf(asked).then((result) =>
      parentPort?.postMessage({ number: asked.number, result } satisfies JobAnswer),
    );
});
