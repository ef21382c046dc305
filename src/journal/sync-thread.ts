/** The thread of `background-sync.ts`: makes a file durable for each request, until it is ended. */
import { fdatasyncSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { SyncExchange } from './sync-exchange.ts';

const exchange = new SyncExchange(workerData as SharedArrayBuffer);
for (;;) {
  const descriptor = exchange.receive();
  let failure = '';
  try {
    fdatasyncSync(descriptor);
  } catch (error) {
    failure = String(error);
  }
  exchange.answer(failure);
}
