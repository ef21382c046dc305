/**
 * A guard's listening done by another thread over shared memory: it moves the images of orders, accounts and positions while the
 * exchange's thread applies the next commands, and may be a batch behind. The exchange's thread waits where the guard compares,
 * tells or judges what was moved (a tick, money that is asked for, the end of the next batch, a block's end), and takes in itself
 * what traders do not do at rate, and what the other thread has not begun when it is waited for; so whatever the guard says is the same, at the same place, as without it.
 */
import { setTimeout } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { POSITION } from '../engine/tables.ts';
import type { Known } from '../guard/known.ts';
import { endRun, hearEvents, hearRun, plainTo } from '../guard/listener.ts';
import type { Listening } from '../guard/listening.ts';
import type { Room } from '../guard/room.ts';
import { ListeningExchange, ListeningThreadFailed, type ListeningTimes } from './listening-exchange.ts';
import { hearPiece } from './listening-piece.ts';
import type { ListeningAnswer, ListeningMessage } from './listening-message.ts';

/** Fewer events than this are taken in at once where they are: handing them over costs more. */
const FEWEST = 64;
/** Events that there is room for at least when the images grow: many pieces. */
const AT_ONCE = 65_536;
/** Room for records in an event buffer from the start: more than a batch of 4,096 orders tells. */
const RECORDS = 16_384;

export class ThreadedListening implements Listening {
  readonly room: Room = {
    take: (bytes) => {
      this.isMoved = true;
      return new SharedArrayBuffer(bytes);
    },
  };
  private readonly exchange: ListeningExchange;
  private readonly port: MessagePort;
  private readonly thread: Worker;
  private readonly isEager: boolean;
  private readonly takesBack: boolean;
  /** Event buffers by the numbers that the other thread knows them by. */
  private readonly events: Float64Array[] = [];
  private readonly buffers = new WeakMap<ArrayBufferLike, SentBuffer>();
  /** The last batch that pieces were sent of, and how many had been sent before. */
  private latest = { batch: -1, before: 0 };
  private messages = 0;
  private answers = 0;
  /** An image grew since its memory was sent. */
  private isMoved = true;
  /** The most records and kept rows that there can be once all that was sent is done. */
  private records = 0;
  private kept = 0;

  /**
   * `isEager`: hands over whatever can be, also where nothing is won by it. `takesBack`: takes in itself what the other thread has not
   * begun when it is waited for.
   */
  constructor(isEager = false, takesBack = !isEager) {
    this.isEager = isEager;
    this.takesBack = takesBack;
    this.exchange = new ListeningExchange(takesBack);
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.port.unref();
    const file = new URL('./listening-thread.ts', import.meta.url);
    const workerData = { memory: this.exchange.memory, port: port2 };
    this.thread = new Worker(file, { workerData, transferList: [port2] });
    this.thread.unref();
  }

  hear(known: Known, state: State, from: number, isPart: boolean): void {
    const { events } = state;
    if (!known.image.isThere) return hearEvents(known, state, from, isPart);
    share(events);
    const plain = plainTo(events.values, from, events.count);
    let next = from;
    if (this.isWorthIt(plain - from)) {
      this.send(known, state, from, plain);
      next = plain;
    }
    if (next < events.count) {
      this.awaitAll(known);
      known.image.linkPositions(state);
      hearRun(known, state, events.values, next, events.count);
    }
    if (isPart) return;
    // A tick is taken over as the state has it now, and the trades before it stand in the same rows.
    if (known.inputs.isTicked) this.awaitAll(known);
    endRun(known, state);
  }

  awaitBefore(known: Known, batch: number): void {
    const { latest, exchange } = this;
    this.awaitPieces(known, latest.batch === batch ? latest.before : exchange.sentPieces);
  }

  awaitAll(known: Known): void {
    const { exchange } = this;
    if (!exchange.isBusy) return;
    this.awaitPieces(known, exchange.sentPieces);
    exchange.settle();
    known.readScalars(exchange.scalars);
  }

  awaitBuffer(known: Known, events: EventBuffer, batch: number): void {
    const sent = this.buffers.get(events.values.buffer);
    if (sent !== undefined && sent.batch !== batch) this.awaitPieces(known, sent.pieces);
  }

  /** Waits until so many pieces are done, and takes what was found in them. */
  private awaitPieces(known: Known, pieces: number): void {
    const { exchange } = this;
    if (!exchange.isBusy) return;
    if (this.takesBack) this.takeBack(known, pieces);
    const isDone = exchange.wait(pieces);
    this.takeAnswers(known);
    if (!isDone) throw new ListeningThreadFailed('it said no more');
  }

  /** Takes in itself what of so many pieces the other thread has not begun. */
  private takeBack(known: Known, pieces: number): void {
    const { exchange } = this;
    while (!exchange.isDone(pieces)) {
      const piece = exchange.begin();
      if (piece === undefined) {
        // The other thread is at one.
        if (!exchange.waitForBegun()) return;
        continue;
      }
      // What was found before it comes before it.
      this.takeAnswers(known);
      hearPiece(known, exchange, piece, this.events[piece.events] as Float64Array);
      exchange.finishOwn();
    }
  }

  /** What listening took so far: for whoever measures. */
  get times(): ListeningTimes {
    return this.exchange.times;
  }

  /** Waits until the thread is there: a tenth of a second, in which what was sent would be waited for. */
  async whenReady(): Promise<void> {
    while (!this.exchange.isReady) await setTimeout(1);
  }

  /** Ends the thread; what was sent and is not done is lost. */
  async close(): Promise<void> {
    this.port.close();
    await this.thread.terminate();
  }

  /** Handing over pays unless there is little, and nothing before it to wait for. */
  private isWorthIt(events: number): boolean {
    const { exchange } = this;
    if (this.isEager) return events > 0;
    if (events >= FEWEST) return true;
    return events > 0 && exchange.isBusy && !exchange.isDone(exchange.sentPieces);
  }

  private send(known: Known, state: State, from: number, to: number): void {
    const { exchange } = this;
    const { image } = known;
    const row = image.position.rows;
    const positions = state.position.rows - row;
    if (!exchange.hasRoom(positions) || !this.hasSpace(known, state, to - from)) {
      this.awaitAll(known);
      this.makeSpace(known, state, Math.max(to - from, AT_ONCE));
      if (!exchange.hasRoom(positions)) {
        image.linkPositions(state);
        return this.send(known, state, from, to);
      }
    }
    if (!exchange.isBusy) {
      known.writeScalars(exchange.scalars);
      this.records = known.log.count;
      this.kept = image.nextKept - image.firstKept;
    }
    if (this.isMoved) {
      this.isMoved = false;
      this.tell({ images: known.buffers() });
    }
    const link = this.link(state, row);
    image.position.rows = state.position.rows;
    this.records += to - from;
    this.kept += KEPT_OF_EVENT * (to - from);
    const buffer = this.bufferOf(state.events);
    const { batch } = known.orders;
    if (this.latest.batch !== batch) this.latest = { batch, before: exchange.sentPieces };
    exchange.send({ events: buffer.number, message: this.messages, from, to, row, positions, link, batch });
    buffer.batch = batch;
    buffer.pieces = exchange.sentPieces;
  }

  /** Writes down the positions from row `from` on; returns where the first stands. */
  private link({ position: { i32, rows } }: State, from: number): number {
    let first = 0;
    for (let row = from; row < rows; row++) {
      const at = this.exchange.link(
        i32[row * 32 + POSITION.ACCOUNT] as number,
        i32[row * 32 + POSITION.MARKET] as number,
      );
      if (row === from) first = at;
    }
    return first;
  }

  /** True when the images have room for all that so many events can bring, behind what is on its way. */
  private hasSpace(known: Known, state: State, events: number): boolean {
    const { image, log, orders } = known;
    const busy = this.exchange.isBusy;
    const records = (busy ? this.records : log.count) + events;
    const kept = (busy ? this.kept : image.nextKept - image.firstKept) + KEPT_OF_EVENT * events;
    return (
      orders.hasRoom(state.order.rows) &&
      image.hasRoom(state) &&
      records * EVENT_FLOATS <= log.values.length &&
      kept * 32 <= image.kept.bytes.length
    );
  }

  private makeSpace(known: Known, state: State, events: number): void {
    const { image, log, orders } = known;
    orders.reserve(state.order.rows);
    image.reserve(state);
    log.reserve(log.count + events);
    image.reserveKept(KEPT_OF_EVENT * events);
  }

  /** Takes what was found so far; of later batches perhaps as well, which wait for their turn. */
  private takeAnswers(known: Known): void {
    for (; this.answers < this.exchange.answers; this.answers++) {
      const answer = this.answer();
      if (answer.failure !== undefined) throw new ListeningThreadFailed(answer.failure);
      known.orders.addViolations(answer.violations);
      known.advance.addWrong(answer.wrong);
    }
  }

  private answer(): ListeningAnswer {
    for (;;) {
      const next = receiveMessageOnPort(this.port) as { readonly message: ListeningAnswer } | undefined;
      if (next !== undefined) return next.message;
    }
  }

  private tell(message: ListeningMessage): void {
    this.port.postMessage(message);
    this.messages++;
  }

  /** What the other thread knows an event buffer by. */
  private bufferOf({ values }: EventBuffer): SentBuffer {
    const { buffer } = values;
    let sent = this.buffers.get(buffer);
    if (sent === undefined) {
      sent = { number: this.events.length, batch: -1, pieces: 0 };
      this.events.push(values);
      this.buffers.set(buffer, sent);
      this.tell({ events: buffer as SharedArrayBuffer, number: sent.number });
    }
    return sent;
  }
}

/** An event buffer that the other thread was told of. */
interface SentBuffer {
  readonly number: number;
  /** The last batch whose events in it were handed over, and how many pieces had been sent then. */
  batch: number;
  pieces: number;
}

/** What one event can make the image keep: two accounts, two positions and the fee account. */
const KEPT_OF_EVENT = 5;

/** Puts the events into memory that another thread can read. */
function share(events: EventBuffer): void {
  const { values } = events;
  if (values.buffer instanceof SharedArrayBuffer) return;
  const floats = Math.max(values.length, RECORDS * EVENT_FLOATS);
  const shared = new Float64Array(new SharedArrayBuffer(floats * 8));
  shared.set(values.subarray(0, events.count * EVENT_FLOATS));
  events.values = shared;
}
