/**
 * Where the replay of a start begins: with the state of the newest block that is proved to be that block's, and the guard's memory of
 * it; the further back, the longer the replay. Each that is passed over is told by name.
 */
import type { Block } from '../chain/block.ts';
import { isPassed, passedOver } from '../chain/branches.ts';
import type { State } from '../engine/state.ts';
import type { FileJournal } from '../journal/file-journal.ts';
import { readSnapshot, snapshotHeights } from '../journal/snapshot-folder.ts';
import { describeRowDifference } from '../store/compare-rows.ts';
import { type DatabaseState, judgeDatabaseState, type RefusedState } from '../store/recover-from-database.ts';
import { loadGuard, type Remembering } from './guard-record.ts';
import type { Notice } from './notice.ts';

/** From what a start may begin. */
export type StartKind = 'snapshot' | 'database' | 'journal';

/** The end of a block, proved by its root. */
export interface Start {
  readonly kind: 'snapshot' | 'database';
  readonly state: State;
  readonly block: Block;
}

/** The state that a database has is not that of a sealed block: nothing is started from it. */
export class DatabaseStateRefused extends Error {
  readonly code: RefusedState['refusal'];
  readonly refused: RefusedState;
  constructor(refused: RefusedState) {
    const { refusal, about, differences } = refused;
    super([about, ...differences.map(describeRowDifference)].join('; '));
    this.name = 'DatabaseStateRefused';
    this.code = refusal;
    this.refused = refused;
  }
}

export interface FindStartOptions {
  readonly journal: FileJournal;
  readonly folder: string;
  readonly from: StartKind;
  /** What was read of the database; needed to start from it. */
  readonly database: DatabaseState | undefined;
  /** Makes a guard and a reopening without any memory. */
  readonly making: () => Remembering;
  readonly tell: (notice: Notice) => void;
}

export interface FoundStart {
  /** Undefined: before the first command. */
  readonly start: Start | undefined;
  readonly remembering: Remembering;
}

/** Finds it. Refuses (throws `DatabaseStateRefused`) the state of a database that is not that of its block. */
export function findStart(options: FindStartOptions): FoundStart {
  const { from, making } = options;
  if (from === 'database') {
    const found = startOfDatabase(options);
    if (found !== undefined) return found;
  }
  return (from === 'journal' ? undefined : startOfSnapshot(options)) ?? { start: undefined, remembering: making() };
}

function startOfDatabase({ journal, folder, database, making, tell }: FindStartOptions): FoundStart | undefined {
  const judged = judgeDatabaseState(database, journal, { folder, differences: 1 });
  if (!judged.accepted) throw new DatabaseStateRefused(judged);
  const { state, block } = judged;
  const remembering = making();
  const refusal = loadGuard(folder, remembering, block);
  if (refusal === undefined) return { start: { kind: 'database', state, block }, remembering };
  const message = `the database has the state of block ${block.height}, by its root; the guard's memory is not to be had: ${refusal.message}`;
  tell({ name: refusal.what, message, isTrouble: true });
  return undefined;
}

function startOfSnapshot({ journal, folder, making, tell }: FindStartOptions): FoundStart | undefined {
  const passed = passedOver(journal.restores, journal.height);
  for (const height of snapshotHeights(folder)) {
    const refuse = (what: string, message: string): void =>
      tell({ name: 'snapshot_refused', message: `block ${height}: ${what}: ${message}`, isTrouble: true });
    const block = journal.block(height);
    // One of a branch that a rollback ended is nobody's fault.
    if (block === undefined || isPassed(passed, height)) continue;
    const remembering = making();
    const unfit = loadGuard(folder, remembering, block);
    if (unfit !== undefined) {
      refuse(unfit.what, unfit.message);
      continue;
    }
    const read = readSnapshot(folder, block);
    if ('state' in read) return { start: { kind: 'snapshot', state: read.state, block }, remembering };
    refuse(read.refusal.what, read.refusal.message);
  }
  return undefined;
}
