/**
 * Everything is a replay: one function that applies recorded entries to a state and says whether they lead where the blocks
 * say. Restart, audit, verification, upgrade check and counterfactual are this, called with different entries.
 */
import { applyCommands } from '../engine/batch.ts';
import type { EventBuffer } from '../engine/event.ts';
import { InvariantBroken } from '../engine/invariant-broken.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { type Amendment, applyAmended } from './amendment.ts';
import { type Block, blockHash } from './block.ts';
import { deadDifference, differenceOf, type Divergence, isOfState, textOf } from './block-difference.ts';
import type { BlockSealer } from './block-sealer.ts';
import { type Heights, type History, isPassed, passedOver } from './branches.ts';
import { certificateFault, type RollbackCertificate } from './certificate.ts';
import { DeadBranch } from './dead-branch.ts';
import { type Hash, toHex } from './digest.ts';
import type { BatchEntry, Entry } from './entry.ts';

export interface ReplayOptions {
  /** Makes the blocks anew; stands at the head that `state` has. It goes on with the live exchange after a recovery. */
  readonly sealer: BlockSealer;
  readonly hash: Hash;
  /** The history that the entries are of. Needed where it holds a rollback: it says which branches are passed over. */
  readonly history?: History;
  /** Height of the block whose branch is replayed: the last one unless said. Entries must not go beyond it. */
  readonly head?: number;
  /** Null repeats the record exactly. Otherwise what to change: the state roots may then differ, and the replay goes on. */
  readonly amend: Amendment | null;
  /** Is told each block that was made and agrees with the record (or, amended, took its place), in order. */
  readonly onBlock?: (block: Block) => void;
  /** Applies a recorded batch in place of the engine alone (not an amended one), and returns how many commands it had. */
  readonly apply?: (state: State, entry: BatchEntry) => number;
  /** Is given the warrants behind a batch; they change no state. Valid during the call. */
  readonly onWarrants?: (bytes: Uint8Array) => void;
  /** Is given signed acts, before the batch of their commands; they change no state. Valid during the call. */
  readonly onActs?: (bytes: Uint8Array) => void;
  /** Is given what was held with a batch, behind it; it changes no state. Valid during the call. */
  readonly onHolds?: (bytes: Uint8Array) => void;
  /** Is given each batch, and what stands beside it, of a branch that is passed over: it changes no state. Valid during the call. */
  readonly onPassed?: (entry: BatchEntry) => void;
  /** Is told the height of each block at its end on the way, while the state is as it ends. */
  readonly onEnd?: (height: number) => void;
  /** Is told of a rollback on the way: the state is that of the restored block. `block` is the first of the new fork. */
  readonly onRestore?: (certificate: RollbackCertificate, block: Block) => void;
  /** Is given the events of each batch before they are cleared. */
  readonly onEvents?: (events: EventBuffer) => void;
}

export interface ReplayResult {
  /** Recorded blocks compared, and commands applied. */
  readonly blocks: number;
  readonly commands: number;
  /** Blocks and commands of branches that were passed over: compared but for their states. */
  readonly passed: { readonly blocks: number; readonly commands: number };
  /** No recorded block differs. */
  readonly equal: boolean;
  /** Root of the last block made, as hexadecimal digits; null when there is none. */
  readonly stateRoot: string | null;
  readonly firstDivergence: Divergence | null;
  /** Where it stopped before the end of the entries: an amended replay goes on behind differences that an amendment explains. */
  readonly stop: Divergence | null;
  /** Blocks whose end is recorded and which are not: a crash came between. Append them before anything else. */
  readonly unrecorded: readonly Block[];
}

/** A history with a rollback is replayed without being known: a mistake of the caller. */
class HistoryUnknown extends Error {
  constructor(height: number) {
    super(`block ${height} restores an earlier one: a replay of it needs the history, to pass over what died`);
    this.name = 'HistoryUnknown';
  }
}

/** A recorded block, and the hash of the one recorded before it, whichever branch that is on. */
interface Recorded {
  readonly block: Block;
  readonly parentHash: Uint8Array;
}

/**
 * Applies `entries` to `state`, which is at the head of `options.sealer`, and compares every block made with the recorded one.
 * Stops at the first difference (an amended replay only at one that no amendment explains). Blocks at or below the head are
 * skipped. Never throws for what the entries hold; throws when the state is not at the head, and what reading them throws.
 */
export function replay(state: State, entries: Iterable<Entry>, options: ReplayOptions): ReplayResult {
  const run = new Replay(state, options);
  for (const entry of entries) {
    if (entry.kind === 'block') run.block(entry.block);
    else run.batch(entry);
    if (run.isOver) break;
  }
  return run.result();
}

class Replay {
  private readonly state: State;
  private readonly options: ReplayOptions;
  private readonly startHeight: number;
  private readonly passed: readonly Heights[];
  private readonly made: Block[] = [];
  private readonly recorded: Recorded[] = [];
  private dead: DeadBranch | undefined;
  /** Height of the recorded block that is open, and hash of the one recorded last. */
  private openHeight: number;
  private recordedHash: Uint8Array;
  private blocks = 0;
  private commands = 0;
  private readonly passedCounts = { blocks: 0, commands: 0 };
  private stateRoot: Uint8Array | undefined;
  private divergence: Divergence | undefined;
  private stopped: Divergence | undefined;
  isOver = false;

  constructor(state: State, options: ReplayOptions) {
    this.state = state;
    this.options = options;
    const { sealer, history, head = Number.POSITIVE_INFINITY } = options;
    this.startHeight = sealer.head.height;
    this.recordedHash = sealer.head.hash;
    this.openHeight = sealer.openHeight;
    this.passed = passedOver(history?.restores ?? [], head);
    const sequence = sequenceOf(state);
    if (sequence !== options.sealer.sequence) {
      throw new Error(
        `the state is at ${sequence}, the chain that is to be replayed on it at ${options.sealer.sequence}`,
      );
    }
  }

  batch(entry: BatchEntry): void {
    if (entry.certificate !== undefined) return this.restore(entry, entry.certificate);
    if (this.isPassing && !this.isOfLastBatch(entry)) return this.pass(entry);
    this.follow(entry);
    if (entry.closesBlock) this.openHeight++;
  }

  private follow(entry: BatchEntry): void {
    const { sealer, amend, onEvents, onEnd } = this.options;
    const next = sealer.sequence + 1;
    if (entry.fork !== sealer.head.fork) return this.stop('fork', entry.fork, sealer.head.fork);
    if (entry.firstSequence !== next) return this.stop('sequence', entry.firstSequence, next);
    if (entry.warrants !== undefined) return this.options.onWarrants?.(entry.warrants);
    if (entry.acts !== undefined) return this.options.onActs?.(entry.acts);
    if (entry.holds !== undefined) return this.options.onHolds?.(entry.holds);
    try {
      const { state } = this;
      const commands = amend === null ? this.apply(entry) : applyAmended(state, entry, amend);
      onEvents?.(state.events);
      state.events.clear();
      this.commands += commands;
      if (commands !== entry.commands) return this.stop('commands', entry.commands, commands);
    } catch (error) {
      if (!(error instanceof InvariantBroken)) throw error;
      return this.stop('invariant', 'applied', error.message);
    }
    sealer.add(entry.bytes, entry.commands);
    if (entry.closesBlock) {
      sealer.close(this.state);
      onEnd?.(this.openHeight);
    }
    this.compare(false);
  }

  private apply(entry: BatchEntry): number {
    const { apply } = this.options;
    return apply === undefined
      ? applyCommands(this.state, entry.words, entry.floats, entry.rows)
      : apply(this.state, entry);
  }

  block(block: Block): void {
    if (block.height <= this.startHeight) return;
    const { sealer, hash } = this.options;
    const recorded = { block, parentHash: this.recordedHash };
    this.recordedHash = blockHash(block, hash);
    if (isPassed(this.passed, block.height)) return this.passBlock(recorded);
    this.recorded.push(recorded);
    if (block.height >= sealer.openHeight) return this.stop('block_without_end', 'sealed', 'open');
    this.compare(false);
  }

  /** What stands behind the last block of a branch, before its certificate, is of that branch: acts, what was held as it ended. */
  private get isPassing(): boolean {
    const { openHeight, passed } = this;
    return isPassed(passed, openHeight) || passed.some(({ to }) => to === openHeight - 1);
  }

  /** Warrants and holds stand behind their batch: those behind the end of the restored block are of the way, not of what died. */
  private isOfLastBatch({ warrants, holds }: BatchEntry): boolean {
    return this.dead === undefined && (warrants !== undefined || holds !== undefined);
  }

  /** A batch of a branch that is passed over, or what stands beside one. */
  private pass(entry: BatchEntry): void {
    const { sealer, hash, onPassed } = this.options;
    const { fork } = sealer.head;
    this.dead ??= new DeadBranch(hash, { height: this.openHeight - 1, fork, sequence: sealer.sequence });
    const [what, recorded, expected] = this.dead.batch(entry) ?? [];
    if (what !== undefined) return this.stop(what, recorded as number, expected as number);
    this.passedCounts.commands += entry.commands;
    if (entry.closesBlock) this.openHeight++;
    onPassed?.(entry);
  }

  private passBlock({ block, parentHash }: Recorded): void {
    const closed = this.dead?.take();
    if (closed === undefined) return this.stop('block_without_end', 'sealed', 'open', block.height);
    const [what, ours, theirs] = deadDifference(closed, block, parentHash) ?? [];
    if (what !== undefined) return this.stop(what, textOf(theirs), textOf(ours), block.height);
    this.passedCounts.blocks++;
  }

  /** A rollback: the block behind it is made of the one that it restores, and compared when it comes. */
  private restore(entry: BatchEntry, bytes: Uint8Array): void {
    const { sealer, hash, history, onRestore, onEnd } = this.options;
    const { openHeight: height } = this;
    if (history === undefined) throw new HistoryUnknown(height);
    const isDead = isPassed(this.passed, height);
    this.compare(true);
    if (this.isOver) return;
    const found = certificateFault(bytes, entry, { height: height - 1, hash: this.recordedHash }, history, hash);
    if ('fault' in found) return this.stop('certificate', found.fault, 'the certificate of this rollback', height);
    const { certificate, restored, root } = found;
    const isWhole = this.made.length === 0 && this.recorded.length === 0 && (this.dead?.isWhole ?? true);
    if (!isWhole) return this.stop('block_without_end', 'a rollback', 'commands without a block', height);
    this.openHeight++;
    const deadHead = { height: height - 1, hash: this.recordedHash };
    if (isDead) return this.dead?.restore(restored, root, deadHead, entry.fork);
    if (sealer.head.height !== restored.height) {
      return this.stop('restores', restored.height, sealer.head.height, height);
    }
    this.dead = undefined;
    const block = sealer.restore(restored, root, deadHead, entry.fork);
    this.made.push(block);
    onRestore?.(certificate, block);
    onEnd?.(height);
  }

  result(): ReplayResult {
    if (!this.isOver) this.compare(true);
    return {
      blocks: this.blocks,
      commands: this.commands,
      passed: { ...this.passedCounts },
      equal: this.divergence === undefined,
      stateRoot: this.stateRoot === undefined ? null : toHex(this.stateRoot),
      firstDivergence: this.divergence ?? null,
      stop: this.stopped ?? null,
      unrecorded: this.isOver ? [] : this.made,
    };
  }

  /** Takes the blocks that are made (all of them, when `isEnd`) and compares as many as are recorded. */
  private compare(isEnd: boolean): void {
    const { sealer } = this.options;
    for (let made = sealer.poll(); made !== undefined; made = sealer.poll()) this.made.push(made);
    if (isEnd) for (let made = sealer.wait(); made !== undefined; made = sealer.wait()) this.made.push(made);
    while (this.made.length > 0 && this.recorded.length > 0 && !this.isOver) {
      this.compareBlock(this.made.shift() as Block, this.recorded.shift() as Recorded);
    }
    const last = this.made.at(-1);
    if (isEnd && last !== undefined) this.stateRoot = last.stateRoot;
  }

  private compareBlock(made: Block, { block: recorded, parentHash }: Recorded): void {
    const { amend, onBlock } = this.options;
    const [what, ours, theirs] = differenceOf(made, recorded, parentHash) ?? [];
    if (what !== undefined) {
      const { lastSequence: sequence } = made;
      const found = { what, height: recorded.height, sequence, recorded: textOf(theirs), replayed: textOf(ours) };
      this.divergence ??= found;
      this.isOver = amend === null || !isOfState(found);
      if (this.isOver) {
        this.stopped = found;
        return;
      }
    }
    this.blocks++;
    this.stateRoot = made.stateRoot;
    onBlock?.(made);
  }

  private stop(
    what: Divergence['what'],
    recorded: number | string,
    replayed: number | string,
    height = this.openHeight,
  ): void {
    // A block made meanwhile may differ from its record, and that is earlier.
    this.compare(true);
    this.isOver = true;
    const sequence = sequenceOf(this.state);
    this.stopped ??= { what, height, sequence, recorded: String(recorded), replayed: String(replayed) };
    this.divergence ??= this.stopped;
  }
}

function sequenceOf(state: State): number {
  return state.venue.f64[state.venue.rowFloats + VENUE.SEQUENCE] as number;
}
