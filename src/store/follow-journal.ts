/** Keeps a database at the end of a journal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, SqlFailed, type SqlSession } from './database.ts';
import { cutBack, emptyProjection } from './cut-back.ts';
import { Fenced } from './lease.ts';
import { openBarsAt } from './open-bars.ts';
import { type ProjectedBlock, rowsOf } from './projected-block.ts';
import { Projection, ProjectionStopped, type ProjectionTarget } from './projection.ts';
import { BlockWriter, lastHeight, ProjectedByAnother, UNIQUE_VIOLATION } from './write-blocks.ts';

/** The state goes to the database at the heights that are multiples of this, unless said. */
export const STATE_BLOCKS = 32;
const BLOCKS_ASKED = 1000;
const TRANSACTION_BLOCKS = 512;
const RETRY_MS = 1000;

export interface FollowOptions {
  /** The journal's folder. Whoever appends to it may go on. */
  readonly folder: string;
  /** Has the schema of this release (`migrate`). */
  readonly database: Database;
  /** The state is kept at the heights that are multiples of this; 0: never. */
  readonly stateBlocks?: number;
  /** Blocks of one transaction, at most; 512 unless said. */
  readonly transactionBlocks?: number;
  /** Runs first in each transaction that writes: refuses by throwing, then nothing is written. */
  readonly before?: (session: SqlSession) => Promise<void>;
  /** Is told what is in the database now. */
  readonly onWritten?: (written: Written) => void;
}

export interface Written {
  /** Height of the last block, and of the journal's as it was seen last. */
  readonly height: number;
  readonly journalHeight: number;
  /** Blocks and rows that were written since the start. */
  readonly blocks: number;
  readonly rows: number;
}

/** Writes what a projection gives. */
class WritingTarget implements ProjectionTarget {
  private readonly options: FollowOptions;
  private writer: BlockWriter | undefined;
  private rows = 0;
  private written = 0;
  private journalHeight = -1;
  readonly mostBlocks: number;

  constructor(options: FollowOptions) {
    this.options = options;
    this.mostBlocks = options.transactionBlocks ?? TRANSACTION_BLOCKS;
  }

  async blocks(below: number | undefined): Promise<[number, Uint8Array][]> {
    const rows = await this.options.database.query<{ height: number; hash: Uint8Array }>(
      'select height, hash from block where $1::bigint is null or height < $1 order by height desc limit $2',
      [below ?? null, BLOCKS_ASKED],
    );
    return rows.map(({ height, hash }) => [height, Uint8Array.from(hash)]);
  }

  async cut(height: number): Promise<number | undefined> {
    const { database, before } = this.options;
    if ((await lastMention(database)) > height) await cutBack(database, height, before);
    this.writer = await BlockWriter.open(database);
    const [kept] = await database.query<{ height: number }>('select height from state_head');
    return kept?.height;
  }

  bars(height: number, lastMs: number): ReturnType<ProjectionTarget['bars']> {
    return openBarsAt(this.options.database, height, lastMs);
  }

  async take(blocks: readonly ProjectedBlock[]): Promise<void> {
    const writer = this.writer as BlockWriter;
    const { database, before } = this.options;
    try {
      await writer.write(blocks, before);
    } catch (error) {
      // Rows are there of blocks that are not: whoever took those away, the next attempt finds none of them.
      if (error instanceof SqlFailed && error.code === UNIQUE_VIOLATION) await cutBack(database, writer.height, before);
      throw error;
    }
    for (const block of blocks) this.rows += rowsOf(block);
    this.written += blocks.length;
    this.journalHeight = Math.max(this.journalHeight, writer.height);
    this.tell();
  }

  reading(height: number): void {
    this.journalHeight = Math.max(this.journalHeight, height);
    this.tell();
  }

  private tell(): void {
    const { journalHeight, written, rows } = this;
    const height = this.writer?.height ?? -1;
    this.options.onWritten?.({ height, journalHeight, blocks: written, rows });
  }
}

/** The greatest height that blocks or the digests of their rows have: one of both may have been taken away by hand. */
async function lastMention(database: Database): Promise<number> {
  const [digested] = await database.query<{ height: number | null }>(
    'select max(height) as height from projected_block',
  );
  return Math.max(await lastHeight(database), digested?.height ?? -1);
}

/** Brings a database to the end of a journal as it is now. Refuses (throws) a journal that is damaged or diverges; what is before that is written. */
export async function catchUp(options: FollowOptions): Promise<void> {
  await projectionOf(options, false).done;
}

/** Empties what is projected, and projects the whole journal anew. Refuses as `catchUp` does. */
export async function rebuild(options: FollowOptions): Promise<void> {
  await options.database.transaction(async (session) => {
    await options.before?.(session);
    await emptyProjection(session);
  });
  await catchUp(options);
  await options.database.query('analyze');
}

function projectionOf(options: FollowOptions, isLive: boolean): Projection {
  const { folder, stateBlocks = STATE_BLOCKS } = options;
  return new Projection({ folder, isLive, stateBlocks, isContinued: true }, new WritingTarget(options));
}

interface FollowerOptions extends FollowOptions {
  /** Is told why nothing is written for a while (the database does not answer, refuses), and that it goes on later. */
  readonly onTrouble?: (error: Error) => void;
}

/** To try again would change nothing: the journal leads no further, or another writes. */
function isFinal(failure: Error): boolean {
  return failure instanceof ProjectionStopped || failure instanceof ProjectedByAnother || failure instanceof Fenced;
}

/**
 * Follows a journal until it is stopped. A database that fails is tried again and again; what was committed is found in it. It ends by
 * itself, and `failed` resolves with why, where the journal is damaged or diverges, or when another process writes the same blocks or has
 * the lease.
 */
export class Follower {
  private readonly options: FollowerOptions;
  private projection: Projection | undefined;
  private readonly stopping = new AbortController();
  private readonly running: Promise<Error | undefined>;
  private written: Written = { height: -1, journalHeight: -1, blocks: 0, rows: 0 };
  private waiting: { readonly height: number; readonly resolve: () => void }[] = [];

  constructor(options: FollowerOptions) {
    this.options = {
      ...options,
      onWritten: (written) => {
        this.written = written;
        this.tellWaiting(written.height);
        options.onWritten?.(written);
      },
    };
    this.running = this.run();
  }

  /** Height of the last block in the database, −1 while it is not known or there is none. */
  get height(): number {
    return this.written.height;
  }

  /** Resolves with why it ended by itself; undefined when it was stopped. */
  get failed(): Promise<Error | undefined> {
    return this.running;
  }

  /** The journal has grown. */
  wake(): void {
    this.projection?.wake();
  }

  /** Resolves when the block at a height is in the database; rejects when it ends before. */
  async reached(height: number): Promise<void> {
    if (this.written.height >= height) return;
    const there = new Promise<'there'>((resolve) => {
      this.waiting.push({ height, resolve: () => resolve('there') });
    });
    const result = await Promise.race([there, this.running]);
    if (result !== 'there') throw result ?? new Error(`the projection was stopped before block ${height}`);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.projection?.stop();
    await this.running;
  }

  private async run(): Promise<Error | undefined> {
    while (!this.stopping.signal.aborted) {
      this.projection = projectionOf(this.options, true);
      try {
        await this.projection.done;
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        if (isFinal(failure)) return failure;
        this.options.onTrouble?.(failure);
        await this.projection.stop();
        await sleep(RETRY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  private tellWaiting(height: number): void {
    const isThere = (each: { readonly height: number }): boolean => each.height <= height;
    for (const { resolve } of this.waiting.filter(isThere)) resolve();
    this.waiting = this.waiting.filter((each) => !isThere(each));
  }
}
