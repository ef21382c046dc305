/** The record of upgrades as files: one folder for each, one document of evidence for each step, durable before the next begins. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, fileDisk } from '../journal/disk.ts';
import { writeWholeFile } from '../journal/whole-file.ts';
import { type Evidence, evidenceText, type EvidenceVerdict, verifyEvidence } from './evidence.ts';

const NAME = /^(\d+)-([0-9a-f]{8})$/;
const DOCUMENT = /^(\d{2})-([A-Z_]+)\.json$/;
/** Room for the documents of the way back, should the disk be full by then. */
const RESERVE = 'reserve';
const RESERVE_BYTES = 262_144;

/** Whose upgrade is one of `number`: its place in the order of all, and the beginning of its migration's hash. */
export function upgradeId(number: number, migrationHash: string): string {
  return `${number}-${migrationHash.slice(0, 8)}`;
}

/** The number of an upgrade, by its id. */
export function numberOf(id: string): number {
  return Number(NAME.exec(id)?.[1] ?? Number.NaN);
}

/** The ids of all upgrades in a folder, oldest first. */
export function upgradesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b));
}

export class UpgradeFiles {
  private readonly folder: string;
  private readonly disk: Disk;

  /** The documents of an upgrade in the folder of all. */
  constructor(upgrades: string, id: string, disk: Disk = fileDisk) {
    this.folder = join(upgrades, id);
    this.disk = disk;
  }

  /** The name of a document's file. */
  static nameOf({ ordinal, state }: Pick<Evidence, 'ordinal' | 'state'>): string {
    return `${String(ordinal).padStart(2, '0')}-${state}.json`;
  }

  /** Texts of all documents, in their order. */
  texts(): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder)
      .filter((name) => DOCUMENT.test(name))
      .sort()
      .map((name) => readFileSync(join(this.folder, name), 'utf8'));
  }

  verify(options: Parameters<typeof verifyEvidence>[1] = {}): EvidenceVerdict {
    return verifyEvidence(this.texts(), options);
  }

  /** Keeps room for what is still to be written when the disk is full; throws what a disk does: then nothing can be begun. */
  reserve(): void {
    mkdirSync(this.folder, { recursive: true });
    const file = join(this.folder, RESERVE);
    // Zeros may cost no room.
    const bytes = new Uint8Array(RESERVE_BYTES).map((_, at) => (at * 167 + (at >> 8)) & 0xff);
    if (!existsSync(file)) writeWholeFile(file, this.disk, (descriptor) => this.disk.write(descriptor, [bytes], 0));
  }

  /** Gives the room back; the folder goes with it where no document was written. */
  freeReserve(): void {
    rmSync(join(this.folder, RESERVE), { force: true });
    if (existsSync(this.folder) && readdirSync(this.folder).length === 0) rmdirSync(this.folder);
  }

  /** Writes a document: whole, and durable when this returns. Refuses (throws) one whose file is there; throws what a disk does, and there is none then. */
  write(evidence: Evidence): void {
    mkdirSync(this.folder, { recursive: true });
    const file = join(this.folder, UpgradeFiles.nameOf(evidence));
    if (existsSync(file)) throw new Error(`${file} is there already`);
    const text = new TextEncoder().encode(evidenceText(evidence));
    writeWholeFile(file, this.disk, (descriptor) => this.disk.write(descriptor, [text], 0));
  }
}
