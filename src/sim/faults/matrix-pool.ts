/** Runs the jobs of a matrix on several threads; one that hangs is ended with its thread, and known by name. */
import { Worker } from 'node:worker_threads';
import type { JobAnswer, JobResult, MatrixJob, WorkerStart } from './matrix-job.ts';

/** A job whose thread works longer hangs: without a guard the slowest take half a second of a processor, with it three. */
const WORKED_MS = { unguarded: 20_000, guarded: 60_000 } as const;
/** One that waits for a database, or for its turn on a processor, may take its time: then it hangs too. */
const WAITED_MS = 900_000;
const LOOK_MS = 2000;
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
        clearInterval(timer);
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
        then();
      };
      const beganMs = performance.now();
      const before = worker.cpuUsage().catch(() => ({ user: 0, system: 0 }));
      const look = async (): Promise<void> => {
        if (performance.now() - beganMs > WAITED_MS) return done(() => resolve(undefined));
        const { user, system } = await worker.cpuUsage(await before);
        if ((user + system) / 1000 > WORKED_MS[job.half]) done(() => resolve(undefined));
      };
      // A thread that has ended is told of otherwise.
      const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
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
