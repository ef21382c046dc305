/** Runs the jobs of a matrix on several threads; one that hangs is ended with its thread, and known by name. */
import { Worker } from 'node:worker_threads';
import type { JobAnswer, JobResult, MatrixJob, WorkerStart } from './matrix-job.ts';

/** A job that takes longer hangs: the slowest take about a second on a loaded machine. */
const HANGS_MS = 30_000;

/** Runs jobs, each told to `onResult` (undefined: it hangs) as it comes, in no order. Throws what a worker cannot start for. */
export async function runJobs(
  jobs: readonly MatrixJob[],
  start: WorkerStart,
  threads: number,
  onResult: (job: MatrixJob, result: JobResult | undefined) => void,
): Promise<void> {
  let next = 0;
  const take = (): MatrixJob | undefined => jobs[next++];
  const lane = async (): Promise<void> => {
    let thread: Thread | undefined;
    for (let job = take(); job !== undefined; job = take()) {
      thread ??= new Thread(start);
      const result = await thread.run(job);
      onResult(job, result);
      if (result !== undefined) continue;
      await thread.end();
      thread = undefined;
    }
    await thread?.end();
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, lane));
}

class Thread {
  private readonly worker: Worker;

  constructor(start: WorkerStart) {
    this.worker = new Worker(new URL('./matrix-worker.ts', import.meta.url), { workerData: start });
  }

  /** What came of a job; undefined when it hangs. Throws what the thread died of. */
  run(job: MatrixJob): Promise<JobResult | undefined> {
    const { worker } = this;
    return new Promise((resolve, reject) => {
      const done = (then: () => void): void => {
        clearTimeout(timer);
        worker.off('message', onMessage);
        worker.off('error', onError);
        then();
      };
      const timer = setTimeout(() => done(() => resolve(undefined)), HANGS_MS);
      const onMessage = ({ result }: JobAnswer): void => done(() => resolve(result));
      const onError = (error: Error): void => done(() => reject(error));
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.postMessage(job);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
