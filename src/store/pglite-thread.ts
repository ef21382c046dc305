/** The thread of an embedded database: it runs statements in the order in which they come, so that no other thread is held up. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { INT8, NUMERIC, wholeNumberOf } from './database.ts';
import type { PgliteAnswer, PgliteRequest } from './pglite-message.ts';

const port = parentPort as NonNullable<typeof parentPort>;
const database = await PGlite.create(workerData as string, {
  parsers: { [INT8]: wholeNumberOf, [NUMERIC]: (digits) => digits },
});
port.postMessage({ id: 0, rows: [] } satisfies PgliteAnswer);

// One after the other: the answers come in the order of the requests.
let last: Promise<void> = Promise.resolve();
port.on('message', (request: PgliteRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: PgliteRequest): Promise<void> {
  try {
    const rows = await run(request);
    port.postMessage({ id: request.id, rows } satisfies PgliteAnswer);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    port.postMessage({ id: request.id, failed: String(error instanceof Error ? error.message : error), code });
  }
  if (request.kind === 'close') port.close();
}

async function run(request: PgliteRequest): Promise<object[]> {
  switch (request.kind) {
    case 'query': {
      // Statements without parameters may be several at once, as in a migration.
      if (request.parameters.length === 0) return ((await database.exec(request.text)).at(-1)?.rows ?? []) as object[];
      return (await database.query<object>(request.text, request.parameters)).rows;
    }
    case 'copy':
      await database.query(request.text, [], { blob: new Blob(request.lines as Uint8Array<ArrayBuffer>[]) });
      return [];
    case 'close':
      await database.close();
      return [];
  }
}
