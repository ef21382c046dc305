/**
 * A branch that is passed over: its states are not computed, but its bytes are checked as far as they can be without. Commands follow
 * each other and are those that the blocks' roots name, blocks name the block before, and what a rollback within it restores is the
 * state that the restored block has.
 */
import type { Block } from './block.ts';
import { type ChainHead, restoreBlock } from './block-sealer.ts';
import { commandRows } from './command-record.ts';
import { CommandsRoot } from './commands-root.ts';
import type { Hash } from './digest.ts';
import type { BatchEntry } from './entry.ts';

/** What is known of a block of the branch at its end. */
export interface ClosedBlock {
  readonly height: number;
  readonly fork: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly commandsRoot: Uint8Array;
  /** Of a block that restores another: all of it but its parent. */
  readonly restoring?: Block;
}

/** What is wrong with an entry: recorded and expected. */
export type DeadFault = readonly ['fork' | 'sequence' | 'commands', recorded: number, expected: number];

export class DeadBranch {
  private readonly commandsRoot: CommandsRoot;
  private readonly closed: ClosedBlock[] = [];
  private height: number;
  private fork: number;
  private firstSequence: number;
  private sequence: number;

  /** Begins behind the end of a block. */
  constructor(hash: Hash, { height, fork, sequence }: Pick<ChainHead, 'height' | 'fork' | 'sequence'>) {
    this.commandsRoot = new CommandsRoot(hash);
    this.height = height + 1;
    this.fork = fork;
    this.firstSequence = sequence + 1;
    this.sequence = sequence;
  }

  /** Takes a batch, or what stands beside one; returns what does not fit. */
  batch(entry: BatchEntry): DeadFault | undefined {
    if (entry.fork !== this.fork) return ['fork', entry.fork, this.fork];
    if (entry.firstSequence !== this.sequence + 1) return ['sequence', entry.firstSequence, this.sequence + 1];
    let commands = 0;
    for (let row = 0; row < entry.rows; commands++) row += commandRows(entry.words, row);
    if (commands !== entry.commands) return ['commands', entry.commands, commands];
    this.sequence += commands;
    this.commandsRoot.add(entry.bytes.subarray(0, entry.rows * 64));
    if (entry.closesBlock) this.close();
    return undefined;
  }

  private close(): void {
    const { height, fork, firstSequence, sequence } = this;
    const commandsRoot = this.commandsRoot.finish();
    this.closed.push({ height, fork, firstSequence, lastSequence: sequence, commandsRoot });
    this.height++;
    this.firstSequence = sequence + 1;
  }

  /** A rollback within the branch, whose certificate has this root. */
  restore(restored: Block, certificate: Uint8Array, dead: Pick<ChainHead, 'hash' | 'height'>, fork: number): void {
    const restoring = restoreBlock(restored, certificate, dead, fork);
    const { height, firstSequence, lastSequence, commandsRoot } = restoring;
    this.closed.push({ height, fork, firstSequence, lastSequence, commandsRoot, restoring });
    this.height = height + 1;
    this.fork = fork;
    this.sequence = lastSequence;
    this.firstSequence = firstSequence;
  }

  /** Every command stands under a recorded block. */
  get isWhole(): boolean {
    return this.closed.length === 0 && this.sequence === this.firstSequence - 1;
  }

  /** The next closed block in order, to be compared with the recorded one; undefined when none is. */
  take(): ClosedBlock | undefined {
    return this.closed.shift();
  }
}
