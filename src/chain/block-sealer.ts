/**
 * Makes blocks: of the commands that the exchange applied, or of those that a replay applies again. Both use this, so what a
 * block says has one definition. The root of a block may come later than its end; blocks come out in order.
 */
import { TIME_LIMIT } from '../engine/command-form.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { type Block, blockHash } from './block.ts';
import { CommandsRoot } from './commands-root.ts';
import { type Hash, NO_DIGEST } from './digest.ts';
import type { RootComputer } from './roots.ts';
import type { StateRoots } from './state-tree.ts';

/** The end of a chain: what the next block builds on. */
export interface ChainHead {
  readonly hash: Uint8Array;
  readonly height: number;
  readonly fork: number;
  /** Sequence and time of the last command. */
  readonly sequence: number;
  readonly timeMs: number;
}

/** What the block of the state before the first command builds on. */
export const BEFORE_GENESIS: ChainHead = { hash: NO_DIGEST, height: -1, fork: 0, sequence: 0, timeMs: 0 };

/** The head of a chain that ends with `block`. */
export function headOf(block: Block, hash: Hash): ChainHead {
  return {
    hash: blockHash(block, hash),
    height: block.height,
    fork: block.fork,
    sequence: block.lastSequence,
    timeMs: block.lastMs,
  };
}

/** The block that ends a branch whose last block is `dead`: an empty one of a new fork, with the state of an earlier block again. */
export function restoreBlock(
  restored: Block,
  certificate: Uint8Array,
  dead: Pick<ChainHead, 'hash' | 'height'>,
  fork: number,
): Block {
  const { lastSequence, lastMs, stateRoot, rulesHash, release } = restored;
  return {
    height: dead.height + 1,
    fork,
    parentHash: dead.hash,
    firstSequence: lastSequence + 1,
    lastSequence,
    firstMs: lastMs,
    lastMs,
    commandsRoot: certificate,
    stateRoot,
    rulesHash,
    release,
    restores: restored.height,
  };
}

/** What is known of a block at its end, before its root. */
type OpenBlock = Omit<Block, 'parentHash' | 'stateRoot' | 'rulesHash'>;

/** The state is not the one whose commands the sealer was given: a bug of the caller. */
export class SealerOutOfStep extends Error {
  constructor(sequence: number, stateSequence: number) {
    super(`commands up to ${sequence} were added to the block, but the state is at ${stateSequence}`);
    this.name = 'SealerOutOfStep';
  }
}

export class BlockSealer {
  private readonly hash: Hash;
  private readonly roots: RootComputer;
  private readonly commands: CommandsRoot;
  private readonly closed: OpenBlock[] = [];
  private sealed: ChainHead;
  private height: number;
  private firstSequence: number;
  private firstMs: number | undefined;
  private lastSequence: number;
  private parentMs: number;

  constructor(hash: Hash, roots: RootComputer, head: ChainHead) {
    this.hash = hash;
    this.roots = roots;
    this.commands = new CommandsRoot(hash);
    this.sealed = head;
    this.height = head.height + 1;
    this.firstSequence = head.sequence + 1;
    this.lastSequence = head.sequence;
    this.parentMs = head.timeMs;
  }

  /** The last sealed block. */
  get head(): ChainHead {
    return this.sealed;
  }

  /** Height of the block that is open. */
  get openHeight(): number {
    return this.height;
  }

  /** Commands in the block that is open. */
  get openCommands(): number {
    return this.lastSequence - this.firstSequence + 1;
  }

  /** Sequence of the last command added. */
  get sequence(): number {
    return this.lastSequence;
  }

  /** Blocks whose roots are awaited. */
  get pending(): number {
    return this.closed.length;
  }

  /** Adds applied commands to the open block: their rows (not kept) and how many commands they are. */
  add(rows: Uint8Array, commands: number): void {
    if (commands === 0) return;
    if (this.firstMs === undefined) {
      const time = new Float64Array(rows.slice(8, 16).buffer)[0] as number;
      // As the engine has it: a command whose time is no time, or runs backwards, leaves the exchange's time as it was.
      const counts = time >= this.parentMs && time <= TIME_LIMIT && Number.isInteger(time);
      this.firstMs = counts ? time : this.parentMs;
    }
    this.lastSequence += commands;
    this.commands.add(rows);
  }

  /**
   * Takes up to `pages` touched pages ahead of the end of the block, so that the end holds up less: to be called after each
   * of the last batches (a copy takes about 1 µs a page) where answers are waited for. Costs more in all than not to call it.
   */
  prepare(state: State, pages: number): void {
    this.roots.prepare(state, pages);
  }

  /** Ends the open block with the state after its last command and requests its root. Refuses (throws) any other state. */
  close(state: State): void {
    const { venue } = state;
    const sequence = venue.f64[venue.rowFloats + VENUE.SEQUENCE] as number;
    if (sequence !== this.lastSequence) throw new SealerOutOfStep(this.lastSequence, sequence);
    const lastMs = venue.f64[venue.rowFloats + VENUE.TIME_MS] as number;
    this.closed.push({
      height: this.height,
      fork: this.sealed.fork,
      firstSequence: this.firstSequence,
      lastSequence: this.lastSequence,
      firstMs: this.firstMs ?? lastMs,
      lastMs,
      commandsRoot: this.commands.finish(),
      release: venue.i32[venue.rowWords + VENUE.RELEASE] as number,
    });
    this.roots.request(state);
    this.height++;
    this.firstSequence = this.lastSequence + 1;
    this.firstMs = undefined;
    this.parentMs = lastMs;
  }

  /** The next block in order when its root is ready. */
  poll(): Block | undefined {
    if (this.closed.length === 0) return undefined;
    const roots = this.roots.poll();
    return roots === undefined ? undefined : this.seal(roots);
  }

  /** The next block in order; waits for its root. Undefined when none is pending. */
  wait(): Block | undefined {
    return this.closed.length === 0 ? undefined : this.seal(this.roots.wait());
  }

  /**
   * Goes on behind a block that restores the last sealed one: `certificate` is the root of its certificate's rows, `dead` the last
   * block of the branch that ends, which stands right below it. Returns the block. Refuses (throws) while a block is open or pending.
   */
  restore(restored: Block, certificate: Uint8Array, dead: Pick<ChainHead, 'hash' | 'height'>, fork: number): Block {
    const isAtEnd = this.closed.length === 0 && this.openCommands === 0 && this.sealed.height === restored.height;
    if (!isAtEnd) throw new Error(`block ${restored.height} cannot be restored from within block ${this.height}`);
    const block = restoreBlock(restored, certificate, dead, fork);
    this.sealed = headOf(block, this.hash);
    this.height = block.height + 1;
    return block;
  }

  private seal(roots: StateRoots): Block {
    const open = this.closed.shift() as OpenBlock;
    const block: Block = { ...open, parentHash: this.sealed.hash, ...roots };
    this.sealed = headOf(block, this.hash);
    return block;
  }
}
