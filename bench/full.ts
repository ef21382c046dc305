/** The whole engine: a session applied from the first command to the last, everything on. */
import { genesis, type State } from '../src/engine/state.ts';
import { requireState } from './fingerprint.ts';
import { FiguresDiffer } from './matching.ts';
import { type Memory, memoryOf } from './memory.ts';
import { type Recording, recordInThread } from './recording.ts';
import { collectGarbage, type Elapsed, measureSeries, type Series, startStopwatch, type Tell } from './series.ts';
import { applyOpening, applySession, type SessionCounts } from './session.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

export interface FullResult extends Series, SessionCounts {
  /** All commands applied, prices and ticks among them; times are per operation of the workload. */
  readonly commands: number;
  readonly positions: number;
  readonly liveOrders: number;
  readonly memory: Memory;
  readonly workload: WorkloadSummary;
}

export interface FullRequest {
  readonly source: WorkloadSource;
  readonly runs: number;
}

/** Measures the whole engine. Throws unless every run gives the events and the very state of the recording run. */
export async function measureFull({ source, runs }: FullRequest, tell: Tell): Promise<FullResult> {
  const recording = await recordInThread({ source, withForced: true });
  const { workload, commands, outcome } = recording;
  tell(`${workload.operations} operations, ${workload.markets} markets, ${workload.accounts} accounts`);
  let last: State | undefined;
  const series = await measureSeries(runs, tell, () => {
    last = undefined;
    collectGarbage();
    const run = applyRecording(recording);
    last = run.state;
    return { elapsed: run.elapsed, units: workload.operations };
  });
  const { counts, positions, liveOrders } = outcome;
  const memory = memoryOf(last as unknown as State);
  return { ...series, ...counts, commands: commands.commands, positions, liveOrders, memory, workload };
}

/** Opens a venue and applies the session; the time is that of the session alone. Throws unless it ends as recorded. */
function applyRecording({ opening, commands, outcome }: Recording): { state: State; elapsed: Elapsed } {
  const state = genesis(outcome.rows);
  applyOpening(state, opening);
  const stop = startStopwatch();
  const events = applySession(state, commands);
  const elapsed = stop();
  if (events !== outcome.counts.events) throw new FiguresDiffer('events', events, outcome.counts.events);
  requireState('the session', state, outcome.fingerprint);
  return { state, elapsed };
}
