/**
 * The memory that a journal shares with the thread that syncs its file: one request at a time, and its answer.
 *
 * A wake-up is a hint, not news: the notice of something that was seen at once comes late and wakes the next wait. So both
 * sides look at the counters again after each.
 */

const WORD = { REQUESTED: 0, ANSWERED: 1, DESCRIPTOR: 2, FAILURE_LENGTH: 3 } as const;
const WORD_BYTES = 16;
const FAILURE_BYTES = 1024;

/** Longest wait for an answer. */
const WAIT_MS = 60_000;

export class SyncExchange {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly failure: Uint8Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORD_BYTES + FAILURE_BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory, 0, WORD_BYTES / 4);
    this.failure = new Uint8Array(memory, WORD_BYTES);
  }

  /** The journal's thread: requests that the file be made durable. */
  request(descriptor: number): void {
    this.words[WORD.DESCRIPTOR] = descriptor;
    this.advance(WORD.REQUESTED);
  }

  /** The journal's thread: returns when the last request was carried out; throws why it was not. */
  wait(): void {
    const requested = Atomics.load(this.words, WORD.REQUESTED);
    for (let answered = this.answered; answered !== requested; answered = this.answered) {
      const result = Atomics.wait(this.words, WORD.ANSWERED, answered, WAIT_MS);
      if (result === 'timed-out') throw new Error(`the disk did not answer for ${WAIT_MS / 1000} s`);
    }
    const length = this.words[WORD.FAILURE_LENGTH] as number;
    if (length > 0) throw new Error(new TextDecoder().decode(this.failure.slice(0, length)));
  }

  /** The other thread: the file to make durable; waits for a request as long as it takes. */
  receive(): number {
    const { answered } = this;
    while (Atomics.load(this.words, WORD.REQUESTED) === answered) Atomics.wait(this.words, WORD.REQUESTED, answered);
    return this.words[WORD.DESCRIPTOR] as number;
  }

  /** The other thread: the request was carried out; an empty text says that it did not fail. */
  answer(failure: string): void {
    const bytes = new TextEncoder().encode(failure).subarray(0, FAILURE_BYTES);
    this.failure.set(bytes);
    this.words[WORD.FAILURE_LENGTH] = bytes.length;
    this.advance(WORD.ANSWERED);
  }

  private get answered(): number {
    return Atomics.load(this.words, WORD.ANSWERED);
  }

  private advance(word: number): void {
    Atomics.add(this.words, word, 1);
    Atomics.notify(this.words, word);
  }
}
