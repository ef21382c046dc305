/** A projection under way: a thread replays the journal, this one takes its blocks, many at a time. */
import { Worker } from 'node:worker_threads';
import type { OpenBar } from './bars.ts';
import { type ProjectedBlock, rowsOf } from './projected-block.ts';
import {
  CONTROL,
  CONTROL_BYTES,
  type ProjectionAnswer,
  type ProjectionMessage,
  type ProjectionQuestion,
  type ProjectionThreadData,
} from './projection-message.ts';

/** What a projection is for: the database that it is written to, or compared with. */
export interface ProjectionTarget {
  /** The last blocks that are there, below a height where one is given, in falling order; some of them. */
  blocks(below: number | undefined): Promise<readonly (readonly [height: number, hash: Uint8Array])[]>;
  /** Removes what is behind a height; returns the height of the block whose state is kept. */
  cut(height: number): Promise<number | undefined>;
  bars(height: number, lastMs: number): Promise<readonly OpenBar[]>;
  take(blocks: readonly ProjectedBlock[]): Promise<void>;
  /** How many blocks are taken at once, at most. */
  readonly mostBlocks: number;
  /** Told the height of the journal's last block, as the thread found it. */
  reading?(height: number): void;
}

/** The journal cannot be projected further: it is damaged, or does not lead where its blocks say. */
export class ProjectionStopped extends Error {
  readonly code: string | undefined;
  constructor(name: string, message: string, code: string | undefined) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** Rows that are taken at once, at most; one block is, however many it has. */
const MOST_ROWS = 65_536;

type Queued =
  | { readonly kind: 'block'; readonly block: ProjectedBlock; readonly bytes: number }
  | { readonly kind: 'ask'; readonly question: ProjectionQuestion };

export class Projection {
  private readonly target: ProjectionTarget;
  private readonly worker: Worker;
  private readonly words = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
  private readonly queue: Queued[] = [];
  private isTaking = false;
  private isEnded = false;
  private failure: unknown;
  private resolve!: () => void;
  private reject!: (error: unknown) => void;
  /** Resolves when all is taken that there is, or behind `stop`; rejects with what ended it before. */
  readonly done: Promise<void>;

  constructor(data: Omit<ProjectionThreadData, 'control'>, target: ProjectionTarget) {
    this.target = target;
    const control = this.words.buffer as SharedArrayBuffer;
    const workerData: ProjectionThreadData = { ...data, control };
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.worker = new Worker(new URL('./projection-thread.ts', import.meta.url), { workerData });
    this.worker.on('message', (message: ProjectionMessage) => this.hear(message));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.end());
  }

  /** The journal has grown: the thread need not wait until it looks again. */
  wake(): void {
    Atomics.add(this.words, CONTROL.WAKE, 1);
    Atomics.notify(this.words, CONTROL.WAKE);
  }

  /** Ends it: what was given is taken yet. Returns when the thread is gone; throws nothing. */
  async stop(): Promise<void> {
    Atomics.store(this.words, CONTROL.STOP, 1);
    this.wake();
    Atomics.notify(this.words, CONTROL.BYTES);
    await this.done.catch(() => undefined);
    await this.worker.terminate();
  }

  private hear(message: ProjectionMessage): void {
    switch (message.kind) {
      case 'block':
      case 'ask':
        this.queue.push(message);
        void this.takeAll();
        return;
      case 'reading':
        this.target.reading?.(message.height);
        return;
      case 'failed':
        this.fail(new ProjectionStopped(message.name, message.message, message.code));
        return;
      case 'end':
        this.end();
    }
  }

  private async takeAll(): Promise<void> {
    if (this.isTaking) return;
    this.isTaking = true;
    try {
      while (this.queue.length > 0) await this.takeNext();
    } catch (error) {
      this.queue.length = 0;
      this.fail(error);
    } finally {
      this.isTaking = false;
    }
    if (this.isEnded) this.settle();
  }

  private async takeNext(): Promise<void> {
    const [first] = this.queue;
    if (first?.kind === 'ask') {
      this.queue.shift();
      const answer = await this.answer(first.question);
      this.worker.postMessage(answer);
      return;
    }
    const blocks: ProjectedBlock[] = [];
    let [rows, bytes] = [0, 0];
    while (rows < MOST_ROWS && blocks.length < this.target.mostBlocks && this.queue[0]?.kind === 'block') {
      const next = this.queue.shift() as Extract<Queued, { kind: 'block' }>;
      blocks.push(next.block);
      rows += rowsOf(next.block);
      bytes += next.bytes;
    }
    await this.target.take(blocks);
    Atomics.sub(this.words, CONTROL.BYTES, bytes);
    Atomics.notify(this.words, CONTROL.BYTES);
  }

  private async answer(question: ProjectionQuestion): Promise<ProjectionAnswer> {
    switch (question.kind) {
      case 'blocks':
        return { kind: 'blocks', blocks: await this.target.blocks(question.below) };
      case 'cut':
        return { kind: 'cut', kept: await this.target.cut(question.height) };
      case 'bars':
        return { kind: 'bars', bars: await this.target.bars(question.height, question.lastMs) };
    }
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    Atomics.store(this.words, CONTROL.STOP, 1);
    this.wake();
    Atomics.notify(this.words, CONTROL.BYTES);
    // A thread that waits for an answer hears of nothing else.
    if (!this.isEnded) void this.worker.terminate();
    this.end();
  }

  private end(): void {
    this.isEnded = true;
    if (!this.isTaking) this.settle();
  }

  private settle(): void {
    if (this.failure === undefined) this.resolve();
    else this.reject(this.failure);
  }
}
