/** `bench replay`: a journal read from its files and replayed from the first command, with the roots of every block checked. */
import { BEFORE_GENESIS, BlockSealer } from '../src/chain/block-sealer.ts';
import { replay } from '../src/chain/replay.ts';
import { genesis } from '../src/engine/state.ts';
import { JournalWalk } from '../src/journal/journal-walk.ts';
import { crc32, sha256 } from '../src/journal/node-digest.ts';
import { ThreadedRoots } from '../src/journal/threaded-roots.ts';
import { batchesOf, type Grouping, openDurable } from './durable.ts';
import { requireState } from './fingerprint.ts';
import { FiguresDiffer } from './matching.ts';
import { type Recording, recordInThread } from './recording.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { measureSeries, type Run, type Series, startStopwatch, type Tell } from './series.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

export interface ReplayRequest extends Grouping {
  readonly source: WorkloadSource;
  readonly runs: number;
  readonly folder?: string;
}

export interface ReplayBenchResult extends Series, Grouping {
  /** All commands of the journal: those that open the venue too. */
  readonly commands: number;
  readonly blocks: number;
  readonly workload: WorkloadSummary;
}

interface Written {
  readonly commands: number;
  readonly blocks: number;
}

/** Writes a journal once and measures its replay. Throws unless every replay is equal and ends in the recorded state. */
export async function measureReplay(request: ReplayRequest, tell: Tell): Promise<ReplayBenchResult> {
  const recording = await recordInThread({ source: request.source, withForced: false });
  return withScratchFolder(request.folder, async (folder) => {
    const written = await writeJournal(folder, recording, request);
    tell(`${written.commands} commands in ${written.blocks} blocks`);
    const series = await measureSeries(request.runs, tell, () => replayFolder(folder, recording, written));
    const { batchCommands, blockCommands } = request;
    return { ...series, ...written, batchCommands, blockCommands, workload: recording.workload };
  });
}

async function writeJournal(folder: string, recording: Recording, grouping: Grouping): Promise<Written> {
  const { exchange, journal, close } = openDurable(folder, recording, grouping);
  try {
    for (const batch of batchesOf(recording.commands, grouping.batchCommands)) exchange.submit(batch);
    exchange.finish();
    return { commands: exchange.sequence, blocks: journal.height + 1 };
  } finally {
    await close();
  }
}

/** Replays the journal in the folder as `makewhole verify` does; returns what it took. */
async function replayFolder(folder: string, recording: Recording, written: Written): Promise<Run> {
  const roots = new ThreadedRoots();
  try {
    const state = genesis();
    const stop = startStopwatch();
    const walk = new JournalWalk(folder, crc32);
    const sealer = new BlockSealer(sha256, roots, BEFORE_GENESIS);
    const found = replay(state, walk.entries(), { sealer, hash: sha256, amend: null });
    const elapsed = stop();
    if (!found.equal) throw new Error(`the replay diverges: ${JSON.stringify(found.firstDivergence)}`);
    if (found.commands !== written.commands) throw new FiguresDiffer('commands', found.commands, written.commands);
    if (found.blocks !== written.blocks) throw new FiguresDiffer('blocks', found.blocks, written.blocks);
    requireState('the replay', state, recording.outcome.fingerprint);
    return { elapsed, units: found.commands };
  } finally {
    await roots.close();
  }
}
