/** `bench store`: a journal projected into a database from its first command on, every root compared, and audited. */
import { appliedMigrations, migrate } from '../src/store/migrate.ts';
import { auditStore } from '../src/store/audit-store.ts';
import { describeRowDifference } from '../src/store/compare-rows.ts';
import type { Database } from '../src/store/database.ts';
import { rebuild } from '../src/store/follow-journal.ts';
import { MIGRATIONS } from '../src/store/migrations.ts';
import { openPglite } from '../src/store/pglite-database.ts';
import { openPostgres } from '../src/store/postgres-database.ts';
import { batchesOf, type Grouping, openDurable } from './durable.ts';
import { type Recording, recordInThread } from './recording.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { rounded, type Tell } from './series.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

export interface StoreRequest extends Grouping {
  readonly source: WorkloadSource;
  /** An empty database on a server; the embedded one, in a folder of its own, unless given. */
  readonly url?: string;
  readonly folder?: string;
  /** Compare every row afterwards, and say what that takes. */
  readonly isAudited: boolean;
}

export interface StoreBenchResult extends Grouping {
  readonly engine: 'pglite' | 'postgres';
  readonly commands: number;
  readonly blocks: number;
  readonly rows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** Processor seconds of this process, all threads: the server's are not among them. */
  readonly cpuSeconds: number;
  readonly auditSeconds: number | null;
  readonly workload: WorkloadSummary;
}

/** The database is not empty: a benchmark writes to no other. */
class DatabaseNotEmpty extends Error {
  readonly code = 'database_not_empty';
  constructor() {
    super('the database holds a schema already: name one that is empty');
    this.name = 'DatabaseNotEmpty';
  }
}

/** Measures a rebuild. Throws unless the database holds what the journal says, where it is audited. */
export async function measureStore(request: StoreRequest, tell: Tell): Promise<StoreBenchResult> {
  const recording = await recordInThread({ source: request.source, withForced: false });
  return withScratchFolder(request.folder, async (folder) => {
    const { commands, blocks } = await writeJournal(`${folder}/journal`, recording, request);
    tell(`${commands} commands in ${blocks} blocks`);
    const { url } = request;
    const database = url === undefined ? await openPglite(`${folder}/database`) : await openPostgres(url);
    try {
      const measured = await measureRebuild(database, `${folder}/journal`, request.isAudited, tell);
      const { batchCommands, blockCommands } = request;
      return { ...measured, commands, blocks, batchCommands, blockCommands, workload: recording.workload };
    } finally {
      await database.close();
    }
  });
}

async function measureRebuild(database: Database, folder: string, isAudited: boolean, tell: Tell) {
  const [hashes] = await database.query<{ is_there: boolean }>(
    "select to_regclass('migration_hash') is not null as is_there",
  );
  if (hashes?.is_there === true && (await appliedMigrations(database)).length > 0) throw new DatabaseNotEmpty();
  await migrate(database, MIGRATIONS);
  let rows = 0;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await rebuild({
    folder,
    database,
    onWritten: (written) => {
      rows = written.rows;
    },
  });
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  tell(`${rows} rows in ${rounded(seconds, 1)} s`);
  return {
    engine: database.engine,
    rows,
    seconds: rounded(seconds, 3),
    rowsPerSecond: Math.round(rows / seconds),
    cpuSeconds: rounded((user + system) / 1e6, 3),
    auditSeconds: isAudited ? await audited(database, folder) : null,
  };
}

async function audited(database: Database, folder: string): Promise<number> {
  const startMs = performance.now();
  const { firstDifference } = await auditStore({ folder, database });
  if (firstDifference !== undefined) throw new Error(describeRowDifference(firstDifference));
  return rounded((performance.now() - startMs) / 1000, 3);
}

async function writeJournal(folder: string, recording: Recording, grouping: Grouping) {
  const { exchange, journal, close } = openDurable(folder, recording, grouping);
  try {
    for (const batch of batchesOf(recording.commands, grouping.batchCommands)) exchange.submit(batch);
    exchange.finish();
    return { commands: exchange.sequence, blocks: journal.height + 1 };
  } finally {
    await close();
  }
}
