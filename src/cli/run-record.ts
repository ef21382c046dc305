// What a journal folder says of the run that wrote it, so that the run can be taken up again and no other is mixed into it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, exitCodes } from './errors.ts';

/** What decides every command of a run. */
export interface RunRecord {
  readonly day: string;
  readonly source: string;
  readonly markets: number;
  readonly accounts: number;
  readonly seed: number;
  readonly tickMs: number;
}

const NAME = 'run.json';

/** True when the folder holds the record of a run. */
export function hasRunRecord(folder: string): boolean {
  return existsSync(join(folder, NAME));
}

/**
 * Writes the record of a new run, or checks that the one that is there is of the same run. Refuses (`journal_of_another_run`)
 * any other, naming the first thing that differs.
 */
export function claimFolder(folder: string, record: RunRecord): void {
  const file = join(folder, NAME);
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    return;
  }
  const found = readRecord(file);
  for (const [key, value] of Object.entries(record)) {
    const there = found[key];
    if (there === value) continue;
    throw new CommandError(
      'journal_of_another_run',
      `${folder} holds a run with ${key} ${JSON.stringify(there)}, this one has ${JSON.stringify(value)}; choose another --journal`,
    );
  }
}

function readRecord(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new CommandError('run_record_unreadable', `${file}: ${String(error)}`, exitCodes.corruption);
  }
}
