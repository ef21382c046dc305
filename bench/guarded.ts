/**
 * What the guard costs: the same session applied by the engine alone, under its guard with a second thread that listens, and
 * under a guard that does all in the engine's thread, in turn and in one process, so that whatever else the machine does weighs
 * on all. Under the guard each batch is screened, each tick's proposals are judged, the images go on with every event and are
 * compared at every block. Warrants are made and thrown away: writing them is the journal's work.
 */
import { applyUntilTick } from '../src/engine/batch.ts';
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { EventBuffer } from '../src/engine/event.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { Guard } from '../src/guard/guard.ts';
import { applyHeard } from '../src/guard/guarded-replay.ts';
import type { Verdict } from '../src/guard/verdict.ts';
import type { ListeningTimes } from '../src/exchange/listening-exchange.ts';
import { ThreadedListening } from '../src/exchange/threaded-listening.ts';
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
  /** Under a guard that does all in the engine's thread, as a replay has it. */
  readonly inOneThread: Series;
  /** Time of a guarded run over that of the plain one beside it, minus one, on the wall's clock: the median of the turns, and each. */
  readonly cost: number;
  readonly costs: readonly number[];
  /** The same by what the measuring thread had of a processor, and the same of the guard in one thread. */
  readonly cpuCost: number;
  readonly oneThreadCost: number;
  /**
   * Of the guarded runs, per operation: in which the second thread took in what happened (what it looks for news in is not counted), in
   * which the engine's thread did so in its stead, and in which that one waited for it.
   */
  readonly listeningNsPerOp: number;
  readonly takenBackNsPerOp: number;
  readonly waitedNsPerOp: number;
  /** Of one guarded run: forced actions judged, and how many were held and why. */
  readonly judged: number;
  readonly held: Readonly<Record<string, number>>;
  readonly workload: WorkloadSummary;
}

/** Measures a session with and without the guard, `runs` turns after a first one. Throws unless all end as recorded. */
export async function measureGuarded({ source, runs }: FullRequest, tell: Tell): Promise<GuardedResult> {
  const recording = await recordInThread({ source, withForced: true });
  const batches = batchesOf(recording.commands);
  const units = recording.workload.operations;
  const plain: Run[] = [];
  const guarded: Run[] = [];
  const inOneThread: Run[] = [];
  // One thread for all turns, as an exchange has one as long as it runs: only in the first turn is its code new.
  const threaded = new ThreadedListening();
  await threaded.whenReady();
  const times: ListeningTimes[] = [];
  let counts = new JudgementCount();
  const onVerdict = (verdict: Verdict): void => counts.count(verdict);
  const runWith = (guard?: Guard): Run => ({ elapsed: applyTurn(recording, batches, guard), units });
  for (let turn = 0; turn <= runs; turn++) {
    counts = new JudgementCount();
    const kinds = [
      () => void plain.push(runWith()),
      () => {
        const before = threaded.times;
        guarded.push(runWith(new Guard({ onVerdict, listening: threaded })));
        times.push(between(before, threaded.times));
      },
      () => void inOneThread.push(runWith(new Guard())),
    ];
    // Each in turn first: what one leaves behind weighs on the next.
    for (let n = 0; n < kinds.length; n++) kinds[(turn + n) % kinds.length]?.();
    tell(
      `${turn === 0 ? 'first turn' : `turn ${turn} of ${runs}`}: ${percent(costOf(plain[turn], guarded[turn], 'wallNs'))}`,
    );
  }
  await threaded.close();
  const nsPerOp = (name: keyof ListeningTimes): number =>
    rounded((median(times.slice(1).map((each) => each[name])) * 1e6) / units, 1);
  const costsOf = (of: readonly Run[], by: keyof Elapsed): number[] =>
    plain.slice(1).map((run, turn) => rounded(costOf(run, of[turn + 1], by), 4));
  const costs = costsOf(guarded, 'wallNs');
  return {
    plain: seriesOf(plain[0] as Run, plain.slice(1)),
    guarded: seriesOf(guarded[0] as Run, guarded.slice(1)),
    inOneThread: seriesOf(inOneThread[0] as Run, inOneThread.slice(1)),
    cost: rounded(median(costs), 4),
    costs,
    cpuCost: rounded(median(costsOf(guarded, 'cpuNs')), 4),
    oneThreadCost: rounded(median(costsOf(inOneThread, 'wallNs')), 4),
    listeningNsPerOp: nsPerOp('busyMs'),
    takenBackNsPerOp: nsPerOp('takenBackMs'),
    waitedNsPerOp: nsPerOp('waitedMs'),
    judged: counts.judged,
    held: Object.fromEntries(counts.held),
    workload: recording.workload,
  };
}

function between(before: ListeningTimes, after: ListeningTimes): ListeningTimes {
  return {
    busyMs: after.busyMs - before.busyMs,
    takenBackMs: after.takenBackMs - before.takenBackMs,
    waitedMs: after.waitedMs - before.waitedMs,
  };
}

function costOf(plain: Run | undefined, guarded: Run | undefined, by: keyof Elapsed): number {
  return (guarded as Run).elapsed[by] / (plain as Run).elapsed[by] - 1;
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

function applyTurn(
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
  // Two event buffers in turn, as the exchange has them.
  let other = new EventBuffer();
  for (const batch of batches) {
    [state.events, other] = [other, state.events];
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
  guard?.endBatch(state);
  guard?.takeWarrants();
}
