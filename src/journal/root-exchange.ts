/**
 * The memory that the thread of the state shares with the thread that computes roots: parcels of pages, the order in which they
 * were sent, the roots that came back, and counters. Each counter is written by one side alone.
 */
import { DIGEST_BYTES } from '../chain/digest.ts';
import { PARCEL_BYTES, Parcel } from '../chain/staged-pages.ts';
import type { StateRoots } from '../chain/state-tree.ts';

/** Parcels in flight at most: 256 MiB of pages, touched as they are used. */
const PARCELS = 64;
/** Room for roots: no more can be untaken than parcels were in flight, since each request takes those that are there. */
const ROOTS = 2 * PARCELS;
const ROOT_BYTES = 2 * DIGEST_BYTES;
const MESSAGE_BYTES = 1024;

const COUNTER = {
  /** Parcels sent: by the thread of the state. */
  SENT: 0,
  /** Parcels unpacked, roots computed, and signs of life, by the thread that computes. */
  UNPACKED: 1,
  ROOTS: 2,
  SIGNS: 3,
  /** 1: that thread failed, and said why in so many bytes. */
  FAILED: 4,
  MESSAGE_LENGTH: 5,
  /** Numbers of the parcels in the order in which they were sent; and 1 for each that is on its way. */
  QUEUE: 64,
  IS_SENT: 128,
} as const;
const CONTROL_BYTES = 1024;
const ROOTS_AT = CONTROL_BYTES;
const MESSAGE_AT = ROOTS_AT + ROOTS * ROOT_BYTES;
const PARCELS_AT = 16384;

/** Longest wait for any sign of the other thread. */
const WAIT_MS = 60_000;

/** The thread that computes roots failed, or gave no sign for a minute: no block can be sealed. */
export class RootThreadFailed extends Error {
  constructor(why: string) {
    super(`the thread that computes state roots failed: ${why}`);
    this.name = 'RootThreadFailed';
  }
}

export class RootExchange {
  readonly memory: SharedArrayBuffer;
  private readonly control: Int32Array;
  private readonly roots: Uint8Array;
  private readonly message: Uint8Array;
  private readonly parcels: readonly Parcel[];

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(PARCELS_AT + PARCELS * PARCEL_BYTES)) {
    this.memory = memory;
    this.control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.roots = new Uint8Array(memory, ROOTS_AT, ROOTS * ROOT_BYTES);
    this.message = new Uint8Array(memory, MESSAGE_AT, MESSAGE_BYTES);
    this.parcels = Array.from({ length: PARCELS }, (_, n) => new Parcel(memory, PARCELS_AT + n * PARCEL_BYTES));
  }

  /** Thread of the state: a free parcel, the first of them, so that few are ever used. Waits for one. */
  take(): Parcel {
    for (;;) {
      const signs = this.count(COUNTER.SIGNS);
      const parcel = this.tryTake();
      if (parcel !== undefined) return parcel;
      this.waitForSign(signs);
    }
  }

  /** Thread of the state: the same, undefined when there is none. */
  tryTake(): Parcel | undefined {
    for (let n = 0; n < PARCELS; n++) {
      if (this.count(COUNTER.IS_SENT + n) !== 0) continue;
      const parcel = this.parcels[n] as Parcel;
      parcel.clear();
      return parcel;
    }
    return undefined;
  }

  /** Thread of the state: sends a written parcel. */
  send(parcel: Parcel): void {
    const number = this.parcels.indexOf(parcel);
    Atomics.store(this.control, COUNTER.IS_SENT + number, 1);
    this.control[COUNTER.QUEUE + (this.count(COUNTER.SENT) % PARCELS)] = number;
    this.advance(COUNTER.SENT);
  }

  /** Thread of the state: root number `number`, counted from 0, when it is there. None may be left out. */
  poll(number: number): StateRoots | undefined {
    this.check();
    if (this.count(COUNTER.ROOTS) === number >>> 0) return undefined;
    const at = (number % ROOTS) * ROOT_BYTES;
    return { stateRoot: this.copy(at), rulesHash: this.copy(at + DIGEST_BYTES) };
  }

  /** Thread of the state: the same, waiting for it. */
  wait(number: number): StateRoots {
    for (;;) {
      const signs = this.count(COUNTER.SIGNS);
      const roots = this.poll(number);
      if (roots !== undefined) return roots;
      this.waitForSign(signs);
    }
  }

  /** Computing thread: the next parcel sent; waits for it as long as it takes. */
  receive(): Parcel {
    // A wake-up is a hint, not news: the notice of a parcel that was received at once comes late and wakes the next wait.
    while (this.count(COUNTER.SENT) === this.count(COUNTER.UNPACKED)) {
      Atomics.wait(this.control, COUNTER.SENT, this.count(COUNTER.UNPACKED) | 0);
    }
    return this.parcels[this.received()] as Parcel;
  }

  /** Computing thread: gives the parcel received last back. */
  release(): void {
    Atomics.store(this.control, COUNTER.IS_SENT + this.received(), 0);
    this.advance(COUNTER.UNPACKED);
    this.advance(COUNTER.SIGNS);
  }

  /** Computing thread: answers with the next root. */
  answer({ stateRoot, rulesHash }: StateRoots): void {
    const at = (this.count(COUNTER.ROOTS) % ROOTS) * ROOT_BYTES;
    this.roots.set(stateRoot, at);
    this.roots.set(rulesHash, at + DIGEST_BYTES);
    this.advance(COUNTER.ROOTS);
    this.advance(COUNTER.SIGNS);
  }

  /** Computing thread: says that it failed, and why. */
  fail(why: string): void {
    const bytes = new TextEncoder().encode(why).subarray(0, MESSAGE_BYTES);
    this.message.set(bytes);
    Atomics.store(this.control, COUNTER.MESSAGE_LENGTH, bytes.length);
    Atomics.store(this.control, COUNTER.FAILED, 1);
    this.advance(COUNTER.SIGNS);
  }

  private waitForSign(seen: number): void {
    this.check();
    const result = Atomics.wait(this.control, COUNTER.SIGNS, seen | 0, WAIT_MS);
    if (result === 'timed-out') throw new RootThreadFailed(`no sign of it for ${WAIT_MS / 1000} s`);
  }

  private check(): void {
    if (this.count(COUNTER.FAILED) === 0) return;
    const why = this.message.slice(0, this.count(COUNTER.MESSAGE_LENGTH));
    throw new RootThreadFailed(new TextDecoder().decode(why));
  }

  private copy(at: number): Uint8Array {
    const digest = new Uint8Array(DIGEST_BYTES);
    digest.set(this.roots.subarray(at, at + DIGEST_BYTES));
    return digest;
  }

  private received(): number {
    return this.control[COUNTER.QUEUE + (this.count(COUNTER.UNPACKED) % PARCELS)] as number;
  }

  /** An unsigned counter: it wraps at 2^32, a multiple of the lengths of all rings. */
  private count(counter: number): number {
    return Atomics.load(this.control, counter) >>> 0;
  }

  private advance(counter: number): void {
    Atomics.store(this.control, counter, (this.count(counter) + 1) | 0);
    Atomics.notify(this.control, counter);
  }
}
