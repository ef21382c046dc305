// Where an upgrade works: the data folder of an exchange, its database, the exchange itself, running or not.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../journal/lock-file.ts';
import { controlledVenue, isExchangeRunning } from '../server/controlled-venue.ts';
import { readExchangeRecord, socketPath } from '../server/data-dir.ts';
import { type FolderHold, handOverOf } from '../server/served-folder.ts';
import { readServedRecord } from '../server/served-record.ts';
import { seatOf } from '../upgrade/birth.ts';
import type { HandOver } from '../upgrade/hand-over.ts';
import { PgliteWorld } from '../upgrade/pglite-world.ts';
import { PostgresWorld } from '../upgrade/postgres-world.ts';
import { STOPPED, type Venue } from '../upgrade/venue.ts';
import type { World } from '../upgrade/world.ts';
import { CommandError } from './errors.ts';
import { newKey, type PrivateKey, readKeyFile, writeKeyFile } from './key-file.ts';

export interface PlaceOptions {
  readonly dataDir: string;
  readonly database?: string;
  readonly key?: string;
}

export interface UpgradePlace {
  readonly venue: Venue;
  /** Whichever process serves from the folder, now or later. */
  readonly controlled: Venue;
  readonly journal: string;
  readonly exchange: string;
  readonly seat: string;
  /** The folder of all upgrades. */
  readonly upgrades: string;
  /** The world of the upgrade of a number; no statement on a copy may take longer than `statementMs`. */
  readonly world: (number: number, statementMs?: number) => World;
  /** The exchange as one that can be stopped and started by another release; the upgrade of a number keeps its copy. */
  readonly handOver: (id: string) => HandOver;
  /** False where the exchange was started without a database, and none is named. */
  readonly hasDatabase: boolean;
  readonly close: () => void;
}

/** Where an exchange has a journal alone, by its operator's word. */
const NO_DATABASE = 'none';

/** The folder of the upgrades of a data folder. Refuses (named) one that is not there. */
export function upgradesFolder({ dataDir }: PlaceOptions): string {
  if (!existsSync(dataDir)) throw new CommandError('data_dir_not_found', `there is no folder ${dataDir}`);
  return join(realpathSync(dataDir), 'upgrades');
}

/** The database that the options name, for the upgrade of a number. */
export function worldOf({ dataDir, database }: PlaceOptions, number: number, statementMs?: number): World {
  const url = database ?? process.env['DATABASE_URL'];
  // Without one a release alone is upgraded, and no world is asked for.
  return url === undefined || url === '' || url === NO_DATABASE
    ? new PgliteWorld(join(realpathSync(dataDir), 'database'), number, statementMs)
    : new PostgresWorld(url, number, statementMs);
}

/**
 * Takes the place of an upgrade for this process alone. Where no exchange runs, its folder is held, so that none is started meanwhile.
 * Refuses (named) a folder that is none of an exchange, and one in which another upgrade is at work.
 */
export async function takePlace(options: PlaceOptions): Promise<UpgradePlace> {
  const upgrades = upgradesFolder(options);
  const path = realpathSync(options.dataDir);
  const { exchange } = readExchangeRecord(path);
  mkdirSync(upgrades, { recursive: true });
  const unlock = takeLock(upgrades);
  try {
    const isRunning = await isExchangeRunning(socketPath(path));
    const hold = new Hold(path);
    if (!isRunning) hold.take();
    return {
      controlled: controlledVenue(socketPath(path)),
      venue: isRunning ? controlledVenue(socketPath(path)) : STOPPED,
      journal: join(path, 'journal'),
      exchange,
      // A seat stands for whoever holds the folder: beside a running exchange that is not this process.
      seat: isRunning ? `${seatOf(path)} upgrade` : seatOf(path),
      upgrades,
      world: (number, statementMs) => worldOf(options, number, statementMs),
      handOver: (id) => handOverOf(path, join(upgrades, id, 'copy'), hold),
      hasDatabase: hasDatabase(path, options),
      close: () => {
        hold.free();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Where none is named: the one that the exchange was served with, if it was with any. */
function hasDatabase(path: string, { database }: PlaceOptions): boolean {
  const named = database ?? process.env['DATABASE_URL'] ?? '';
  const args = readServedRecord(path)?.args ?? [];
  if (named === NO_DATABASE || (named === '' && args.includes(NO_DATABASE))) return false;
  return named !== '' || existsSync(join(path, 'database'));
}

/** The lock of a data folder, while nothing is served from it. */
class Hold implements FolderHold {
  private readonly path: string;
  private unlock: (() => void) | undefined;

  constructor(path: string) {
    this.path = path;
  }

  take(): void {
    this.unlock ??= takeLock(this.path);
  }

  free(): void {
    this.unlock?.();
    this.unlock = undefined;
  }
}

/** The key that signs evidence: that of the file, or the one of the data folder, which is made when there is none. */
export function upgradeKey({ key }: PlaceOptions, upgrades: string): PrivateKey {
  if (key !== undefined) return readKeyFile(key);
  const file = join(upgrades, 'key.json');
  if (!existsSync(file)) writeKeyFile(file, newKey());
  return readKeyFile(file);
}
