// How a command ends when it cannot do its work: an error with a name, and the exit code that goes with it.
import { CommanderError } from 'commander';

/** The exit codes of every command, also printed by `makewhole --help`. */
export const exitCodes = {
  ok: 0,
  /** The command did its work and found something: a divergence, a failed check. */
  finding: 1,
  /** The arguments or the input are wrong, or the system refuses (a missing file, a full disk). */
  badInput: 2,
  /** Stored history is corrupt: a broken checksum, a broken chain, a root that differs. */
  corruption: 3,
  /** A bug in makewhole itself. */
  bug: 70,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error that a command reports by name, for instance `file_not_found`: lower case, words joined by underscores, as the engine names refusals. */
export class CommandError extends Error {
  override readonly name: string;
  readonly exitCode: ExitCode;

  constructor(name: string, message: string, exitCode: ExitCode = exitCodes.badInput) {
    super(shortened(message));
    this.name = name;
    this.exitCode = exitCode;
  }
}

const systemErrors: Readonly<Record<string, string>> = {
  ENOENT: 'file_not_found',
  EACCES: 'permission_denied',
  EPERM: 'permission_denied',
  EISDIR: 'not_a_file',
  ENOTDIR: 'not_a_folder',
  EEXIST: 'file_exists',
  ENOSPC: 'disk_full',
  EROFS: 'read_only_disk',
  EMFILE: 'too_many_open_files',
  EADDRINUSE: 'port_in_use',
};

function systemCode(error: Error): string | undefined {
  const isSystemError = 'syscall' in error && 'code' in error && typeof error.code === 'string';
  return isSystemError ? String(error.code) : undefined;
}

/** The name that a folder gave to its refusal of bad input: a `code` in lower case, words joined by underscores. */
function refusalCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' && /^[a-z][a-z_]*$/.test(error.code)
    ? error.code
    : undefined;
}

/** Errors of the journal and of the database, by their class: what they are called here, and how a command ends. */
const storageErrors: Readonly<Record<string, readonly [name: string, exitCode: ExitCode]>> = {
  JournalCorrupt: ['journal_corrupt', exitCodes.corruption],
  JournalLocked: ['journal_in_use', exitCodes.badInput],
  JournalFailed: ['journal_failed', exitCodes.badInput],
  ForgedAct: ['act_forged', exitCodes.corruption],
  ProjectionDiverges: ['journal_diverges', exitCodes.corruption],
  DatabaseUnavailable: ['database_unavailable', exitCodes.badInput],
  MigrationRefused: ['migration_refused', exitCodes.badInput],
  SqlFailed: ['database_refused', exitCodes.badInput],
  ProjectedByAnother: ['database_in_use', exitCodes.badInput],
};

/** SQLSTATE of a database whose disk is full. */
const DISK_FULL = '53100';

/** An error of what keeps history under its name, with what caused it. */
function storageError(error: Error): CommandError | undefined {
  const known = storageErrors[error.name];
  if (known === undefined) return undefined;
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  // A full disk is what a person must hear of, whoever met it.
  const isFull =
    (error.cause instanceof Error && systemCode(error.cause) === 'ENOSPC') ||
    ('code' in error && error.code === DISK_FULL);
  return new CommandError(isFull ? 'disk_full' : known[0], `${error.message}${cause}`, known[1]);
}

/** The longest message that is printed: a refusal may quote what it refuses, and that may be a whole file. */
const MESSAGE_LIMIT = 2000;

function shortened(text: string): string {
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT)} … (${text.length} characters)`;
}

/**
 * Returns the named error for anything that was thrown. What the argument parser, the operating system and a reader of
 * input refuse is bad input; what nobody named is a bug, and keeps its stack as the cause.
 */
export function toCommandError(thrown: unknown): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (thrown instanceof CommanderError) {
    return new CommandError(snakeCase(thrown.code.replace(/^commander\./, '')), thrown.message.replace(/^error: /, ''));
  }
  if (thrown instanceof Error) {
    const storage = storageError(thrown);
    if (storage !== undefined) return storage;
    const system = systemCode(thrown);
    if (system !== undefined) return new CommandError(systemErrors[system] ?? 'system_error', thrown.message);
    const refusal = refusalCode(thrown);
    if (refusal !== undefined) return new CommandError(refusal, thrown.message);
  }
  const bug = new CommandError('bug', thrown instanceof Error ? thrown.message : String(thrown), exitCodes.bug);
  bug.cause = thrown;
  return bug;
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
