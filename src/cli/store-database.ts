// Where a command finds the database: a server by its URL, else the embedded one in a folder.
import { join } from 'node:path';
import type { Database } from '../store/database.ts';
import { openPglite } from '../store/pglite-database.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { CommandError } from './errors.ts';

export interface DatabaseOptions {
  readonly journal?: string;
  readonly database?: string;
  readonly dataDir?: string;
}

/** The folders of a data folder: of its journal and of its embedded database. */
function foldersOf(dataDir: string): { readonly journal: string; readonly database: string } {
  return { journal: join(dataDir, 'journal'), database: join(dataDir, 'database') };
}

/** The journal that the options name. Refuses (named) options that name none. */
export function journalOf({ journal, dataDir }: DatabaseOptions): string {
  const folder = journal ?? (dataDir === undefined ? undefined : foldersOf(dataDir).journal);
  if (folder !== undefined) return folder;
  throw new CommandError('missing_argument', 'say which journal: --journal FOLDER, or --data-dir FOLDER');
}

/** Opens the database that the options name, else that of DATABASE_URL. Refuses (named) where there is none, and one that does not open. */
export async function openDatabase({ database, dataDir }: DatabaseOptions): Promise<Database> {
  const url = database ?? (dataDir === undefined ? process.env['DATABASE_URL'] : undefined);
  if (url !== undefined && url !== '') return openPostgres(url);
  if (dataDir !== undefined) return openPglite(foldersOf(dataDir).database);
  throw new CommandError('missing_argument', 'say which database: --database URL, --data-dir FOLDER, or DATABASE_URL');
}
