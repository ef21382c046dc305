/**
 * The embedded database: PostgreSQL inside this process, in a thread of its own, its files in a folder. It has one session, takes no
 * lock of its own and never waits for the disk: so the folder is locked here, and what is in it is never the truth (the journal is).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { takeLock } from '../journal/lock-file.ts';
import { type Database, DatabaseUnavailable, inTransaction, SqlFailed, type SqlSession } from './database.ts';
import { DiskFilled, DiskFull, freeBytes } from './disk-room.ts';
import { finishSwap, PGLITE_FOLDER } from './pglite-folders.ts';
import type { PgliteAnswer, PgliteRequest } from './pglite-message.ts';

type Waiting = {
  readonly resolve: (rows: object[]) => void;
  readonly reject: (error: unknown) => void;
  readonly text: string;
};

/** A segment of the database's log. Without room for one it does not start, and in the midst of a statement it goes round for ever. */
const SEGMENT_BYTES = 16_777_216;
/** Free before anything is begun: a commit may end one segment and begin the next. */
const ROOM_BYTES = 2 * SEGMENT_BYTES;
/** How often the disk is looked at while an answer is waited for. */
const LOOK_MS = 2000;

/** A statement that was ended because it took too long: SQLSTATE of one that was cancelled. */
const CANCELLED = '57014';

interface PgliteOptions {
  /** How many bytes the disk of a folder has room for. */
  readonly room?: (folder: string) => number;
  /** A statement that takes longer fails (`SqlFailed`), and the database with it: there is no other way to end one. */
  readonly statementMs?: number;
}

/**
 * Opens (or makes) the embedded database of a folder. Refuses (throws) a folder that another process uses (`JournalLocked`), one on a disk
 * that is full (`DiskFull`), and one whose files are none of a database (`DatabaseUnavailable`): it can be moved away and made anew.
 * Nothing is begun (`DiskFull`) while the disk has no room for it.
 */
export async function openPglite(folder: string, options: PgliteOptions = {}): Promise<Database> {
  const { room = freeBytes, statementMs = Number.POSITIVE_INFINITY } = options;
  mkdirSync(folder, { recursive: true });
  requireSegment(folder, room);
  const release = takeLock(folder);
  try {
    finishSwap(folder);
    return await PgliteDatabase.open(join(folder, PGLITE_FOLDER), release, { room, statementMs });
  } catch (error) {
    release();
    if (error instanceof DiskFull) throw error;
    requireSegment(folder, room);
    throw new DatabaseUnavailable(folder, error);
  }
}

function requireSegment(folder: string, room: (folder: string) => number): void {
  const free = room(folder);
  if (free < SEGMENT_BYTES) throw new DiskFull(folder, free, SEGMENT_BYTES);
}

class PgliteDatabase implements Database {
  readonly engine = 'pglite';
  private readonly worker: Worker;
  private readonly folder: string;
  private readonly release: () => void;
  private readonly options: Required<PgliteOptions>;
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;
  /** The last transaction or statement: the next begins behind it, since there is one session. */
  private turn: Promise<unknown> = Promise.resolve();
  private stopped: Error | undefined;

  private constructor(folder: string, release: () => void, options: Required<PgliteOptions>) {
    this.folder = folder;
    this.release = release;
    this.options = options;
    this.worker = new Worker(new URL('./pglite-thread.ts', import.meta.url), { workerData: folder });
    this.worker.on('message', (answer: PgliteAnswer) => this.take(answer));
    this.worker.on('error', (error) => this.stop(error as Error));
    this.worker.on('exit', () => this.stop(new Error('its thread has ended')));
  }

  static async open(folder: string, release: () => void, options: Required<PgliteOptions>): Promise<PgliteDatabase> {
    const database = new PgliteDatabase(folder, release, options);
    try {
      await database.answerTo(0, 'open');
      return database;
    } catch (error) {
      // Its thread has the files open until it is gone.
      await database.worker.terminate();
      throw error;
    }
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
    try {
      // One that was ended with its statement has said so.
      if (!(this.stopped instanceof SqlFailed)) await this.turn.then(() => this.ask({ kind: 'close' }, 'close'));
    } finally {
      await this.worker.terminate();
      this.release();
    }
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
    const result = this.turn.then(() => {
      const free = this.freeBytes();
      if (free !== undefined && free < ROOM_BYTES) throw new DiskFull(this.folder, free, ROOM_BYTES);
      return work();
    });
    this.turn = result.catch(() => undefined);
    return result;
  }

  private ask(request: DistributiveOmit<PgliteRequest, 'id'>, text: string): Promise<object[]> {
    if (this.stopped !== undefined) return Promise.reject(this.stopped);
    const id = ++this.requests;
    const answer = this.answerTo(id, text);
    this.worker.postMessage({ ...request, id });
    return answer;
  }

  /** The answer to a request; while it is waited for, the disk is looked after. */
  private answerTo(id: number, text: string): Promise<object[]> {
    const beganMs = performance.now();
    const look = setInterval(() => this.look(text, beganMs), Math.min(LOOK_MS, this.options.statementMs));
    return new Promise<object[]>((resolve, reject) => this.waiting.set(id, { resolve, reject, text })).finally(() =>
      clearInterval(look),
    );
  }

  /** A thread that found no room for its log never answers: it is ended. What was committed is in the files. */
  private look(text: string, beganMs: number): void {
    const free = this.freeBytes();
    const { statementMs } = this.options;
    if (free !== undefined && free < SEGMENT_BYTES) this.stop(new DiskFilled(this.folder, free, SEGMENT_BYTES));
    else if (performance.now() - beganMs > statementMs) {
      this.stop(new SqlFailed(`it took longer than ${statementMs} ms and was ended`, CANCELLED, text));
    } else return;
    void this.worker.terminate();
  }

  /** Undefined where the disk does not say: such a one is not known to be full. */
  private freeBytes(): number | undefined {
    try {
      return this.options.room(this.folder);
    } catch {
      return undefined;
    }
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
