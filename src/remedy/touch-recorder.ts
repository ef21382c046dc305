/** Makes the touch index of a window: replays it once in the actual world and notes of each command what it touched. */
import { commandRows } from '../chain/command-record.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { applyCommand } from '../engine/apply.ts';
import { COMMAND, COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { CLOSE, REFUSAL } from '../engine/refusal.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { appendForced } from '../guard/forced-command.ts';
import { isForced } from '../guard/guarded-replay.ts';
import { CommandTouch } from './command-touch.ts';
import { DecisionRecorder } from './decision-recorder.ts';
import { type Deviation, deviate } from './deviation.ts';
import { type HeldAction, heldActionAt } from './held-actions.ts';
import { healthCheckOf } from './health-record.ts';
import { Floats, Whole } from './numbers.ts';
import { type Chunk, completeIndex, type HealthCheck, type Tie, type TouchIndex } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;

/** Kinds that the remedy itself adds, or whose amounts depend on a margin: a window with one of them has no cone. */
const BEYOND: ReadonlyMap<number, string> = new Map(
  (['carryWithdrawal', 'repayReceivable', 'reserveRefund', 'postRefund', 'voidRefund', 'reverseCredit'] as const).map(
    (kind) => [COMMAND[kind], kind],
  ),
);

/** Is told what else there is to keep of a window while it is replayed. */
export interface WindowObserver {
  /** A command was applied: its number, its rows, why it was refused as a whole (0: it was not). The state's events are those of it. */
  readonly onCommand: (number: number, chunk: Chunk, row: number, refusal: number) => void;
  /** To call `write`, which writes to the state what no command wrote. */
  readonly onDeviation: (write: () => void) => void;
}

export class TouchRecorder {
  private readonly start: State;
  private readonly state: State;
  private readonly deviations: readonly Deviation[];
  private readonly observer: WindowObserver | undefined;
  private deviated = 0;
  private readonly firstSequence: number;
  private readonly chunks: Chunk[] = [];
  private readonly chunkOf = new Whole(1 << 16);
  private readonly rowOf = new Whole(1 << 16);
  private readonly touched = new Whole(1 << 16);
  private readonly refusal = new Whole(1 << 16);
  private readonly given = new Floats(1 << 16);
  private readonly made = new Whole(1 << 16);
  private readonly ticks = new Whole();
  private readonly held = new Map<number, HeldAction[]>();
  private readonly givenByBatch = new Map<number, readonly number[]>();
  private readonly health: HealthCheck[] = [];
  private readonly ties: Tie[] = [];
  private readonly touch: CommandTouch;
  private readonly decisions = new DecisionRecorder();
  /** What the last tick proposed, as commands, and how many of their rows have come. */
  private readonly due = new CommandBuffer(64);
  private came = 0;
  private tick = 0;
  private definesAccounts = false;
  private healthMs: number;
  private beyond: string | undefined;

  /**
   * Both states stand at the last good block; `start` is only read from now on, `state` is written to. Deviations: what was written into
   * the actual world other than by commands.
   */
  constructor(start: State, state: State, deviations: readonly Deviation[] = [], observer?: WindowObserver) {
    this.start = start;
    this.state = state;
    this.deviations = deviations;
    this.observer = observer;
    this.firstSequence = this.venue(VENUE.SEQUENCE) + 1;
    this.healthMs = this.venue(VENUE.HEALTH_MS);
    this.touch = new CommandTouch(state, this.ties);
    if (this.venue(VENUE.LOSS_FACTOR) !== 0) this.leave('a loss is shared out at the start of the window');
  }

  /** Takes the next recorded batch. Refuses (throws `InvariantBroken`) what the engine does. */
  take(entry: BatchEntry): void {
    if (entry.rows === 0) return;
    const bytes = entry.bytes.slice();
    const chunk = { words: new Int32Array(bytes.buffer), floats: new Float64Array(bytes.buffer) };
    this.chunks.push(chunk);
    for (let row = 0; row < entry.rows; ) {
      const rows = commandRows(chunk.words, row);
      this.deviateBefore(this.firstSequence + this.touched.length);
      this.apply(chunk, row, rows);
      row += rows;
    }
  }

  private deviateBefore(sequence: number): void {
    for (; this.deviated < this.deviations.length; this.deviated++) {
      const due = this.deviations[this.deviated] as Deviation;
      if (due.afterSequence >= sequence) return;
      const write = (): void => deviate(this.state, due);
      if (this.observer === undefined) write();
      else this.observer.onDeviation(write);
    }
  }

  /** The index of all that was taken. */
  finish(): TouchIndex {
    const { state, start, touched, decisions } = this;
    while (this.came < this.due.rows) this.hold(this.due.i32, this.due.f64, this.came++);
    this.touch.resolve(touched, this.given, start);
    return completeIndex({
      start,
      end: state,
      deviations: this.deviations,
      firstSequence: this.firstSequence,
      commands: touched.length,
      chunks: this.chunks,
      chunkOf: this.chunkOf,
      rowOf: this.rowOf,
      touched,
      refusal: this.refusal,
      given: this.given,
      givenByBatch: this.givenByBatch,
      decisions: decisions.finish(state.account.rows),
      ticks: this.ticks.values.subarray(0, this.ticks.length),
      held: this.held,
      health: this.health,
      ties: this.ties,
      definesAccounts: this.definesAccounts,
      made: this.made,
      beyond: this.beyond,
    });
  }

  private apply(chunk: Chunk, row: number, rows: number): void {
    const { state } = this;
    const { words, floats } = chunk;
    const number = this.touched.length;
    const kind = words[row * WORDS] as number;
    this.chunkOf.push(this.chunks.length - 1);
    this.rowOf.push(row);
    this.expectForced(kind, words, row);
    this.touched.push(this.touch.of(words, floats, row, rows));
    this.decisions.before(state, words, floats, row, rows);
    state.events.clear();
    applyCommand(state, words, floats, row, row + rows);
    if (kind === COMMAND.tick) this.tick = number;
    if (kind === COMMAND.defineAccount) this.definesAccounts = true;
    const maker = isForced(kind) ? this.tick : number;
    while (this.made.length < state.position.rows - this.start.position.rows) this.made.push(maker);
    const refusal = this.readEvents(number);
    this.refusal.push(refusal);
    this.decisions.after(state, number, refusal);
    this.observer?.onCommand(number, chunk, row, refusal);
    // What was refused did not happen, but for orders that had ended meanwhile.
    if (isForced(kind) && refusal !== 0 && refusal !== REFUSAL.order_unknown) this.hold(words, floats, row);
    if (BEYOND.has(kind) && refusal === 0) this.leave(`the window has a ${BEYOND.get(kind)}`);
    if (kind === COMMAND.tick && refusal === 0) this.afterTick(number);
  }

  /** Notes what the command gave out and who was forced; returns why it was refused as a whole. */
  private readEvents(number: number): number {
    const { values, count } = this.state.events;
    let given = 0;
    let gave: number[] | undefined;
    let refusal = 0;
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      const kind = values[at];
      if (kind === EVENT.orderAccepted || kind === EVENT.withdrawalRequested) {
        const id = values[at + (kind === EVENT.orderAccepted ? 2 : 3)] as number;
        if (given === 0) given = id;
        else gave = [...(gave ?? [given]), id];
      } else if (kind === EVENT.refused && values[at + 6] === 0) refusal = values[at + 3] as number;
      else if (kind === EVENT.refused && values[at + 3] === REFUSAL.insufficient_margin)
        this.tie(values[at + 4] as number);
      else if (kind === EVENT.liquidated) this.tie(values[at + 2] as number);
      else if (kind === EVENT.orderClosed && isByMargin(values[at + 5] as number)) this.tie(values[at + 3] as number);
      else if (kind === EVENT.lossFactorSet) this.leave('a loss was shared out');
    }
    this.given.push(given);
    if (gave !== undefined) this.givenByBatch.set(number, gave);
    return refusal;
  }

  private tie(account: number): void {
    this.ties.push({ markets: [], account });
  }

  private afterTick(number: number): void {
    const { state, due } = this;
    this.ticks.push(number);
    due.clear();
    this.came = 0;
    const timeMs = this.venue(VENUE.TIME_MS);
    for (let event = 0; event < state.events.count; event++) appendForced(state.events, event, timeMs, due);
    const healthMs = this.venue(VENUE.HEALTH_MS);
    if (healthMs === this.healthMs) return;
    this.healthMs = healthMs;
    this.health.push(healthCheckOf(state, number));
  }

  /** The cone derives forced actions from ticks: so each must have come right behind its tick, in order; what did not come was held. */
  private expectForced(kind: number, words: Int32Array, row: number): void {
    const { due } = this;
    if (!isForced(kind)) {
      while (this.came < due.rows) this.hold(due.i32, due.f64, this.came++);
      return;
    }
    while (this.came < due.rows && !isSameRow(due.i32, this.came, words, row)) this.hold(due.i32, due.f64, this.came++);
    if (this.came === due.rows) this.leave('a forced action that no tick proposed');
    else this.came++;
  }

  private hold(words: Int32Array, floats: Float64Array, row: number): void {
    const held = this.held.get(this.tick) ?? [];
    held.push(heldActionAt(words, floats, row));
    this.held.set(this.tick, held);
  }

  private venue(column: number): number {
    return this.state.venue.f64[this.state.venue.rowFloats + column] as number;
  }

  private leave(why: string): void {
    this.beyond ??= why;
  }
}

function isSameRow(due: Int32Array, at: number, words: Int32Array, row: number): boolean {
  for (let word = 0; word < WORDS; word++) if (due[at * WORDS + word] !== words[row * WORDS + word]) return false;
  return true;
}

function isByMargin(reason: number): boolean {
  return reason === CLOSE.DELEVERAGE || reason === CLOSE.NOT_ENOUGH_MARGIN;
}
