/**
 * What the guard costs: the same session applied by the engine alone and under its guard, in turn and in one process, so that
 * whatever else the machine does weighs on both. Under the guard each batch is screened, each tick's proposals are judged, and
 * the image goes on at every block. Warrants are made and thrown away: writing them is the journal's work.
 */
import { applyUntilTick } from '../src/engine/batch.ts';
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { Guard } from '../src/guard/guard.ts';
import { applyHeard } from '../src/guard/guarded-replay.ts';
import type { Verdict } from '../src/guard/verdict.ts';
import { requireState } from './fingerprint.ts';
import type { FullRequest } from './full.ts';
import { recordInThread, type Recording } from './recording.ts';
import {
  collectGarbage,
  type Elapsed,
  median,
  rounded,
  type Run,
  type Series,
  seriesOf,
  startStopwatch,
  type Tell,
} from './series.ts';
import { applyOpening } from './session.ts';
import type { WorkloadSummary } from './workload-source.ts';

/** Rows of a batch, and batches of a block: 65,536 commands, as `run` has them. */
const BATCH_ROWS = 4096;
const BLOCK_BATCHES = 16;

export interface GuardedResult {
  readonly plain: Series;
  readonly guarded: Series;
  /** Time of the guarded run of a pair over that of the plain one, minus one: the median of the pairs, and each; by processor time. */
  readonly cost: number;
  readonly costs: readonly number[];
  /** Of one guarded run: forced actions judged, and how many were held and why. */
  readonly judged: number;
  readonly held: Readonly<Record<string, number>>;
  readonly workload: WorkloadSummary;
}

/** Measures a session with and without the guard, `runs` pairs after a first one. Throws unless both end as recorded. */
export async function measureGuarded({ source, runs }: FullRequest, tell: Tell): Promise<GuardedResult> {
  const recording = await recordInThread({ source, withForced: true });
  const batches = batchesOf(recording.commands);
  const units = recording.workload.operations;
  const plain: Run[] = [];
  const guarded: Run[] = [];
  let counts = new JudgementCount();
  for (let pair = 0; pair <= runs; pair++) {
    counts = new JudgementCount();
    const under = (guard: Guard | undefined): Run => ({ elapsed: applyPair(recording, batches, guard), units });
    // In turn first and second: what one leaves behind weighs on the other.
    const guardRuns = (): number => guarded.push(under(new Guard({ onVerdict: (verdict) => counts.count(verdict) })));
    if (pair % 2 === 1) guardRuns();
    plain.push(under(undefined));
    if (pair % 2 === 0) guardRuns();
    tell(`${pair === 0 ? 'first pair' : `pair ${pair} of ${runs}`}: ${percent(costOf(plain[pair], guarded[pair]))}`);
  }
  const costs = plain.slice(1).map((run, pair) => costOf(run, guarded[pair + 1]));
  return {
    plain: seriesOf(plain[0] as Run, plain.slice(1)),
    guarded: seriesOf(guarded[0] as Run, guarded.slice(1)),
    cost: rounded(median(costs), 4),
    costs: costs.map((cost) => rounded(cost, 4)),
    judged: counts.judged,
    held: Object.fromEntries(counts.held),
    workload: recording.workload,
  };
}

function costOf(plain: Run | undefined, guarded: Run | undefined): number {
  return (guarded as Run).elapsed.cpuNs / (plain as Run).elapsed.cpuNs - 1;
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;
}

class JudgementCount {
  judged = 0;
  readonly held = new Map<string, number>();

  count({ kind, check }: Verdict): void {
    this.judged++;
    if (kind === 'accept' || kind === 'flag') return;
    const name = check?.name ?? kind;
    this.held.set(name, (this.held.get(name) ?? 0) + 1);
  }
}

/** Every command of a session is one row, so a batch may end anywhere. */
function batchesOf(commands: CommandBuffer): CommandBuffer[] {
  const batches: CommandBuffer[] = [];
  for (let from = 0; from < commands.rows; from += BATCH_ROWS) {
    const to = Math.min(commands.rows, from + BATCH_ROWS);
    const batch = new CommandBuffer(to - from);
    batch.append(commands.bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES), to - from);
    batches.push(batch);
  }
  return batches;
}

function applyPair(
  { opening, outcome }: Recording,
  batches: readonly CommandBuffer[],
  guard: Guard | undefined,
): Elapsed {
  collectGarbage();
  const state = genesis(outcome.rows);
  applyOpening(state, opening);
  // The opening is the first block.
  guard?.seal(state);
  const stop = startStopwatch();
  let height = 1;
  let sealed = 0;
  for (const batch of batches) {
    state.events.clear();
    applyBatch(state, batch, guard, height);
    if (++sealed % BLOCK_BATCHES !== 0) continue;
    guard?.seal(state);
    height++;
  }
  const elapsed = stop();
  requireState('the session', state, outcome.fingerprint);
  return elapsed;
}

function applyBatch(state: State, batch: CommandBuffer, guard: Guard | undefined, height: number): void {
  const { i32, f64, rows } = batch;
  guard?.startBatch();
  guard?.screen(state, batch);
  for (let row = 0; row < rows; ) {
    const from = state.events.count;
    if (guard === undefined) {
      row = applyUntilTick(state, i32, f64, row, rows);
      continue;
    }
    row = applyHeard(state, guard, i32, f64, row, rows);
    guard.judge(state, from, { fork: 0, height });
  }
  guard?.takeWarrants();
}
