/** One piece of events, taken in by whichever thread began it. */
import type { Known } from '../guard/known.ts';
import { hearRun } from '../guard/listener.ts';
import type { ListeningExchange, Piece } from './listening-exchange.ts';

/** Moves the images by a piece, whose events stand in `values`; the numbers that go with the images are read and written where both threads see them. */
export function hearPiece(known: Known, exchange: ListeningExchange, piece: Piece, values: Float64Array): void {
  const { from, to, row, positions, link, batch } = piece;
  known.readScalars(exchange.scalars);
  for (let n = 0; n < positions; n++) known.image.link(row + n, ...exchange.linkAt(link + n));
  const { orders } = known;
  const before = orders.batch;
  orders.batch = batch;
  hearRun(known, undefined, values, from, to);
  orders.batch = before;
  known.writeScalars(exchange.scalars);
}
