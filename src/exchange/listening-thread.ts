/** The thread of `threaded-listening.ts`: takes in what traders do at rate, until it is ended. */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Known } from '../guard/known.ts';
import { ListeningExchange, type Piece } from './listening-exchange.ts';
import { hearPiece } from './listening-piece.ts';
import type { ListeningAnswer, ListeningMessage } from './listening-message.ts';

const { memory, port } = workerData as { readonly memory: SharedArrayBuffer; readonly port: MessagePort };
const exchange = new ListeningExchange(false, memory);
const known = new Known();
const buffers = new Map<number, Float64Array>();
let received = 0;

/** Takes the messages up to number `message`: they were sent before the piece that names it. */
function takeMessages(message: number): void {
  while (received < message) {
    const next = receiveMessageOnPort(port) as { readonly message: ListeningMessage } | undefined;
    if (next === undefined) continue;
    received++;
    if ('images' in next.message) known.adoptBuffers(next.message.images);
    else buffers.set(next.message.number, new Float64Array(next.message.events));
  }
}

function takeIn(piece: Piece): void {
  takeMessages(piece.message);
  hearPiece(known, exchange, piece, buffers.get(piece.events) as Float64Array);
  const violations = known.orders.takeViolations();
  const wrong = known.advance.takeWrong();
  if (violations.length + wrong.length === 0) return;
  port.postMessage({ violations, wrong } satisfies ListeningAnswer);
  exchange.answered();
}

try {
  exchange.ready();
  for (;;) {
    takeIn(exchange.receive());
    exchange.finish();
  }
} catch (error) {
  const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  port.postMessage({ violations: [], wrong: [], failure } satisfies ListeningAnswer);
  exchange.fail();
}
