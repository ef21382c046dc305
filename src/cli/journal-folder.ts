// A journal folder as a reader finds it.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lastSegment } from '../journal/segment-files.ts';
import { CommandError } from './errors.ts';

/** The size of what a folder's journal holds, at most. Refuses (named) a folder that is not there or holds no journal. */
export function openForReading(folder: string): { readonly entryBytes: number } {
  if (!existsSync(folder)) throw new CommandError('journal_not_found', `there is no folder ${folder}`);
  if (!statSync(folder).isDirectory() || lastSegment(folder) < 1) {
    throw new CommandError('journal_not_found', `${folder} holds no journal`);
  }
  const entryBytes = readdirSync(folder)
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  return { entryBytes };
}
