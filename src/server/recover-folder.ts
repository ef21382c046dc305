/** From the journal of a folder to an exchange where it ends, with its guard and the way back of its markets. */
import type { Block } from '../chain/block.ts';
import { headOf } from '../chain/block-sealer.ts';
import { memoryOf, remember } from '../exchange/guard-memory.ts';
import { Exchange, type ExchangeOptions } from '../exchange/exchange.ts';
import { type Recovered, recover } from '../exchange/recover.ts';
import { Reopening } from '../exchange/reopen.ts';
import { componentName } from '../guard/finding.ts';
import { Guard } from '../guard/guard.ts';
import type { HeldCommand } from '../guard/screen.ts';
import type { Disk } from '../journal/disk.ts';
import { type FileJournal, openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { snapshotHeights } from '../journal/snapshot-folder.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import type { DatabaseState } from '../store/recover-from-database.ts';
import { findStart, type Start, type StartKind } from './find-start.ts';
import { KeptStarts, KEEP_BLOCKS } from './kept-starts.ts';
import type { Notice } from './notice.ts';
import type { Remembering } from './guard-record.ts';

/** A block of so much of the exchange's time at speed 1, and so many commands, at most. */
const BLOCK_MS = 2000;
const BLOCK_COMMANDS = 65_536;

/** The journal does not lead where its blocks say, or lost its end: nothing is traded on it. */
export class CannotRecover extends Error {
  readonly code: 'journal_diverges' | 'journal_shorter_than_snapshot';
  constructor(code: CannotRecover['code'], message: string) {
    super(message);
    this.name = 'CannotRecover';
    this.code = code;
  }
}

export interface RecoverFolderOptions {
  /** The journal's. */
  readonly folder: string;
  readonly disk: Disk | undefined;
  /** How many accounts room is made for at once. */
  readonly accounts: number;
  readonly speed: number;
  /** What it starts from, at best: a snapshot unless said. */
  readonly from?: StartKind | undefined;
  /** The state that a database has, to start from. */
  readonly database?: DatabaseState | undefined;
}

export interface ToldOfRecovery {
  readonly tell: (notice: Notice) => void;
  /** What keeps markets from the next rung; empty when nothing. */
  readonly unready: () => string;
  readonly onHeldCommand: (held: HeldCommand) => void;
  readonly onPublish: NonNullable<ExchangeOptions['onPublish']>;
}

export interface RecoveredFolder {
  readonly journal: FileJournal;
  readonly roots: ThreadedRoots;
  readonly guard: Guard;
  readonly reopening: Reopening;
  readonly exchange: Exchange;
  readonly recovered: Recovered;
  /** Where the replay began; undefined: before the first command. */
  readonly start: Start | undefined;
  readonly kept: KeptStarts;
  /** The last block of the journal, and as the replay made it; undefined when it made none. */
  readonly block: Block;
  readonly made: Block | undefined;
}

/**
 * Opens a journal, and goes from the newest start that is proved (`findStart`) to its end by a replay that compares every root; one that
 * is not there begins. Refuses (throws) a journal that is damaged or in use, lost its end or diverges (`CannotRecover`), and the state of
 * a database that is not that of its block (`DatabaseStateRefused`).
 */
export function recoverFolder(options: RecoverFolderOptions, told: ToldOfRecovery): RecoveredFolder {
  const { folder, disk } = options;
  const { tell } = told;
  const { journal, tornTail } = openFileJournal(folder, disk === undefined ? {} : { disk });
  let roots: ThreadedRoots | undefined;
  try {
    const newest = snapshotHeights(folder)[0] ?? -1;
    if (newest > journal.height) {
      const message = `the journal ends with block ${journal.height}, but there is a snapshot of block ${newest}: its end is lost`;
      throw new CannotRecover('journal_shorter_than_snapshot', message);
    }
    if (tornTail !== undefined) {
      const message = `${tornTail.file}: ${tornTail.cutBytes} bytes of an unfinished write were cut at byte ${tornTail.offset}`;
      tell({ name: 'torn_tail', message, isTrouble: true });
    }
    roots = new ThreadedRoots();
    return recoverWith(journal, roots, options, told);
  } catch (error) {
    journal.close();
    void roots?.close();
    throw error;
  }
}

function recoverWith(
  journal: FileJournal,
  roots: ThreadedRoots,
  { folder, accounts, speed, from = 'snapshot', database }: RecoverFolderOptions,
  told: ToldOfRecovery,
): RecoveredFolder {
  const making = (): Remembering => {
    const guard = guardOf(told);
    return { guard, reopening: reopeningOf(guard, told) };
  };
  const { remembering, start } = findStart({ journal, folder, from, database, making, tell: told.tell });
  const { guard, reopening } = remembering;
  let made: Block | undefined;
  const recovered = recover(journal, {
    hash: sha256,
    roots,
    guard,
    reopening,
    capacity: { accounts: accounts + 16 },
    ...(start === undefined
      ? {}
      : { from: { state: start.state, head: headOf(start.block, sha256), isRemembered: true } }),
    onBlock: (block) => {
      made = block;
    },
  });
  refuseDivergence(recovered);
  // Is told the history as a replay tells it, so that what is kept of it is what a replay would lead to.
  const recalled = new Reopening({ guard });
  remember(recalled.history, memoryOf(reopening.history));
  const kept = new KeptStarts(folder, { guard, reopening: recalled }, told.tell);
  const exchange = new Exchange({
    state: recovered.state,
    journal,
    sealer: recovered.sealer,
    guard,
    reopening,
    blockCommands: BLOCK_COMMANDS,
    blockMs: BLOCK_MS * Math.max(1, speed),
    onPublish: (batch) => {
      recalled.recall(recovered.state);
      kept.keepDue(recovered.state);
      told.onPublish(batch);
    },
    snapshotBlocks: KEEP_BLOCKS,
    onSnapshot: (_state, block) => kept.becomeDue(block),
  });
  // Of a new exchange the block before the first command is sealed at once: a birth certificate names a block.
  if (journal.height < 0) exchange.finish();
  const block = journal.block(journal.height) as Block;
  return { journal, roots, guard, reopening, exchange, recovered, start, kept, block, made };
}

function guardOf({ tell, onHeldCommand }: ToldOfRecovery): Guard {
  return new Guard({
    onHeldCommand,
    onFinding: ({ component, check }) => {
      const message = `${componentName(component)}: ${check.name}: ${check.found}, expected ${check.expected}`;
      tell({ name: 'quarantine', message, isTrouble: true });
    },
  });
}

function reopeningOf(guard: Guard, { tell, unready }: ToldOfRecovery): Reopening {
  return new Reopening({
    guard,
    unready,
    onStep: ({ move, market, standing }) => {
      const isTrouble = move === 'down' || move === 'wait';
      tell({ name: `reopening_${move}`, message: `market ${market} is ${standing.rung}`, isTrouble });
    },
  });
}

function refuseDivergence({ replay: { firstDivergence } }: Recovered): void {
  if (firstDivergence === null) return;
  const { what, height, sequence, recorded, replayed } = firstDivergence;
  const message = `block ${height}, after command ${sequence}: ${what} is ${replayed}, recorded ${recorded}`;
  throw new CannotRecover('journal_diverges', message);
}
