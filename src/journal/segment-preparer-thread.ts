/** The thread of `segment-preparer.ts`: writes one file of zeros for each message. */
import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { writeZeros } from './zero-file.ts';

const PREPARED = 2;
const FAILED = 3;
const control = new Int32Array(workerData as SharedArrayBuffer);

function prepare(path: string, bytes: number): number {
  try {
    const descriptor = openSync(path, 'w');
    try {
      writeZeros(descriptor, 0, bytes);
    } finally {
      closeSync(descriptor);
    }
    return PREPARED;
  } catch {
    return FAILED;
  }
}

parentPort?.on('message', ({ path, bytes }: { path: string; bytes: number }) => {
  Atomics.store(control, 0, prepare(path, bytes));
  Atomics.notify(control, 0);
});
