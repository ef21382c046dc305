/** The record of upgrades as files: one folder for each, one document of evidence for each step, durable before the next begins. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../journal/segment-files.ts';
import { type Evidence, evidenceText, type EvidenceVerdict, verifyEvidence } from './evidence.ts';

const NAME = /^(\d+)-([0-9a-f]{8})$/;
const DOCUMENT = /^(\d{2})-([A-Z_]+)\.json$/;

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

  /** The documents of an upgrade in the folder of all. */
  constructor(upgrades: string, id: string) {
    this.folder = join(upgrades, id);
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

  /** Writes a document: whole, and durable when this returns. Refuses (throws) one whose file is there. */
  write(evidence: Evidence): void {
    mkdirSync(this.folder, { recursive: true });
    const file = join(this.folder, UpgradeFiles.nameOf(evidence));
    if (existsSync(file)) throw new Error(`${file} is there already`);
    const descriptor = openSync(`${file}.partial`, 'w');
    try {
      writeSync(descriptor, evidenceText(evidence));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(`${file}.partial`, file);
    syncFolder(this.folder);
  }
}
