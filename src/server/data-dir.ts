/**
 * The folder of a running exchange: who it is, its journal, its embedded database, the socket by which it is controlled. One process at a
 * time has it.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../chain/digest.ts';
import { JournalLocked, takeLock } from '../journal/lock-file.ts';
import { sha256 } from '../journal/node-digest.ts';
import { lastSegment, syncFolder } from '../journal/segment-files.ts';
import { type Fact, textFact, UNSET } from '../upgrade/unset.ts';

const RECORD = 'exchange.json';

/** Another process runs an exchange in the folder. Nothing was touched. */
export class DataDirInUse extends Error {
  readonly code = 'data_dir_in_use';
  constructor(path: string, cause: Error) {
    super(`an exchange runs in ${path}: ${cause.message}`, { cause });
    this.name = 'DataDirInUse';
  }
}

/** What says who the exchange in a folder is cannot be read, or says it of another. Nothing was touched. */
export class BadDataDir extends Error {
  readonly code: 'exchange_record_unreadable' | 'data_dir_of_another_exchange';
  constructor(code: BadDataDir['code'], message: string) {
    super(message);
    this.name = 'BadDataDir';
    this.code = code;
  }
}

/** What tells an exchange from every other. */
export interface ExchangeRecord {
  /** Identity of the history, for ever. */
  readonly exchange: string;
  /** Digest of what its traders and prices are made of, so that no other world is mixed into it. */
  readonly inputs: string;
}

export class DataDir {
  /** Real path. */
  readonly path: string;
  readonly record: ExchangeRecord;
  private readonly unlock: () => void;

  private constructor(path: string, record: ExchangeRecord, unlock: () => void) {
    this.path = path;
    this.record = record;
    this.unlock = unlock;
  }

  /**
   * Takes the folder, which is made when it is not there, for an exchange of these inputs. Refuses (throws) one in which an exchange runs
   * (`DataDirInUse`), and one whose exchange is another, or that does not say which (`BadDataDir`).
   */
  static open(folder: string, inputs: string): DataDir {
    mkdirSync(folder, { recursive: true });
    return DataDir.take(folder, (path) => claim(path, inputs));
  }

  /** Takes the folder of an exchange that is there, whatever its inputs. Refuses (throws) as `open` does, and a folder without one. */
  static reopen(folder: string): DataDir {
    return DataDir.take(folder, readExchangeRecord);
  }

  private static take(folder: string, recordOf: (path: string) => ExchangeRecord): DataDir {
    const path = realpathSync(folder);
    let unlock: () => void;
    try {
      unlock = takeLock(path);
    } catch (error) {
      throw error instanceof JournalLocked ? new DataDirInUse(path, error) : error;
    }
    try {
      return new DataDir(path, recordOf(path), unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  get journal(): string {
    return journalFolder(this.path);
  }

  get database(): string {
    return join(this.path, 'database');
  }

  get socket(): string {
    return socketPath(this.path);
  }

  /** Gives the folder back. */
  close(): void {
    this.unlock();
  }
}

function journalFolder(path: string): string {
  return join(path, 'journal');
}

/** Bytes of a socket's path that every system takes. */
const SOCKET_PATH_BYTES = 100;

/** Where the exchange in a data folder (its real path) listens to those who control it: in it, or, where its path is too long, elsewhere. */
export function socketPath(path: string): string {
  const inside = join(path, 'control.sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_BYTES) return inside;
  return join(tmpdir(), `makewhole-${toHex(sha256(Buffer.from(path))).slice(0, 16)}.sock`);
}

function claim(path: string, inputs: string): ExchangeRecord {
  const file = join(path, RECORD);
  if (!existsSync(file)) {
    if (existsSync(journalFolder(path)) && lastSegment(journalFolder(path)) > 0) {
      throw new BadDataDir(
        'exchange_record_unreadable',
        `${path} holds a journal, but no ${RECORD} that says of which exchange`,
      );
    }
    const record = { exchange: randomUUID(), inputs };
    writeWhole(file, `${JSON.stringify(record, null, 2)}\n`);
    syncFolder(path);
    return record;
  }
  const record = readRecord(file);
  if (record.inputs !== inputs) {
    const why = 'other data, accounts, seed or ticks; start it as it was started first, or choose another --data-dir';
    throw new BadDataDir('data_dir_of_another_exchange', `the exchange in ${path} was made with ${why}`);
  }
  return record;
}

/** Who the exchange in a data folder (its real path) is. Refuses (throws `BadDataDir`) a folder that does not say it. */
export function readExchangeRecord(path: string): ExchangeRecord {
  return readRecord(join(path, RECORD));
}

function readRecord(file: string): ExchangeRecord {
  let found: { readonly exchange?: unknown; readonly inputs?: unknown } | null;
  try {
    found = JSON.parse(readFileSync(file, 'utf8')) as typeof found;
  } catch (error) {
    throw new BadDataDir('exchange_record_unreadable', `${file}: ${String(error)}`);
  }
  const exchange: Fact<string> = textFact(found?.exchange);
  const inputs: Fact<string> = textFact(found?.inputs);
  if (exchange === UNSET || inputs === UNSET) {
    throw new BadDataDir('exchange_record_unreadable', `${file} does not say which exchange it is, or of which inputs`);
  }
  return { exchange, inputs };
}

/** The file appears whole or not at all. */
function writeWhole(file: string, text: string): void {
  const beside = `${file}.partial`;
  const descriptor = openSync(beside, 'w');
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(beside, file);
}
