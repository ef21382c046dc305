/**
 * One writer a journal: a file that exists while a process writes, and says which.
 *
 * It is created only if it is not there. One that a dead process left behind is taken over; a process is known by its number
 * and, where the system tells, by the time it started, since numbers come again.
 */
import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_NAME = 'lock';

/** Another process, or another part of this one, writes the journal. */
export class JournalLocked extends Error {
  readonly file: string;
  constructor(file: string, holder: string) {
    super(`the journal is in use: ${file} names process ${holder}`);
    this.name = 'JournalLocked';
    this.file = file;
  }
}

/** Takes the lock of a folder and returns what gives it back. Refuses (`JournalLocked`) while its holder lives. */
export function takeLock(folder: string): () => void {
  const file = join(folder, LOCK_NAME);
  if (!create(file)) {
    removeDead(file);
    if (!create(file)) throw new JournalLocked(file, readHolder(file) ?? 'that just took it');
  }
  let isHeld = true;
  return () => {
    if (isHeld) unlinkSync(file);
    isHeld = false;
  };
}

/** The lock appears with what it says, so that no crash leaves one that says nothing. False when there is one already. */
function create(file: string): boolean {
  const own = `${file}.by-${process.pid}`;
  try {
    writeFileSync(own, identity(process.pid));
    linkSync(own, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes the lock of a dead process. Of two who try at once, the one who links it to the name of the dead may remove it. */
function removeDead(file: string): void {
  const holder = readHolder(file);
  if (holder === undefined) return;
  const pid = Number.parseInt(holder, 10);
  if (!Number.isInteger(pid) || isAlive(pid, holder)) throw new JournalLocked(file, holder);
  const grave = `${file}.of-${holder.replaceAll(/\W/g, '-')}`;
  try {
    linkSync(file, grave);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    if (isCode(error, 'EEXIST')) throw new JournalLocked(file, `${holder}, which is dead; ${grave} is in the way`);
    throw error;
  }
  unlinkSync(file);
  unlinkSync(grave);
}

function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The number of a process and, on Linux, when it started, in clock ticks since the machine did. */
function identity(pid: number): string {
  const startedTicks = startTicks(pid);
  return startedTicks === undefined ? String(pid) : `${pid} started ${startedTicks}`;
}

function startTicks(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22; the name in field 2 may hold blanks and brackets.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended and waits to be counted: it writes nothing any more.
    return fields[0] === 'Z' ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number, holder: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false;
  }
  return startTicks(pid) === undefined || identity(pid) === holder;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
