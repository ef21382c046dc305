/**
 * A guard's listening done by another thread over shared memory: it moves the images of orders, accounts and positions while the
 * exchange's thread applies the next commands. At the end of each run (a tick, a batch) the exchange's thread waits until all of it
 * is taken in, and takes in itself what traders do not do at rate; so whatever the guard compares, tells or judges is the same,
 * at the same place, as without it.
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
import { ListeningExchange, ListeningThreadFailed } from './listening-exchange.ts';
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
  private readonly exchange = new ListeningExchange();
  private readonly port: MessagePort;
  private readonly thread: Worker;
  private readonly isEager: boolean;
  private readonly buffers = new WeakMap<ArrayBufferLike, number>();
  private buffersSent = 0;
  private messages = 0;
  private answers = 0;
  /** An image grew since its memory was sent. */
  private isMoved = true;
  /** The most records and kept rows that there can be once all that was sent is done. */
  private records = 0;
  private kept = 0;

  /** `isEager`: hands over whatever can be, also where nothing is won by it. */
  constructor(isEager = false) {
    this.isEager = isEager;
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
    if (this.isWorthIt(plain - from, isPart)) {
      this.send(known, state, from, plain);
      next = plain;
    }
    if (isPart && next === events.count) return;
    this.settle(known);
    known.image.linkPositions(state);
    hearRun(known, state, events.values, next, events.count);
    if (!isPart) endRun(known, state);
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

  /** Handing over pays where this thread has something else to do meanwhile: more commands of the run, or a wait for those before. */
  private isWorthIt(events: number, isPart: boolean): boolean {
    if (this.isEager) return events > 0;
    return events >= FEWEST && (isPart || this.exchange.isBusy);
  }

  private send(known: Known, state: State, from: number, to: number): void {
    const { exchange } = this;
    const { image } = known;
    const row = image.position.rows;
    const positions = state.position.rows - row;
    if (!exchange.hasRoom(positions) || !this.hasSpace(known, state, to - from)) {
      this.settle(known);
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
    const events = this.numberOf(state.events);
    exchange.send({ events, message: this.messages, from, to, row, positions, link });
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

  /** Waits until all that was sent is done; the images are this thread's again. */
  private settle(known: Known): void {
    const { exchange } = this;
    if (!exchange.isBusy) return;
    const isDone = exchange.settle();
    for (; this.answers < exchange.answers; this.answers++) {
      const answer = this.answer();
      if (answer.failure !== undefined) throw new ListeningThreadFailed(answer.failure);
      known.orders.addViolations(answer.violations);
      known.advance.addWrong(answer.wrong);
    }
    if (!isDone) throw new ListeningThreadFailed('it said no more');
    known.readScalars(exchange.scalars);
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

  /** The number by which the other thread knows an event buffer. */
  private numberOf({ values: { buffer } }: EventBuffer): number {
    let number = this.buffers.get(buffer);
    if (number === undefined) {
      number = this.buffersSent++;
      this.buffers.set(buffer, number);
      this.tell({ events: buffer as SharedArrayBuffer, number });
    }
    return number;
  }
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
