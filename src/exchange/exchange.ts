/**
 * The exchange: the loop around the engine.
 *
 *   1. apply     each command; a refusal is an event, a broken invariant stops the process before anything was written
 *   2. propose   forced actions that a tick found due come back as commands of the same batch, if the guard warrants them
 *   3. append    the batch, its warrants and its holds to the journal, durable before anyone hears of it; a failure stops the process
 *   4. publish   the batch and its events
 *   5. seal      a block when one is due
 *
 * Apply before append, so that a command that trips an invariant is never in the journal; publish after append, so that
 * nobody hears what is not durable.
 */
import type { Block } from '../chain/block.ts';
import type { BlockSealer } from '../chain/block-sealer.ts';
import { applyUntilTick } from '../engine/batch.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { type CommandSource, OUTSIDE } from '../guard/authority/command-source.ts';
import type { Guard } from '../guard/guard.ts';
import { applyHeard, isForced } from '../guard/guarded-replay.ts';
import type { Journal } from '../journal/journal.ts';
import { type ActResult, type JudgedAct, judgeSubmittedAct, resultOf } from './act.ts';
import { appendProposals } from './proposals.ts';
import type { Reopening } from './reopen.ts';

/** A batch that is durable: its commands as they were applied, and what they did. Both are used again for the next batch. */
interface Published {
  readonly rows: Uint8Array;
  readonly commands: number;
  /** Branch of history: a sequence names a command on its fork alone. */
  readonly fork: number;
  readonly firstSequence: number;
  readonly events: EventBuffer;
}

export interface ExchangeOptions {
  readonly state: State;
  readonly journal: Journal;
  readonly sealer: BlockSealer;
  /** A block is due after so many commands, or so much of the exchange's time. */
  readonly blockCommands: number;
  readonly blockMs: number;
  /**
   * Gives each forced action its warrant or holds it; its image must be that of the sealer's last block (`recover` sees to it).
   * Without one, every proposal of the engine becomes a command.
   */
  readonly guard?: Guard;
  /** The way back of every market that was open when the exchange last stopped, and of those that people open; needs the guard. */
  readonly reopening?: Reopening;
  readonly onPublish?: (batch: Published) => void;
  /**
   * True: a batch is made durable while the next one is applied, and is published when that has been; the last one by `flush` or
   * `finish`. False (unless said): it is durable and published when `submit` returns.
   */
  readonly pipelined?: boolean;
  readonly onBlock?: (block: Block) => void;
  /** After every so many blocks `onSnapshot` is given the state as it is at the end of the block; 0: never. */
  readonly snapshotBlocks?: number;
  readonly onSnapshot?: (state: State, block: Block) => void;
}

/** The loop was used after something stopped it: what it holds is not what the journal holds. */
export class ExchangeStopped extends Error {
  constructor(cause: unknown) {
    super(`the exchange has stopped: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ExchangeStopped';
  }
}

const NO_ROWS = new Uint8Array();
const COMMAND_WORDS = COMMAND_BYTES / 4;
const NONE_FORCED: readonly number[] = [];

/** A batch on its way: its commands in the order in which they were applied, and what they did. */
class Batch {
  readonly commands = new CommandBuffer(4096);
  readonly events = new EventBuffer();
  firstSequence = 0;
  count = 0;

  get rows(): Uint8Array {
    return this.commands.bytes.subarray(0, this.commands.rows * COMMAND_BYTES);
  }
}

export class Exchange {
  readonly state: State;
  private readonly options: ExchangeOptions;
  /** The batch that is being applied, and the one that is being made durable. */
  private batch = new Batch();
  private other = new Batch();
  private isInFlight = false;
  private readonly forced = new CommandBuffer(64);
  private blockStartMs: number;
  private stopped: unknown;

  constructor(options: ExchangeOptions) {
    this.options = options;
    this.state = options.state;
    // From the end of the last block, so that a recovered exchange closes blocks where the first one would have.
    this.blockStartMs = options.sealer.head.timeMs;
  }

  /** Sequence of the last command applied. */
  get sequence(): number {
    return this.state.venue.f64[this.state.venue.rowFloats + VENUE.SEQUENCE] as number;
  }

  /** The exchange's time: that of the last command that had one. */
  get timeMs(): number {
    return this.state.venue.f64[this.state.venue.rowFloats + VENUE.TIME_MS] as number;
  }

  /**
   * Takes commands as one batch. Refuses (throws, nothing happens) rows that are not whole commands: they could not be told apart
   * in the journal. Throws and stops when the exchange must stop. `source` is who submits them: with a roster, a guard takes an
   * administrator's commands from an act alone.
   */
  submit(commands: CommandBuffer, source: CommandSource = OUTSIDE): void {
    if (this.stopped !== undefined) throw new ExchangeStopped(this.stopped);
    if (commands.rows === 0) return;
    const forced = forcedAmong(commands);
    this.orStop(() => this.take(this.screened(commands, source, forced)));
  }

  /**
   * Carries out a signed act, a value of JSON, at the exchange's time `timeMs`. Accepted, it is in the journal and durable, its
   * commands behind it as one batch; refused, nothing happened. Throws and stops when the exchange must stop.
   */
  act(signed: unknown, timeMs: number): ActResult {
    if (this.stopped !== undefined) throw new ExchangeStopped(this.stopped);
    const { guard, sealer } = this.options;
    if (guard === undefined) return { accepted: false, refusal: 'no_guard', about: '' };
    const place = { fork: sealer.head.fork, atMs: timeMs, nowMs: this.timeMs };
    const judged = judgeSubmittedAct(signed, place, guard, this.state);
    if (!judged.accepted) return judged;
    this.orStop(() => this.carryOut(judged, guard));
    return resultOf(judged, this.sequence, this.state.events);
  }

  /** Waits until all that was submitted is durable, and publishes it. */
  flush(): void {
    if (this.stopped !== undefined) throw new ExchangeStopped(this.stopped);
    this.orStop(() => this.settle());
  }

  /** Seals what is open and waits for every block: call it before the journal is closed. */
  finish(): void {
    this.flush();
    this.orStop(() => this.sealAll());
  }

  private orStop(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.stopped = error;
      throw error;
    }
  }

  private sealAll(): void {
    const { sealer, journal } = this.options;
    if (sealer.openCommands > 0) {
      journal.append({ bytes: NO_ROWS, commands: 0, firstSequence: this.sequence + 1, closesBlock: true });
      sealer.close(this.state);
    }
    this.recordPending();
    this.recordLastHolds();
    journal.sync();
  }

  /** What was found as the last block ended, behind a batch of no commands: holds stand behind the batch they came with. */
  private recordLastHolds(): void {
    const { journal, guard } = this.options;
    const holds = guard?.takeHolds();
    if (holds === undefined || holds.length === 0) return;
    journal.append({ bytes: NO_ROWS, commands: 0, firstSequence: this.sequence + 1, closesBlock: false });
    journal.appendHolds(holds);
  }

  private carryOut({ commands, rows, record }: JudgedAct, guard: Guard): void {
    guard.authority.take(record);
    if (commands.rows > 0) {
      this.take(commands, rows);
    } else {
      this.settle();
      this.options.journal.appendActs(rows);
      this.options.journal.sync();
    }
    this.settle();
  }

  /** Applies commands that the guard lets in, as one batch; `acts` are signed acts that stand before it. */
  private take(commands: CommandBuffer, acts?: Uint8Array): void {
    const { state, options } = this;
    const { journal, sealer } = options;
    const { batch } = this;
    batch.firstSequence = this.sequence + 1;
    state.events = batch.events;
    state.events.clear();
    // 1. and 2.
    this.apply(commands);
    const { rows, firstSequence } = batch;
    const count = this.sequence + 1 - firstSequence;
    batch.count = count;
    const closesBlock =
      sealer.openCommands + count >= options.blockCommands || this.timeMs - this.blockStartMs >= options.blockMs;
    // 3. and 4. of the batch before, then 3. of this one
    this.settle();
    if (acts !== undefined) journal.appendActs(acts);
    journal.append({ bytes: rows, commands: count, firstSequence, closesBlock });
    const warrants = options.guard?.takeWarrants();
    if (warrants !== undefined && warrants.length > 0) journal.appendWarrants(warrants);
    const holds = options.guard?.takeHolds();
    if (holds !== undefined && holds.length > 0) journal.appendHolds(holds);
    journal.beginSync();
    this.isInFlight = true;
    this.batch = this.other;
    this.other = batch;
    // 5.
    sealer.add(rows, count);
    if (closesBlock) this.closeBlock();
    if (options.pipelined !== true) this.settle();
  }

  /** Waits for the batch that is on its way to the disk and publishes it. */
  private settle(): void {
    if (!this.isInFlight) return;
    this.options.journal.awaitSync();
    this.isInFlight = false;
    const { rows, count, firstSequence, events } = this.other;
    const { fork } = this.options.sealer.head;
    this.options.onPublish?.({ rows, commands: count, fork, firstSequence, events });
  }

  /**
   * Closes the open block. Its root is computed while the next one fills, and it is recorded when that one closes: always in
   * the same place of the journal, however long the root took, so that the same commands give the same bytes.
   */
  private closeBlock(): void {
    const { sealer, snapshotBlocks = 0, onSnapshot } = this.options;
    this.recordPending();
    const height = sealer.openHeight;
    sealer.close(this.state);
    this.options.reopening?.sealed(this.state);
    this.blockStartMs = this.timeMs;
    if (snapshotBlocks === 0 || height % snapshotBlocks !== 0) return;
    // The state is that of this block only until the next command: its root cannot come later.
    const block = this.recordPending();
    if (block !== undefined) onSnapshot?.(this.state, block);
  }

  /** Records every closed block, waiting for its root; returns the last one. */
  private recordPending(): Block | undefined {
    const { sealer } = this.options;
    let last: Block | undefined;
    for (let block = sealer.wait(); block !== undefined; block = sealer.wait()) {
      this.record(block);
      last = block;
    }
    return last;
  }

  private record(block: Block): void {
    this.options.journal.appendBlock(block);
    this.options.onBlock?.(block);
  }

  /** The commands that the guard lets in: these, or a copy without those that it holds. */
  private screened(commands: CommandBuffer, source: CommandSource, forced: readonly number[]): CommandBuffer {
    const held = this.options.guard?.screen(this.state, commands, source, forced);
    if (held === undefined) return commands;
    const taken = new CommandBuffer(commands.rows);
    for (let row = 0; row < commands.rows; ) {
      const end = row + (commands.i32[row * COMMAND_WORDS + 1] as number);
      if (!held.has(row)) taken.append(commands.bytes.subarray(row * COMMAND_BYTES, end * COMMAND_BYTES), 0);
      row = end;
    }
    return taken;
  }

  /** Applies the commands, and after each tick those that it proposes, into `batch`: the order in which they were applied. */
  private apply(commands: CommandBuffer): void {
    const { state } = this;
    const { guard, reopening } = this.options;
    const batch = this.batch.commands;
    batch.clear();
    guard?.startBatch();
    if (reopening !== undefined) this.applyOwn(reopening, (own) => reopening.startBatch(state, own));
    for (let row = 0; row < commands.rows; ) {
      const events = state.events.count;
      const from = row;
      const to = reopening?.stopAfter(state, commands, row) ?? commands.rows;
      row =
        guard === undefined
          ? applyUntilTick(state, commands.i32, commands.f64, row, to)
          : applyHeard(state, guard, commands.i32, commands.f64, row, to);
      batch.append(commands.bytes.subarray(from * COMMAND_BYTES, row * COMMAND_BYTES), 0);
      // A replay stops at ticks alone, and the guard must judge as often there as here.
      if (reopening?.stop !== 'status') this.applyProposals(events);
      if (reopening !== undefined) this.applyOwn(reopening, (own) => reopening.react(state, own));
    }
    guard?.endBatch(state);
  }

  /** Applies what a reopening makes of what happened, behind it. */
  private applyOwn(reopening: Reopening, write: (own: CommandBuffer) => void): void {
    const { state, forced: own } = this;
    own.clear();
    write(own);
    if (own.rows === 0) return;
    this.options.guard?.before(state, own.i32, own.f64, 0, own.rows);
    for (let row = 0; row < own.rows; ) row = applyUntilTick(state, own.i32, own.f64, row, own.rows);
    this.batch.commands.append(own.bytes.subarray(0, own.rows * COMMAND_BYTES), 0);
    reopening.follow(state);
  }

  private applyProposals(from: number): void {
    const { state, forced } = this;
    forced.clear();
    const { guard, sealer } = this.options;
    const open = { fork: sealer.head.fork, height: sealer.openHeight };
    if (appendProposals(state, from, this.timeMs, forced, guard, open) === 0) return;
    guard?.before(state, forced.i32, forced.f64, 0, forced.rows);
    for (let row = 0; row < forced.rows; ) row = applyUntilTick(state, forced.i32, forced.f64, row, forced.rows);
    this.batch.commands.append(forced.bytes.subarray(0, forced.rows * COMMAND_BYTES), 0);
  }
}

/** Rows that do not make up whole commands were submitted: a bug of who made them. Nothing of them was taken. */
export class NotWholeCommands extends Error {
  constructor(row: number, rows: number) {
    super(`row ${row} of ${rows} claims rows that are not there`);
    this.name = 'NotWholeCommands';
  }
}

/** First rows of the forced commands among what was submitted. Refuses (throws) rows that are not whole commands. */
function forcedAmong({ i32, rows }: CommandBuffer): readonly number[] {
  let forced = NONE_FORCED;
  for (let row = 0; row < rows; ) {
    const claimed = i32[row * COMMAND_WORDS + 1] as number;
    if (claimed < 1 || row + claimed > rows) throw new NotWholeCommands(row, rows);
    if (isForced(i32[row * COMMAND_WORDS] as number)) forced = [...forced, row];
    row += claimed;
  }
  return forced;
}
