/** Runs the jobs of a matrix on several threads; one that hangs is ended with its thread, and known by name. */
import { Worker } from 'node:worker_threads';
import type { JobAnswer, JobResult, MatrixJob, WorkerStart } from './matrix-job.ts';

/** A job that takes longer hangs: without a guard the slowest take half a second, with it three, on a machine that does nothing else. */
const HANGS_MS = { unguarded: 20_000, guarded: 60_000 } as const;
/** Databases take their time, and the first job of a thread makes them. */
const STORED_HANGS_MS = 300_000;
/** How long a thread may take to remove its databases. */
const END_MS = 30_000;

/** Runs jobs, each told to `onResult` (undefined: it hangs) as it comes, in no order. Throws what a worker cannot start for. */
export async function runJobs(
  jobs: readonly MatrixJob[],
  start: WorkerStart,
  threads: number,
  onResult: (job: MatrixJob, result: JobResult | undefined) => void,
): Promise<void> {
  let next = 0;
  const running = new Set<Thread>();
  const begin = (): Thread => {
    const thread = new Thread(start);
    running.add(thread);
    return thread;
  };
  const end = async (thread: Thread | undefined, isHanging: boolean): Promise<void> => {
    if (thread === undefined) return;
    running.delete(thread);
    await thread.end(isHanging);
  };
  const lane = async (): Promise<void> => {
    let thread: Thread | undefined;
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      thread ??= begin();
      const result = await thread.run(job);
      onResult(job, result);
      if (result !== undefined) continue;
      await end(thread, true);
      thread = undefined;
    }
    await end(thread, false);
  };
  try {
    await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, lane));
  } finally {
    // What failed on one thread ends all: none keeps the process alive.
    next = jobs.length;
    await Promise.all([...running].map((thread) => end(thread, false)));
  }
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
        worker.off('exit', onExit);
        then();
      };
      const timer = setTimeout(
        () => done(() => resolve(undefined)),
        job.isStored ? STORED_HANGS_MS : HANGS_MS[job.half],
      );
      const onMessage = ({ result }: JobAnswer): void => done(() => resolve(result));
      const onError = (error: Error & { code?: string }): void =>
        done(() => (error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve(undefined) : reject(error)));
      // Ended from elsewhere: what it was to say, nobody waits for.
      const onExit = (): void => done(() => resolve(undefined));
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.once('exit', onExit);
      worker.postMessage(job);
    });
  }

  /** Ends it: one that does not hang has removed its databases before. */
  async end(isHanging: boolean): Promise<void> {
    const { worker } = this;
    if (worker.threadId < 0) return;
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    if (!isHanging) worker.postMessage('end');
    const limit = setTimeout(() => void worker.terminate(), isHanging ? 0 : END_MS);
    await gone;
    clearTimeout(limit);
  }
}
