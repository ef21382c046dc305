/** The thread of `segment-preparer.ts`: writes one file of zeros for each message. */
import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PREPARER_STATE, PREPARER_WORD } from './segment-preparer.ts';
import { writeZeros } from './zero-file.ts';

/** Rest between two parts, so that the disk is the journal's most of the time. */
const REST_MS = 1;

const control = new Int32Array(workerData as SharedArrayBuffer);

/** Rests until the time is over or the file is waited for. */
function rest(): void {
  Atomics.wait(control, PREPARER_WORD.IS_AWAITED, 0, REST_MS);
}

function prepare(path: string, bytes: number): number {
  try {
    const descriptor = openSync(path, 'w');
    try {
      writeZeros(descriptor, 0, bytes, rest);
    } finally {
      closeSync(descriptor);
    }
    return PREPARER_STATE.PREPARED;
  } catch {
    return PREPARER_STATE.FAILED;
  }
}

parentPort?.on('message', ({ path, bytes }: { path: string; bytes: number }) => {
  Atomics.store(control, PREPARER_WORD.STATE, prepare(path, bytes));
  Atomics.notify(control, PREPARER_WORD.STATE);
});
