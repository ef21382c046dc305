/** `bench journal`: the whole durable loop, how many commands a second it takes and how long one waits to be durable. */
import { type DurableOptions, batchesOf, type Grouping, openDurable } from './durable.ts';
import { requireState } from './fingerprint.ts';
import { type Latency, measureLatency } from './latency.ts';
import { type LoopTimes, newLoopTimes } from './loop-times.ts';
import { FiguresDiffer } from './matching.ts';
import { type Recording, recordInThread } from './recording.ts';
import { filesystemOf, withScratchFolder } from './scratch-folder.ts';
import { type Elapsed, measureSeries, median, rounded, type Series, startStopwatch, type Tell } from './series.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

export interface JournalRequest extends Grouping {
  readonly source: WorkloadSource;
  readonly runs: number;
  /** Where the journals are written. */
  readonly folder?: string;
  /** Commands a second of the run in which latency is measured; half of what was measured unless said. */
  readonly rate?: number;
  /** How long that run is, seconds. */
  readonly pacedSeconds: number;
}

/** What the loop's own thread does for one command, nanoseconds; medians over the runs. */
interface LoopShares {
  readonly engine: number;
  readonly append: number;
  readonly sync: number;
  readonly roots: number;
}

export interface JournalResult extends Series, Grouping {
  readonly commands: number;
  readonly shares: LoopShares;
  readonly blocks: number;
  readonly syncs: number;
  readonly journalBytes: number;
  readonly filesystem: string;
  readonly latency: Latency;
  readonly workload: WorkloadSummary;
}

/** Measures the durable loop, then the latency at a fixed rate. Throws unless every run ends in the recorded state. */
export async function measureJournal(request: JournalRequest, tell: Tell): Promise<JournalResult> {
  const recording = await recordInThread({ source: request.source, withForced: false });
  const { commands, workload } = recording;
  tell(`${commands.commands} commands, ${workload.markets} markets, ${workload.accounts} accounts`);
  return withScratchFolder(request.folder, async (scratch) => {
    const runs: DurableRun[] = [];
    const series = await measureSeries(request.runs, tell, async () => {
      const run = await withScratchFolder(scratch, (folder) => runDurable(folder, recording, request));
      runs.push(run);
      return { elapsed: run.elapsed, units: run.commands };
    });
    const rate = request.rate ?? Math.round(series.opsPerSecond / 2);
    const paced = { ...request, rate, seconds: request.pacedSeconds };
    const latency = await withScratchFolder(scratch, (folder) => measureLatency(folder, recording, paced, tell));
    const { commands: applied, times, blocks, journalBytes } = runs.at(-1) as DurableRun;
    return {
      ...series,
      batchCommands: request.batchCommands,
      blockCommands: request.blockCommands,
      commands: applied,
      shares: sharesOf(runs.slice(1)),
      blocks,
      syncs: times.syncs,
      journalBytes,
      filesystem: filesystemOf(scratch),
      latency,
      workload,
    };
  });
}

interface DurableRun {
  readonly elapsed: Elapsed;
  readonly commands: number;
  readonly blocks: number;
  readonly journalBytes: number;
  readonly times: LoopTimes;
}

/** One run with a new journal: the time from the first command to the end of the last block, durable. */
async function runDurable(folder: string, recording: Recording, grouping: Grouping): Promise<DurableRun> {
  const times = newLoopTimes();
  const options: DurableOptions = { ...grouping, times };
  const { exchange, journal, close } = openDurable(folder, recording, options);
  try {
    const before = { sequence: exchange.sequence, height: journal.height, bytes: journal.bytes };
    Object.assign(times, newLoopTimes());
    const stop = startStopwatch();
    for (const batch of batchesOf(recording.commands, grouping.batchCommands)) exchange.submit(batch);
    exchange.finish();
    const elapsed = stop();
    requireState('the durable loop', exchange.state, recording.outcome.fingerprint);
    if (journal.sequence !== exchange.sequence)
      throw new FiguresDiffer('sequence', journal.sequence, exchange.sequence);
    return {
      elapsed,
      commands: exchange.sequence - before.sequence,
      blocks: journal.height - before.height,
      journalBytes: journal.bytes - before.bytes,
      times,
    };
  } finally {
    await close();
  }
}

/** The medians of what the loop's thread did, by what it was spent on; all that is not journal or roots is the engine's. */
function sharesOf(runs: readonly DurableRun[]): LoopShares {
  const each = (of: (run: DurableRun) => number): number =>
    rounded(median(runs.map((run) => of(run) / run.commands)), 1);
  return {
    engine: each(({ elapsed, times }) => elapsed.wallNs - (times.append + times.sync + times.roots) * 1e6),
    append: each(({ times }) => times.append * 1e6),
    sync: each(({ times }) => times.sync * 1e6),
    roots: each(({ times }) => times.roots * 1e6),
  };
}
