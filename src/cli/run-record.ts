// What a journal folder says of the run that wrote it, so that the run can be taken up again and no other is mixed into it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastSegment } from '../journal/segment-files.ts';
import { CommandError, exitCodes } from './errors.ts';

/** What decides every command of a run. */
export interface RunRecord {
  /** The command that made the folder. */
  readonly madeBy: 'run';
  /** SHA-256 over everything that decides the commands: markets, bars, accounts, seed, ticks. */
  readonly inputs: string;
  /** Whether forced actions need a warrant: warrants are entries of the journal. */
  readonly guard: string;
  readonly day: string;
  readonly source: string;
  readonly markets: number;
  readonly accounts: number;
  readonly seed: number;
  readonly tickMs: number;
}

const NAME = 'run.json';

/** Whether the run in a folder has a guard: `on` or `off`; undefined when the folder holds no record of a run. */
export function guardOf(folder: string): unknown {
  const file = join(folder, NAME);
  return existsSync(file) ? readRecord(file)['guard'] : undefined;
}

/**
 * Writes the record of a new run, or checks that the one that is there is of the same run. Refuses (`journal_of_another_run`)
 * any other, naming the first thing that differs.
 */
export function claimFolder(folder: string, record: RunRecord): void {
  const file = join(folder, NAME);
  if (!existsSync(file)) {
    if (lastSegment(folder) > 0) {
      throw new CommandError('journal_without_run', `${folder} holds a journal, but no ${NAME} that says of which run`);
    }
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    return;
  }
  const found = readRecord(file);
  for (const [key, value] of Object.entries(record)) {
    const there = found[key];
    if (there === value || key === 'madeBy') continue;
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
