/** Prepares the next segment of a journal while the present one fills: a file of zeros, written by another thread. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PREPARED_NAME } from './segment-files.ts';

/** What the two threads share: the state of the file, and 1 while it is waited for. */
export const PREPARER_WORD = { STATE: 0, IS_AWAITED: 1 } as const;
export const PREPARER_STATE = { IDLE: 0, REQUESTED: 1, PREPARED: 2, FAILED: 3 } as const;
const { STATE, IS_AWAITED } = PREPARER_WORD;
/** Longest wait for a file that was requested; then the segment is made without it. */
const WAIT_MS = 10_000;

export class SegmentPreparer {
  private readonly path: string;
  private readonly bytes: number;
  private readonly control = new Int32Array(new SharedArrayBuffer(8));
  private thread: Worker | undefined;

  constructor(folder: string, bytes: number) {
    this.path = join(folder, PREPARED_NAME);
    this.bytes = bytes;
  }

  /** Begins to prepare a file, unless one is being prepared or ready. */
  request(): void {
    if (Atomics.load(this.control, STATE) !== PREPARER_STATE.IDLE) return;
    if (this.thread === undefined) {
      const file = new URL('./segment-preparer-thread.ts', import.meta.url);
      this.thread = new Worker(file, { workerData: this.control.buffer });
      this.thread.unref();
    }
    Atomics.store(this.control, STATE, PREPARER_STATE.REQUESTED);
    this.thread.postMessage({ path: this.path, bytes: this.bytes });
  }

  /** Gives the prepared file the name `path`; waits for it when it is being prepared. False when there is none. */
  take(path: string): boolean {
    const state = this.settledState();
    if (state === PREPARER_STATE.PREPARED) renameSync(this.path, path);
    if (state !== PREPARER_STATE.REQUESTED) Atomics.store(this.control, STATE, PREPARER_STATE.IDLE);
    return state === PREPARER_STATE.PREPARED;
  }

  /** The state once it is not `REQUESTED` any more, or after the longest wait. */
  private settledState(): number {
    Atomics.store(this.control, IS_AWAITED, 1);
    Atomics.notify(this.control, IS_AWAITED);
    Atomics.wait(this.control, STATE, PREPARER_STATE.REQUESTED, WAIT_MS);
    Atomics.store(this.control, IS_AWAITED, 0);
    return Atomics.load(this.control, STATE);
  }

  /** Ends the thread. What it prepared stays in its file. */
  async close(): Promise<void> {
    await this.thread?.terminate();
  }
}
