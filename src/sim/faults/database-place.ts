/**
 * The database of the venue of a cell: its history from the first command on, and its state when the fault strikes, with the journal that
 * both are projected from.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from '../../chain/block.ts';
import { copyState } from '../../chain/copy-state.ts';
import { readCommand } from '../../chain/command-record.ts';
import { diffStates } from '../../chain/state-difference.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import type { CommandRecord } from '../../chain/command-value.ts';
import type { State } from '../../engine/state.ts';
import { openFileJournal } from '../../journal/file-journal.ts';
import { JournalReader } from '../../journal/journal-reader.ts';
import { saveSnapshot } from '../../journal/snapshot-folder.ts';
import type { Database } from '../../store/database.ts';
import { catchUp } from '../../store/follow-journal.ts';
import { loadState } from '../../store/load-state.ts';
import { takeLease } from '../../store/lease.ts';
import { migrate } from '../../store/migrate.ts';
import { MIGRATIONS } from '../../store/migrations.ts';
import { sayEpoch } from '../../upgrade/chunks.ts';
import { recordedBase } from '../drill/base-history.ts';
import { ACCOUNTS } from './base.ts';
import type { DatabaseSite } from './database-site.ts';
import { LAG_TICKS } from './database-fault.ts';
import type { Regime } from './fault.ts';
import { isSnapshotTick, statusBefore } from './phases.ts';
import { STRIKE_TICK } from './regime-day.ts';
import { SILENT, type TrueRun, type TrueTick } from './true-run.ts';
import { Venue } from './venue.ts';

/** Gives a regime's base a journal and a database, for the places of the regime to be copied from. */
export async function makeBase(site: DatabaseSite, regime: Regime, seed: number): Promise<void> {
  const folder = baseJournal(site, regime);
  const { journal } = openFileJournal(folder);
  const base = recordedBase(journal, { regime, seed, accounts: ACCOUNTS });
  saveSnapshot(folder, base.state, journal.block(journal.height) as Block);
  journal.close();
  const database = await site.open(baseName(regime));
  try {
    await migrate(database, MIGRATIONS);
    await catchUp({ database, folder });
    await takeTwice(database);
  } finally {
    await database.close();
  }
}

/** The second of two processes has written last: epoch 2 is the newest. */
async function takeTwice(database: Database): Promise<void> {
  for (const birthId of ['the process before', 'the process']) {
    const request = { exchange: EXCHANGE, seat: SEAT, birthId, birth: {}, timeMs: 60_000 };
    const lease = await takeLease(database, { ...request, durable: undefined, hashAt: () => undefined });
    await lease.release(undefined);
  }
}

/** Whose history it is, where it runs, and the epoch of the process before. */
export const EXCHANGE = 'matrix';
export const SEAT = 'matrix';
export const OLD_EPOCH = 1;

export function baseName(regime: Regime): string {
  return `base_${regime}`;
}

export function baseJournal({ folder }: DatabaseSite, regime: Regime): string {
  return join(folder, `journal_${regime}`);
}

/** What there is when a fault strikes. */
export interface DatabasePlace {
  /** Name of the database, which nobody has open. */
  readonly live: string;
  /** Folder of its journal, which ends with the block whose state the database has. */
  readonly journal: string;
  readonly reader: JournalReader;
  readonly state: State;
  readonly earlier: State;
  /** Made when it is asked for. */
  readonly branch: () => State;
}

/** Makes the database of the venue of a true world as the process that starts at the strike finds it. */
export async function makePlace(site: DatabaseSite, run: TrueRun): Promise<DatabasePlace> {
  const { regime } = run.base;
  const live = `live_${regime}_${run.phase}`;
  const folder = join(site.folder, `journal_${regime}_${run.phase}`);
  cpSync(baseJournal(site, regime), folder, { recursive: true });
  const { journal } = openFileJournal(folder);
  const venue = new Venue(run.base, false, SILENT, journal);
  const earlier = follow(run, venue);
  const state = copyState(venue.state);
  journal.close();
  await site.copy(baseName(regime), live);
  const database = await site.open(live);
  try {
    await catchUp({ database, folder, before: sayEpoch });
    await requireState(database, state);
  } finally {
    await database.close();
  }
  let parted: State | undefined;
  const branch = (): State => {
    if (parted === undefined) {
      const other = new Venue(run.base, false, SILENT);
      follow(run, other, isOfEven);
      parted = copyState(other.state);
    }
    return parted;
  };
  return { live, journal: folder, reader: new JournalReader(folder), state, earlier, branch };
}

/** The database has the state of the venue, or the matrix would look at something else. */
async function requireState(database: Database, state: State): Promise<void> {
  const [difference] = diffStates(state, await loadState(database), 1);
  if (difference === undefined) return;
  throw new Error(`the database differs from the venue: ${difference.table}/${difference.row}/${difference.column}`);
}

/** Leads a venue through a true world up to the block whose state is kept; returns the state of some ticks before. */
function follow(run: TrueRun, venue: Venue, isThere: Keeps = () => true): State {
  let earlier = copyState(venue.state);
  const isEnd = (tick: number): boolean => isSnapshotTick(run.phase, tick) || tick === STRIKE_TICK;
  const end = run.ticks.find(({ tick }) => isEnd(tick))?.tick ?? STRIKE_TICK;
  for (const tick of run.ticks) {
    if (tick.tick === end) break;
    const isBehind = tick.tick >= end - LAG_TICKS;
    if (tick.tick === end - LAG_TICKS) earlier = copyState(venue.state);
    const status = statusBefore(run.phase, tick.tick);
    if (status !== undefined) venue.setStatus(status, run.base.session.clock.timeOf(tick.tick - 1));
    venue.submit(commandsOf(tick, isBehind ? isThere : () => true));
  }
  venue.save();
  return earlier;
}

type Keeps = (record: CommandRecord) => boolean;

/** What accounts with an even number did, and what nobody did. */
const isOfEven: Keeps = ({ account }) => typeof account !== 'number' || account % 2 === 0;

function commandsOf({ bytes, starts }: TrueTick, isThere: Keeps): CommandBuffer {
  const commands = new CommandBuffer(256);
  for (let place = 0; place + 1 < starts.length; place++) {
    const [from, to] = [starts[place] as number, starts[place + 1] as number];
    if (!isThere(readCommand(bytes, from))) continue;
    commands.append(bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES), 1);
  }
  return commands;
}
