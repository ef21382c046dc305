/** What a procedure tells the database of itself, and what the database knows of it that the files do not say. */
import { setTimeout as sleep } from 'node:timers/promises';
import { publicKeyOf } from '../guard/authority/signature.ts';
import type { Database } from '../store/database.ts';
import type { Evidence, EvidenceFault } from './evidence.ts';
import { withLive } from './steps-before.ts';
import { type ReleaseRun, type UpgradeLimits, withDatabase } from './upgrade-context.ts';
import type { UpgradeFiles } from './upgrade-files.ts';
import { type UpgradeMigration, upgradeMigrationHash } from './upgrade-migration.ts';
import { recordedHashes, UpgradeActive, writeRecord } from './upgrade-record.ts';
import type { Venue } from './venue.ts';
import type { World } from './world.ts';

const RETRY_MS = 250;

/**
 * The documents of an upgrade are not as they were written, not those that the database recorded, or others than the holder of this key
 * began it. Nothing was done: going on would sign what cannot be vouched for.
 */
export class EvidenceRefused extends Error {
  readonly code: 'evidence_edited' | 'evidence_of_another_key';
  constructor(id: string, { ordinal, what, about }: EvidenceFault) {
    super(`${id}, document ${ordinal}: ${what}: ${about}`);
    this.name = 'EvidenceRefused';
    this.code = what === 'key_changed' ? 'evidence_of_another_key' : 'evidence_edited';
  }
}

/** What ends the process, or is a mistake of this program: no verdict. */
export function endsProcedure(error: Error): boolean {
  return (
    error instanceof UpgradeActive ||
    error instanceof EvidenceRefused ||
    error.name === 'ProcessEnded' ||
    error instanceof TypeError
  );
}

interface RecordOptions {
  readonly id: string;
  readonly files: UpgradeFiles;
  readonly world: World;
  readonly venue: Venue;
  readonly migration: UpgradeMigration;
  readonly release?: ReleaseRun;
  readonly limits: UpgradeLimits;
  readonly seed: Uint8Array;
}

export class ProcedureRecord {
  private readonly options: RecordOptions;
  private isCompared = false;

  constructor(options: RecordOptions) {
    this.options = options;
  }

  /**
   * A server knows the hashes of what was written: documents that were removed are missed before anything is done behind those that are
   * left (throws `EvidenceRefused`). The files are written first, so that its record is never ahead of them. The embedded database, which
   * the exchange has open, has the plan alone until the end, and is not asked.
   */
  async requireSame(): Promise<void> {
    const { id, files, world, seed } = this.options;
    if (this.isCompared || world.engine !== 'postgres' || this.isAbsent) return;
    const hashes = await withDatabase(world.openLive(), (database) => recordedHashes(database, id));
    const verified = files.verify({ key: publicKeyOf(seed), hashes });
    if (!verified.sound) throw new EvidenceRefused(id, verified.fault);
    this.isCompared = true;
  }

  /**
   * The record where that is easy: a server takes more than one at a time. One that does not answer gets it with a later step: the files
   * have it already.
   */
  async writeIfShared(chain: readonly Evidence[]): Promise<void> {
    if (this.options.world.engine !== 'postgres') return;
    try {
      await this.write(chain, true);
    } catch (error) {
      if (!(error instanceof Error) || endsProcedure(error)) throw error;
    }
  }

  /** The record of an end is tried as long as a step would be: another upgrade must not find this one active. */
  async writeEnd(chain: readonly Evidence[], isActive: boolean): Promise<void> {
    const { holdMs } = this.options.limits;
    const until = performance.now() + holdMs;
    for (;;) {
      try {
        return await this.write(chain, isActive);
      } catch (error) {
        if (!(error instanceof Error) || endsProcedure(error) || performance.now() >= until) throw error;
        await sleep(Math.min(RETRY_MS, holdMs));
      }
    }
  }

  /** Writes what the record lacks. Refuses (throws `UpgradeActive`) while another is active. */
  async write(chain: readonly Evidence[], isActive: boolean): Promise<void> {
    const { id, migration, world, release } = this.options;
    if (this.isAbsent) return;
    const [name, hash] =
      release === undefined
        ? [migration.name, upgradeMigrationHash(migration)]
        : [`release ${release.release.folder}`, release.release.hash];
    const head = { id, migration: name, migrationHash: hash, isActive };
    const writeTo = (database: Database): Promise<void> => writeRecord(database, head, chain);
    // While it is paused, or there is none, the exchange has the database closed.
    if (world.engine === 'postgres') await withDatabase(world.openLive(), writeTo);
    else await withLive(this.options, writeTo);
  }

  /** An exchange that has a journal alone. */
  private get isAbsent(): boolean {
    return this.options.release?.hasDatabase === false;
  }
}
