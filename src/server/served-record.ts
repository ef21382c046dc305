/**
 * How the exchange of a data folder was started last: by which release, with which options. Whoever hands it over to another release, or
 * back, starts it the same way. It may hold the password of a database: the owner alone reads it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'serve.json';

export interface ServedRecord {
  /** Folder of the release that serves. */
  readonly program: string;
  /** The arguments behind `serve`, with whole paths; the embedded database is named by none. */
  readonly args: readonly string[];
  readonly process: number;
}

/** Writes it for a data folder (its real path), whole. */
export function writeServedRecord(path: string, record: ServedRecord): void {
  const file = join(path, FILE);
  const beside = `${file}.partial`;
  rmSync(beside, { force: true });
  const descriptor = openSync(beside, 'wx', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(record, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(beside, file);
}

/** Reads it; undefined where no exchange was served by a release that writes it. */
export function readServedRecord(path: string): ServedRecord | undefined {
  let found: Partial<ServedRecord> | null;
  try {
    found = JSON.parse(readFileSync(join(path, FILE), 'utf8')) as typeof found;
  } catch {
    return undefined;
  }
  const { program, args, process } = found ?? {};
  const isWhole = typeof program === 'string' && typeof process === 'number' && Array.isArray(args);
  return isWhole && args.every((arg) => typeof arg === 'string') ? { program, args, process } : undefined;
}
