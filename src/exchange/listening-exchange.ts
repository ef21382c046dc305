/// <reference lib="esnext.sharedmemory" />
/**
 * The memory that the exchange's thread shares with the one that listens for its guard: what to take in, in order, where new positions
 * stand, and the numbers that go with the images. A piece is taken in by whoever begins it first, the ones before it being done; most
 * are by the listening thread, and what it has not begun when the exchange's thread must wait for it, that one takes in itself: a
 * processor that is busy with other work costs no more than one thread alone would.
 */
import { SCALARS } from '../guard/known.ts';

const COUNTER = {
  /** Pieces sent, by the exchange's thread; 1 while it sleeps until one is done. */
  SENT: 0,
  WAITS: 1,
  /** Pieces done, and pieces begun: one more, while one of the sides takes it in. */
  DONE: 16,
  BEGUN: 17,
  /** 1 while the listening thread sleeps until it is woken; 1 once it failed. */
  SLEEPS: 18,
  FAILED: 19,
  /** Answers that the listening thread sent. */
  ANSWERS: 20,
  /** 1 once it is there. */
  READY: 21,
} as const;
const CONTROL_WORDS = 32;
/** Pieces on their way at most, a power of two, and the words of one. */
const PIECES = 64;
const PIECE_WORDS = 8;
/** New positions on their way at most. */
const LINKS = 1 << 16;
const SCALARS_AT = CONTROL_WORDS * 4;
/** Milliseconds in which the listening thread took in pieces. */
const BUSY_AT = SCALARS_AT + 64;
const PIECES_AT = SCALARS_AT + 128;
const LINKS_AT = PIECES_AT + PIECES * PIECE_WORDS * 4;
const BYTES = LINKS_AT + LINKS * 8;

/**
 * Each side looks for news so long before it sleeps. The listening thread looks a short while only, since a processor that looks is
 * taken from whoever else wants it: to wake it costs 3 µs, and it is woken for several pieces at once.
 */
const LISTENING_LOOK_MS = 0.1;
const EXCHANGE_LOOK_MS = 0.5;
/** Where the exchange's thread takes pieces back, it wakes the other one only for so many: a few it takes in sooner itself. */
const WORTH_WAKING = 4;
const LOOKS = 256;
/** Longest wait for a piece. */
const WAIT_MS = 60_000;

/** Events to take in. */
export interface Piece {
  /** Number of the event buffer, and of the last message that must have come before. */
  readonly events: number;
  readonly message: number;
  /** Number of the first event, and of the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Row of the first new position, how many there are, and where the first stands among the links. */
  readonly row: number;
  readonly positions: number;
  readonly link: number;
  /** Number of the batch. */
  readonly batch: number;
}

/** What listening took so far. */
export interface ListeningTimes {
  /** Milliseconds in which pieces were taken in, by the listening thread and by the exchange's. */
  readonly busyMs: number;
  readonly takenBackMs: number;
  /** Milliseconds in which the exchange's thread waited for the other one. */
  readonly waitedMs: number;
}

/** The thread that listens for the guard failed, or gave no sign for a minute: nothing can be judged. */
export class ListeningThreadFailed extends Error {
  constructor(why: string) {
    super(`the thread that listens for the guard failed: ${why}`);
    this.name = 'ListeningThreadFailed';
  }
}

export class ListeningExchange {
  readonly memory: SharedArrayBuffer;
  readonly scalars: Float64Array;
  private readonly control: Int32Array;
  private readonly pieces: Int32Array;
  private readonly links: Int32Array;
  private sent = 0;
  private settled = 0;
  private linked = 0;
  private readonly wakesAt: number;
  private readonly busy: Float64Array;
  private begunMs = 0;
  private ownBusyMs = 0;
  private waitedMs = 0;

  /** `takesBack`: the exchange's thread takes in what was not begun when it waits for it. */
  constructor(takesBack: boolean, memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.wakesAt = takesBack ? WORTH_WAKING : 1;
    this.memory = memory;
    this.control = new Int32Array(memory, 0, CONTROL_WORDS);
    this.scalars = new Float64Array(memory, SCALARS_AT, SCALARS);
    this.busy = new Float64Array(memory, BUSY_AT, 1);
    this.pieces = new Int32Array(memory, PIECES_AT, PIECES * PIECE_WORDS);
    this.links = new Int32Array(memory, LINKS_AT, LINKS * 2);
  }

  /** Exchange's thread: true until `settle` after a piece was sent. */
  get isBusy(): boolean {
    return this.sent !== this.settled;
  }

  /** Exchange's thread: how many pieces were sent so far, for `isDone` and `wait`. */
  get sentPieces(): number {
    return this.sent;
  }

  /** Exchange's thread: true when so many pieces are done. */
  isDone(pieces: number): boolean {
    return ((Atomics.load(this.control, COUNTER.DONE) - pieces) | 0) >= 0;
  }

  /** Exchange's thread: room for one more piece with so many new positions, without waiting. */
  hasRoom(positions: number): boolean {
    return this.isDone((this.sent - PIECES + 1) | 0) && this.linked + positions <= LINKS;
  }

  /** Exchange's thread: writes down a new position; returns where. */
  link(account: number, market: number): number {
    const at = this.linked++;
    this.links[at * 2] = account;
    this.links[at * 2 + 1] = market;
    return at;
  }

  /** Exchange's thread: sends a piece. */
  send({ events, message, from, to, row, positions, link, batch }: Piece): void {
    const at = (this.sent & (PIECES - 1)) * PIECE_WORDS;
    const { pieces } = this;
    pieces[at] = events;
    pieces[at + 1] = message;
    pieces[at + 2] = from;
    pieces[at + 3] = to;
    pieces[at + 4] = row;
    pieces[at + 5] = positions;
    pieces[at + 6] = link;
    pieces[at + 7] = batch;
    this.sent = (this.sent + 1) | 0;
    Atomics.store(this.control, COUNTER.SENT, this.sent);
    if (this.isDone((this.sent - this.wakesAt + 1) | 0)) return;
    // It is woken once: it says anew when it sleeps again.
    if (Atomics.compareExchange(this.control, COUNTER.SLEEPS, 1, 0) === 1) Atomics.notify(this.control, COUNTER.SENT);
  }

  /** Exchange's thread: all that was sent is done, and what stands beside the pieces may be written anew. */
  settle(): void {
    this.settled = this.sent;
    this.linked = 0;
  }

  /** Exchange's thread: waits until so many pieces are done. Returns false when the other side failed. */
  wait(pieces: number): boolean {
    const { control } = this;
    if (this.isDone(pieces)) return Atomics.load(control, COUNTER.FAILED) === 0;
    const startedMs = performance.now();
    this.look(pieces);
    while (!this.isDone(pieces)) {
      const done = Atomics.load(control, COUNTER.DONE);
      if (Atomics.load(control, COUNTER.FAILED) === 1) return false;
      Atomics.store(control, COUNTER.WAITS, 1);
      const result = this.isDone(pieces) ? 'ok' : Atomics.wait(control, COUNTER.DONE, done, WAIT_MS);
      Atomics.store(control, COUNTER.WAITS, 0);
      if (result === 'timed-out') throw new ListeningThreadFailed(`no sign of it for ${WAIT_MS / 1000} s`);
    }
    this.waitedMs += performance.now() - startedMs;
    return Atomics.load(control, COUNTER.FAILED) === 0;
  }

  /** Exchange's thread: what listening took so far. */
  get times(): ListeningTimes {
    return { busyMs: this.busy[0] as number, takenBackMs: this.ownBusyMs, waitedMs: this.waitedMs };
  }

  /** Exchange's thread: waits until the piece that the other thread is at is done. Returns false when it failed. */
  waitForBegun(): boolean {
    return this.wait(Atomics.load(this.control, COUNTER.BEGUN));
  }

  /** Listening thread: it is there. */
  ready(): void {
    Atomics.store(this.control, COUNTER.READY, 1);
  }

  get isReady(): boolean {
    return Atomics.load(this.control, COUNTER.READY) === 1;
  }

  /** Listening thread: the next piece; waits for it as long as it takes. */
  receive(): Piece {
    const { control } = this;
    for (;;) {
      const piece = this.lookForNext();
      if (piece !== undefined) return piece;
      const sent = Atomics.load(control, COUNTER.SENT);
      Atomics.store(control, COUNTER.SLEEPS, 1);
      const last = this.begin();
      if (last === undefined) Atomics.wait(control, COUNTER.SENT, sent);
      Atomics.store(control, COUNTER.SLEEPS, 0);
      if (last !== undefined) return last;
    }
  }

  /** Either thread: begins the next piece, unless there is none or the other one is at the one before it. */
  begin(): Piece | undefined {
    const { control } = this;
    const next = Atomics.load(control, COUNTER.DONE);
    if (Atomics.load(control, COUNTER.BEGUN) !== next || Atomics.load(control, COUNTER.SENT) === next) return undefined;
    if (Atomics.compareExchange(control, COUNTER.BEGUN, next, (next + 1) | 0) !== next) return undefined;
    this.begunMs = performance.now();
    const at = (next & (PIECES - 1)) * PIECE_WORDS;
    const word = (n: number): number => this.pieces[at + n] as number;
    return {
      events: word(0),
      message: word(1),
      from: word(2),
      to: word(3),
      row: word(4),
      positions: word(5),
      link: word(6),
      batch: word(7),
    };
  }

  /** Looks for a while until so many pieces are done. */
  private look(pieces: number): void {
    const endMs = performance.now() + EXCHANGE_LOOK_MS;
    do {
      for (let looks = 0; looks < LOOKS; looks++) {
        if (this.isDone(pieces)) return;
        Atomics.pause();
      }
    } while (performance.now() <= endMs && Atomics.load(this.control, COUNTER.FAILED) === 0);
  }

  /** Looks for a while until there is a piece to begin. */
  private lookForNext(): Piece | undefined {
    const endMs = performance.now() + LISTENING_LOOK_MS;
    do {
      for (let looks = 0; looks < LOOKS; looks++) {
        const piece = this.begin();
        if (piece !== undefined) return piece;
        Atomics.pause();
      }
    } while (performance.now() <= endMs);
    return undefined;
  }

  /** Either thread: account and market of a new position. */
  linkAt(at: number): readonly [account: number, market: number] {
    return [this.links[at * 2] as number, this.links[at * 2 + 1] as number];
  }

  /** Listening thread: an answer was sent. */
  answered(): void {
    Atomics.store(this.control, COUNTER.ANSWERS, this.answers + 1);
  }

  /** How many answers were sent. */
  get answers(): number {
    return Atomics.load(this.control, COUNTER.ANSWERS);
  }

  /** Exchange's thread: the piece that it began is taken in. */
  finishOwn(): void {
    this.ownBusyMs += performance.now() - this.begunMs;
    Atomics.add(this.control, COUNTER.DONE, 1);
  }

  /** Listening thread: the piece that it began is taken in. */
  finish(): void {
    this.busy[0] = (this.busy[0] as number) + performance.now() - this.begunMs;
    Atomics.add(this.control, COUNTER.DONE, 1);
    if (Atomics.load(this.control, COUNTER.WAITS) === 1) Atomics.notify(this.control, COUNTER.DONE);
  }

  /** Listening thread: says that it failed. */
  fail(): void {
    this.answered();
    Atomics.store(this.control, COUNTER.FAILED, 1);
    Atomics.notify(this.control, COUNTER.DONE);
  }
}
