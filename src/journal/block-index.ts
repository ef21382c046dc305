/** The blocks of a journal by height, in few bytes each: their canonical bytes, and where the entries behind them start. */
import { BLOCK_BYTES, type Block, decodeBlock, encodeBlock } from '../chain/block.ts';
import type { Restore } from '../chain/branches.ts';

/** A place between two entries, and what the next entry must fit to. */
export interface JournalPosition {
  readonly segment: number;
  /** Row in the segment. */
  readonly row: number;
  /** Checksum of the header before. */
  readonly previous: number;
  /** Sequence of the last command and height of the last block before. */
  readonly sequence: number;
  readonly height: number;
  /** Branch of history that the next entry is on. */
  readonly fork: number;
}

const POSITION_NUMBERS = 6;

export class BlockIndex {
  private blocks = new Uint8Array(64 * BLOCK_BYTES);
  private positions = new Float64Array(64 * POSITION_NUMBERS);
  /** How many blocks and how many ends of blocks there are: an end is there before its block. */
  private blockCount = 0;
  private endCount = 0;
  private readonly restored: Restore[] = [];

  /** Height of the last block, -1 when there is none. */
  get height(): number {
    return this.blockCount - 1;
  }

  /** The blocks that restore an earlier one, in their order; the last one may be to come. */
  get restores(): readonly Restore[] {
    return this.restored;
  }

  /** Height of the block that is open. */
  get openHeight(): number {
    return this.endCount;
  }

  /** A batch closed the open block, and this is the place behind it. */
  addEnd({ segment, row, previous, sequence, height, fork }: JournalPosition): void {
    const at = this.endCount++ * POSITION_NUMBERS;
    if (at === this.positions.length) {
      const grown = new Float64Array(at * 2);
      grown.set(this.positions);
      this.positions = grown;
    }
    this.positions.set([segment, row, previous, sequence, height, fork], at);
  }

  /** A certificate stands for the next block, which restores an earlier one; this is the place behind it. */
  addRestore(restores: number, position: JournalPosition): void {
    this.restored.push({ height: this.endCount, restores });
    this.addEnd(position);
  }

  /** The next block, which is at height `height` + 1. */
  addBlock(block: Block): void {
    const at = this.blockCount++ * BLOCK_BYTES;
    if (at === this.blocks.length) {
      const grown = new Uint8Array(at * 2);
      grown.set(this.blocks);
      this.blocks = grown;
    }
    this.blocks.set(encodeBlock(block), at);
  }

  block(height: number): Block | undefined {
    if (!Number.isInteger(height) || height < 0 || height >= this.blockCount) return undefined;
    return decodeBlock(this.blocks.subarray(height * BLOCK_BYTES, (height + 1) * BLOCK_BYTES));
  }

  /** The place behind the batch that closed the block at `height`; undefined when no batch did. */
  end(height: number): JournalPosition | undefined {
    if (!Number.isInteger(height) || height < 0 || height >= this.endCount) return undefined;
    const at = height * POSITION_NUMBERS;
    const [segment = 0, row = 0, previous = 0, sequence = 0, before = 0, fork = 0] = this.positions.subarray(
      at,
      at + POSITION_NUMBERS,
    );
    return { segment, row, previous, sequence, height: before, fork };
  }
}
