/**
 * The embedded database: PostgreSQL inside this process, in a thread of its own, its files in a folder. It has one session, takes no
 * lock of its own and never waits for the disk: so the folder is locked here, and what is in it is never the truth (the journal is).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { takeLock } from '../journal/lock-file.ts';
import { type Database, DatabaseUnavailable, inTransaction, SqlFailed, type SqlSession } from './database.ts';
import { DiskFull, freeBytes } from './disk-room.ts';
import { finishSwap, PGLITE_FOLDER } from './pglite-folders.ts';
import type { PgliteAnswer, PgliteRequest } from './pglite-message.ts';

type Waiting = {
  readonly resolve: (rows: object[]) => void;
  readonly reject: (error: unknown) => void;
  readonly text: string;
};

/** What the embedded database may write as it starts: one segment of its log. Of a disk it only says that it could not start. */
const START_BYTES = 16_777_216;

/**
 * Opens (or makes) the embedded database of a folder. Refuses (throws) a folder that another process uses (`JournalLocked`), one on a disk
 * that is full (`DiskFull`), and one whose files are none of a database (`DatabaseUnavailable`): it can be moved away and made anew.
 */
export async function openPglite(folder: string): Promise<Database> {
  mkdirSync(folder, { recursive: true });
  const release = takeLock(folder);
  try {
    finishSwap(folder);
    return await PgliteDatabase.open(join(folder, PGLITE_FOLDER), release);
  } catch (error) {
    release();
    const free = freeBytes(folder);
    if (free < START_BYTES) throw new DiskFull(folder, free, START_BYTES);
    throw new DatabaseUnavailable(folder, error);
  }
}

class PgliteDatabase implements Database {
  readonly engine = 'pglite';
  private readonly worker: Worker;
  private readonly release: () => void;
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;
  /** The last transaction or statement: the next begins behind it, since there is one session. */
  private turn: Promise<unknown> = Promise.resolve();
  private stopped: Error | undefined;

  private constructor(folder: string, release: () => void) {
    this.release = release;
    this.worker = new Worker(new URL('./pglite-thread.ts', import.meta.url), { workerData: folder });
    this.worker.on('message', (answer: PgliteAnswer) => this.take(answer));
    this.worker.on('error', (error) => this.stop(error as Error));
    this.worker.on('exit', () => this.stop(new Error('its thread has ended')));
  }

  static async open(folder: string, release: () => void): Promise<PgliteDatabase> {
    const database = new PgliteDatabase(folder, release);
    await new Promise<object[]>((resolve, reject) => database.waiting.set(0, { resolve, reject, text: 'open' }));
    return database;
  }

  query<Row extends object>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.inTurn(() => this.session.query<Row>(text, parameters));
  }

  copy(table: string, columns: readonly string[], lines: readonly Uint8Array[]): Promise<void> {
    return this.inTurn(() => this.session.copy(table, columns, lines));
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.hold((session) => inTransaction(session, work));
  }

  hold<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.inTurn(() => work(this.session));
  }

  async close(): Promise<void> {
    await this.inTurn(() => this.ask({ kind: 'close' }, 'close'));
    await this.worker.terminate();
    this.release();
  }

  private readonly session: SqlSession = {
    query: async <Row extends object>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> =>
      (await this.ask({ kind: 'query', text, parameters: [...parameters] }, text)) as Row[],
    copy: async (table, columns, lines) => {
      const text = `copy ${table} (${columns.join(', ')}) from '/dev/blob'`;
      await this.ask({ kind: 'copy', text, lines }, text);
    },
  };

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private ask(request: DistributiveOmit<PgliteRequest, 'id'>, text: string): Promise<object[]> {
    if (this.stopped !== undefined) return Promise.reject(this.stopped);
    const id = ++this.requests;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, text });
      this.worker.postMessage({ ...request, id });
    });
  }

  private take(answer: PgliteAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('rows' in answer) waiting?.resolve(answer.rows);
    else waiting?.reject(new SqlFailed(answer.failed, answer.code, waiting.text));
  }

  private stop(error: Error): void {
    this.stopped ??= error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

type DistributiveOmit<T, K extends keyof never> = T extends unknown ? Omit<T, K> : never;
