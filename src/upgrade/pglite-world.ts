/** Copies and exchange of embedded databases: folders beside each other in the database folder of an exchange. */
import { existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Database } from '../store/database.ts';
import { openPglite } from '../store/pglite-database.ts';
import { copyPglite, PGLITE_FOLDER, swapPglite } from '../store/pglite-folders.ts';
import type { CopyRole, World } from './world.ts';

export class PgliteWorld implements World {
  readonly engine = 'pglite';
  private readonly folder: string;
  private readonly number: number;
  private readonly statementMs: number | undefined;

  /** The embedded database in a folder as the live one of upgrade `number`; no statement on a copy may take longer than `statementMs`. */
  constructor(folder: string, number: number, statementMs?: number) {
    this.folder = folder;
    this.number = number;
    this.statementMs = statementMs;
  }

  get name(): string {
    return basename(this.folder);
  }

  openLive(): Promise<Database> {
    return openPglite(this.folder);
  }

  open(role: CopyRole): Promise<Database> {
    const { statementMs } = this;
    return openPglite(this.folderOf(role), statementMs === undefined ? {} : { statementMs });
  }

  has(role: CopyRole): Promise<boolean> {
    return Promise.resolve(existsSync(join(this.folderOf(role), PGLITE_FOLDER)));
  }

  copy(from: 'live' | CopyRole, to: CopyRole): Promise<void> {
    copyPglite(from === 'live' ? this.folder : this.folderOf(from), this.folderOf(to));
    return Promise.resolve();
  }

  drop(role: CopyRole): Promise<void> {
    rmSync(this.folderOf(role), { recursive: true, force: true });
    return Promise.resolve();
  }

  swap(from: CopyRole, aside: CopyRole): Promise<void> {
    swapPglite(this.folder, basename(this.folderOf(from)), basename(this.folderOf(aside)));
    return Promise.resolve();
  }

  private folderOf(role: CopyRole): string {
    return join(this.folder, `upgrade-${this.number}-${role}`);
  }
}
