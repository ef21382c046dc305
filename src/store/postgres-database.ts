/** A PostgreSQL server as a database of the store, by the client `pg`. */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import {
  type Database,
  DatabaseUnavailable,
  INT8,
  inTransaction,
  SqlFailed,
  type SqlSession,
  wholeNumberOf,
} from './database.ts';

const MOST_CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens the database at a URL (`postgres://…`). Refuses (throws `DatabaseUnavailable`) one that does not answer. A statement that takes
 * longer than `statementMs` fails (`SqlFailed`, 57014); none does unless said.
 */
export async function openPostgres(url: string, statementMs?: number): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: { getTypeParser: parserOf },
    ...(statementMs === undefined ? {} : { statement_timeout: statementMs }),
  });
  // A connection that is lost while nobody uses it is made anew by the pool; one in use rejects its statement.
  pool.on('error', () => undefined);
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw new DatabaseUnavailable(withoutPassword(url), error);
  }
  return new PostgresDatabase(pool);
}

function parserOf(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === INT8 ? wholeNumberOf : (types.getTypeParser(oid, format as 'text') as (value: string) => unknown);
}

/** A URL as it may be shown. */
function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ':…@');
}

class PostgresDatabase implements Database {
  readonly engine = 'postgres';
  private readonly pool: Pool;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  query<Row extends object>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.use((session) => session.query<Row>(text, parameters));
  }

  copy(table: string, columns: readonly string[], lines: readonly Uint8Array[]): Promise<void> {
    return this.use((session) => session.copy(table, columns, lines));
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.hold((session) => inTransaction(session, work));
  }

  hold<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.use(work);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async use<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let isBroken = false;
    // Between two statements nobody waits for an answer: that the connection is lost is told here alone, and to the next statement.
    const lose = (): void => {
      isBroken = true;
    };
    client.on('error', lose);
    try {
      return await work(new PostgresSession(client));
    } catch (error) {
      isBroken ||= !(error instanceof SqlFailed);
      throw error;
    } finally {
      client.off('error', lose);
      client.release(isBroken);
    }
  }
}

class PostgresSession implements SqlSession {
  private readonly client: PoolClient;

  constructor(client: PoolClient) {
    this.client = client;
  }

  async query<Row extends object>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.client.query(text, [...parameters])).rows as Row[];
    } catch (error) {
      throw named(error, text);
    }
  }

  async copy(table: string, columns: readonly string[], lines: readonly Uint8Array[]): Promise<void> {
    const text = `copy ${table} (${columns.join(', ')}) from stdin`;
    try {
      await pipeline(Readable.from(lines), this.client.query(copyFrom(text)));
    } catch (error) {
      throw named(error, text);
    }
  }
}

function named(error: unknown, text: string): unknown {
  return error instanceof DatabaseError ? new SqlFailed(error.message, error.code ?? '', text) : error;
}
