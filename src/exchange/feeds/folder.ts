// The files of a path, in an order that is the same on every machine.
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FeedError, type FeedFinding } from './feed-error.ts';

export interface PathContents {
  readonly isFolder: boolean;
  readonly files: readonly string[];
  /** What stands in the folder and is no file to read. */
  readonly findings: readonly FeedFinding[];
}

/**
 * Returns the file itself, or every file under a folder, by path in code-unit order. Links to folders are reported and not
 * followed. Throws FeedError `file_not_found` and `file_not_readable`.
 */
export function listFiles(path: string): PathContents {
  const isFolder = system(path, () => statSync(path)).isDirectory();
  if (!isFolder) return { isFolder, files: [path], findings: [] };
  const files: string[] = [];
  const findings: FeedFinding[] = [];
  walk(path, files, findings);
  return { isFolder, files: files.sort(), findings };
}

function walk(folder: string, files: string[], findings: FeedFinding[]): void {
  for (const entry of system(folder, () => readdirSync(folder, { withFileTypes: true }))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) walk(path, files, findings);
    else if (isFile(entry, path)) files.push(path);
    else findings.push({ code: 'unknown_format', file: path, line: 0, message: 'it is no file; it was not read' });
  }
}

function isFile(entry: Dirent, path: string): boolean {
  return entry.isFile() || (entry.isSymbolicLink() && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false));
}

function system<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new FeedError('file_not_found', { file: path, line: 0 }, 'there is no such file or folder');
    const detail = error instanceof Error ? error.message : String(error);
    throw new FeedError('file_not_readable', { file: path, line: 0 }, detail);
  }
}
