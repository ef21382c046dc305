/**
 * The exchange: the loop around the engine.
 *
 *   1. apply     each command; a refusal is an event, a broken invariant stops the process before anything was written
 *   2. propose   forced actions that a tick found due come back as commands of the same batch
 *   3. append    the batch to the journal, durable before anyone hears of it; a failure stops the process
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
import type { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import type { Journal } from '../journal/journal.ts';
import { appendProposals } from './proposals.ts';

/** A batch that is durable: its commands as they were applied, and what they did. Both are used again for the next batch. */
interface Published {
  readonly rows: Uint8Array;
  readonly commands: number;
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
  readonly onPublish?: (batch: Published) => void;
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

export class Exchange {
  readonly state: State;
  private readonly options: ExchangeOptions;
  private readonly batch = new CommandBuffer(4096);
  private readonly forced = new CommandBuffer(64);
  private blockStartMs: number;
  private stopped: unknown;

  constructor(options: ExchangeOptions) {
    this.options = options;
    this.state = options.state;
    this.blockStartMs = this.timeMs;
  }

  /** Sequence of the last command applied. */
  get sequence(): number {
    return this.state.venue.f64[this.state.venue.rowFloats + VENUE.SEQUENCE] as number;
  }

  /** The exchange's time: that of the last command that had one. */
  get timeMs(): number {
    return this.state.venue.f64[this.state.venue.rowFloats + VENUE.TIME_MS] as number;
  }

  /** Takes commands as one batch, which is durable and published when this returns. Throws when the exchange must stop. */
  submit(commands: CommandBuffer): void {
    if (this.stopped !== undefined) throw new ExchangeStopped(this.stopped);
    if (commands.rows === 0) return;
    try {
      this.take(commands);
    } catch (error) {
      this.stopped = error;
      throw error;
    }
  }

  /** Seals what is open and waits for every block: call it before the journal is closed. */
  finish(): void {
    if (this.stopped !== undefined) throw new ExchangeStopped(this.stopped);
    const { sealer, journal } = this.options;
    if (sealer.openCommands > 0) {
      journal.append({ bytes: NO_ROWS, commands: 0, firstSequence: this.sequence + 1, closesBlock: true });
      sealer.close(this.state);
    }
    this.recordPending();
    journal.sync();
  }

  private take(commands: CommandBuffer): void {
    const { state, options } = this;
    const { journal, sealer, onPublish } = options;
    const firstSequence = this.sequence + 1;
    state.events.clear();
    // 1. and 2.
    this.apply(commands);
    const rows = this.batch.bytes.subarray(0, this.batch.rows * COMMAND_BYTES);
    const count = this.sequence + 1 - firstSequence;
    const closesBlock =
      sealer.openCommands + count >= options.blockCommands || this.timeMs - this.blockStartMs >= options.blockMs;
    // 3.
    journal.append({ bytes: rows, commands: count, firstSequence, closesBlock });
    journal.sync();
    // 4.
    onPublish?.({ rows, commands: count, firstSequence, events: state.events });
    // 5.
    sealer.add(rows, count);
    if (closesBlock) this.closeBlock();
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

  /** Applies the commands, and after each tick those that it proposes, into `batch`: the order in which they were applied. */
  private apply(commands: CommandBuffer): void {
    const { state, batch } = this;
    batch.clear();
    for (let row = 0; row < commands.rows; ) {
      const events = state.events.count;
      const from = row;
      row = applyUntilTick(state, commands.i32, commands.f64, row, commands.rows);
      batch.append(commands.bytes.subarray(from * COMMAND_BYTES, row * COMMAND_BYTES), 0);
      this.applyProposals(events);
    }
  }

  private applyProposals(from: number): void {
    const { state, batch, forced } = this;
    forced.clear();
    if (appendProposals(state.events, from, this.timeMs, forced) === 0) return;
    for (let row = 0; row < forced.rows; ) row = applyUntilTick(state, forced.i32, forced.f64, row, forced.rows);
    batch.append(forced.bytes.subarray(0, forced.rows * COMMAND_BYTES), 0);
  }
}
