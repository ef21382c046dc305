/** Kysely on a database of the store, whichever engine it has. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { Database, SqlSession } from './database.ts';

/** A query builder over a database; closing it is the database's own affair. */
export function kyselyOf<Schema>(database: Database): Kysely<Schema> {
  const dialect: Dialect = {
    createDriver: () => new StoreDriver(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
  return new Kysely<Schema>({ dialect });
}

class StoreDriver implements Driver {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<StoreConnection> {
    return new Promise((resolve, reject) => {
      const held = this.database.hold(
        (session) => new Promise<void>((release) => resolve(new StoreConnection(session, release))),
      );
      held.catch(reject);
    });
  }

  async beginTransaction(connection: DatabaseConnection, { isolationLevel }: TransactionSettings): Promise<void> {
    const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`;
    await connection.executeQuery(CompiledQuery.raw(`begin${level}`));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as StoreConnection).release();
  }

  async destroy(): Promise<void> {}
}

class StoreConnection implements DatabaseConnection {
  private readonly session: SqlSession;
  readonly release: () => void;

  constructor(session: SqlSession, release: () => void) {
    this.session = session;
    this.release = release;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    return { rows: (await this.session.query(sql, parameters)) as Row[] };
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('rows are not streamed: ask for them in pages');
  }
}
