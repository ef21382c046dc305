/** The thread of `threaded-roots.ts`: unpacks parcels into its tree and answers with roots, until it is ended. */
import { workerData } from 'node:worker_threads';
import { StateTree } from '../chain/state-tree.ts';
import { sha256 } from './node-digest.ts';
import { RootExchange } from './root-exchange.ts';

const exchange = new RootExchange(workerData as SharedArrayBuffer);
try {
  const tree = new StateTree(sha256);
  for (;;) {
    const parcel = exchange.receive();
    const { isLast } = parcel;
    parcel.unpack(tree);
    exchange.release();
    if (isLast) exchange.answer(tree.roots());
  }
} catch (error) {
  exchange.fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
