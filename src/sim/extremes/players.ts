/** Plays extremes on several threads, the longest first. */
import { Worker } from 'node:worker_threads';
import type { Stage } from './extreme.ts';
import type { Played } from './lockstep.ts';

/** What a thread is told: a place in the corpus. */
export interface PlayerTask {
  readonly place: number;
  readonly stage: Stage;
}

/** What it answers: how far it is, what came of it, or what stopped it. */
export type PlayerAnswer =
  | { readonly kind: 'going'; readonly place: number; readonly share: number }
  | { readonly kind: 'played'; readonly place: number; readonly played: Played }
  | { readonly kind: 'failed'; readonly place: number; readonly error: unknown };

export interface PlayOptions {
  /** Places in the corpus, in the order in which they are begun. */
  readonly places: readonly number[];
  readonly stage: Stage;
  readonly threads: number;
  /** Told how many extremes are done, parts of them included. */
  readonly onProgress: (done: number) => void;
}

/** Plays them all. Throws what stopped the first one that failed; the threads end either way. */
export async function playAll(options: PlayOptions): Promise<Played[]> {
  const { places, threads } = options;
  const board = new Board(options);
  const count = Math.min(threads, places.length);
  const workers = Array.from({ length: count }, () => new Worker(new URL('./player.ts', import.meta.url)));
  try {
    await Promise.all(workers.map((worker) => board.serve(worker)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return board.played;
}

/** What is left to do, and how far each is that was begun. */
class Board {
  readonly played: Played[] = [];
  private readonly options: PlayOptions;
  private readonly left: number[];
  private readonly shares = new Map<number, number>();

  constructor(options: PlayOptions) {
    this.options = options;
    this.left = [...options.places];
  }

  /** Gives a thread one extreme after the other until none is left. */
  serve(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (): void => {
        const place = this.left.shift();
        if (place === undefined) resolve();
        else worker.postMessage({ place, stage: this.options.stage } satisfies PlayerTask);
      };
      worker.on('error', reject);
      worker.on('message', (answer: PlayerAnswer) => {
        if (answer.kind === 'failed') return reject(asError(answer.error));
        this.shares.set(answer.place, answer.kind === 'going' ? answer.share : 1);
        this.tell();
        if (answer.kind === 'going') return;
        this.played.push(answer.played);
        next();
      });
      next();
    });
  }

  private tell(): void {
    let done = 0;
    for (const share of this.shares.values()) done += share;
    this.options.onProgress(done);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
