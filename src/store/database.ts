/**
 * A SQL database as the store uses it: one dialect (PostgreSQL 15 is the floor), two engines. What is projected into it can always be
 * made anew from the journal; only the lease and the record of upgrades live nowhere else.
 */

/** One value of a row. Whole numbers of 64 bits come as numbers (and only safe ones), `numeric` as its digits. */
export type SqlValue = string | number | boolean | Uint8Array | null;

type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlSession {
  /** Runs one statement with its parameters ($1, $2, …) and returns its rows. */
  query<Row extends object = SqlRow>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /**
   * Appends rows to a table by COPY, given as lines of PostgreSQL's text format (`line-buffer.ts`), in as many parts as they come in.
   * All or nothing.
   */
  copy(table: string, columns: readonly string[], lines: readonly Uint8Array[]): Promise<void>;
}

export interface Database extends SqlSession {
  readonly engine: 'pglite' | 'postgres';
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. Transactions do not nest. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Gives `work` one session, in which it may begin and end transactions of its own. */
  hold<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A statement that the database refused, with its SQLSTATE where it has one. */
export class SqlFailed extends Error {
  readonly code: string;
  constructor(message: string, code: string, text: string) {
    super(`${message} (SQLSTATE ${code}): ${text.slice(0, 200)}`);
    this.name = 'SqlFailed';
    this.code = code;
  }
}

/** A database that cannot be reached or opened: nothing was read or written. */
export class DatabaseUnavailable extends Error {
  constructor(where: string, cause: unknown) {
    super(`the database ${where} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'DatabaseUnavailable';
  }
}

/** A 64-bit integer of the database that a number does not hold exactly: it is not ours. */
export class UnsafeInteger extends Error {
  constructor(digits: string) {
    super(`${digits} is beyond the whole numbers that are exact here`);
    this.name = 'UnsafeInteger';
  }
}

/** The number of an int8 as the database sends it. Refuses (throws) one beyond 2^53. */
export function wholeNumberOf(digits: string): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw new UnsafeInteger(digits);
  return value;
}

/** Types of the wire protocol whose values are not left as text. */
export const INT8 = 20;
export const NUMERIC = 1700;

/** Runs `work` in a transaction of a session that is in none. */
export async function inTransaction<T>(session: SqlSession, work: (session: SqlSession) => Promise<T>): Promise<T> {
  await session.query('begin');
  try {
    const result = await work(session);
    await session.query('commit');
    return result;
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}
