/** A small venue's journal, and databases that have its history. */
import { recordChain } from '../chain/chain.fixture.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { Database } from '../store/database.ts';
import { catchUp } from '../store/follow-journal.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations.ts';

/** Writes the journal of a venue that opened and then traded into a folder. */
export function recordJournal(folder: string, seed: number, batches: number): void {
  const { journal } = openFileJournal(folder);
  for (const entry of recordChain(sha256, seed, batches).entries) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else journal.append(entry);
  }
  journal.close();
}

/** Gives a database the schema of this release and the history of a journal, with the state of its last block. */
export async function project(database: Database, folder: string): Promise<void> {
  await migrate(database, MIGRATIONS);
  await catchUp({ database, folder });
}
