/** Prepares the next segment of a journal while the present one fills: a file of zeros, written by another thread. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PREPARED_NAME } from './segment-files.ts';

const STATE = { IDLE: 0, REQUESTED: 1, PREPARED: 2, FAILED: 3 } as const;
/** Longest wait for a file that was requested; then the segment is made without it. */
const WAIT_MS = 10_000;

export class SegmentPreparer {
  private readonly path: string;
  private readonly bytes: number;
  private readonly control = new Int32Array(new SharedArrayBuffer(4));
  private thread: Worker | undefined;

  constructor(folder: string, bytes: number) {
    this.path = join(folder, PREPARED_NAME);
    this.bytes = bytes;
  }

  /** Begins to prepare a file, unless one is being prepared or ready. */
  request(): void {
    if (Atomics.load(this.control, 0) !== STATE.IDLE) return;
    if (this.thread === undefined) {
      const file = new URL('./segment-preparer-thread.ts', import.meta.url);
      this.thread = new Worker(file, { workerData: this.control.buffer });
      this.thread.unref();
    }
    Atomics.store(this.control, 0, STATE.REQUESTED);
    this.thread.postMessage({ path: this.path, bytes: this.bytes });
  }

  /** Gives the prepared file the name `path`; waits for it when it is being prepared. False when there is none. */
  take(path: string): boolean {
    Atomics.wait(this.control, 0, STATE.REQUESTED, WAIT_MS);
    const state = Atomics.load(this.control, 0);
    if (state === STATE.FAILED) Atomics.store(this.control, 0, STATE.IDLE);
    if (state !== STATE.PREPARED) return false;
    renameSync(this.path, path);
    Atomics.store(this.control, 0, STATE.IDLE);
    return true;
  }

  /** Ends the thread. What it prepared stays in its file. */
  async close(): Promise<void> {
    await this.thread?.terminate();
  }
}
