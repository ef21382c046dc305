/** A journal in memory: for simulation and tests. Durable for as long as it is held. */
import { BLOCK_BYTES, type Block } from '../chain/block.ts';
import type { Restore } from '../chain/branches.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { HEADER_BYTES, rowViews } from '../chain/entry-frame.ts';
import { BlockIndex, type JournalPosition } from './block-index.ts';
import {
  type Batch,
  type Journal,
  requireNextBatch,
  requireNextBlock,
  requireRows,
  requireWholeBranch,
} from './journal.ts';

export class MemoryJournal implements Journal {
  private readonly all: Entry[] = [];
  private readonly index = new BlockIndex();
  fork = 0;
  sequence = 0;
  bytes = 0;

  get height(): number {
    return this.index.height;
  }

  get restores(): readonly Restore[] {
    return this.index.restores;
  }

  append(batch: Batch): void {
    const rows = requireNextBatch(this.sequence, batch);
    const { bytes, commands, firstSequence, closesBlock } = batch;
    const copy = rowViews(new ArrayBuffer(bytes.length));
    copy.bytes.set(bytes);
    const entry: BatchEntry = {
      kind: 'commands',
      fork: this.fork,
      firstSequence,
      commands,
      rows,
      closesBlock,
      ...copy,
    };
    this.all.push(entry);
    this.sequence += commands;
    this.bytes += HEADER_BYTES + bytes.length;
    if (closesBlock) this.index.addEnd(this.end);
  }

  /** The place behind the last entry. */
  private get end(): JournalPosition {
    const { sequence, height, fork } = this;
    return { segment: 1, row: this.all.length, previous: 0, sequence, height, fork };
  }

  appendWarrants(bytes: Uint8Array): void {
    this.pushBeside({ warrants: bytes.slice() }, bytes);
  }

  appendActs(bytes: Uint8Array): void {
    this.pushBeside({ acts: bytes.slice() }, bytes);
  }

  appendHolds(bytes: Uint8Array): void {
    this.pushBeside({ holds: bytes.slice() }, bytes);
  }

  private pushBeside(beside: Pick<BatchEntry, 'warrants' | 'acts' | 'holds' | 'certificate'>, bytes: Uint8Array): void {
    requireRows(bytes);
    this.all.push({
      kind: 'commands',
      fork: this.fork,
      firstSequence: this.sequence + 1,
      commands: 0,
      rows: 0,
      closesBlock: false,
      ...rowViews(new ArrayBuffer(0)),
      ...beside,
    });
    this.bytes += HEADER_BYTES + bytes.length;
  }

  appendBlock(block: Block): void {
    requireNextBlock(this.height + 1, this.index.end(block.height)?.sequence, this.fork, block);
    this.all.push({ kind: 'block', block });
    this.bytes += HEADER_BYTES + BLOCK_BYTES;
    this.index.addBlock(block);
  }

  appendRestore(certificate: Uint8Array, restores: number): void {
    const restored = requireWholeBranch(this, this.index.openHeight, restores);
    requireRows(certificate);
    this.fork++;
    this.sequence = restored.lastSequence;
    this.pushBeside({ certificate: certificate.slice() }, certificate);
    this.index.addRestore(restores, this.end);
  }

  sync(): void {}

  beginSync(): void {}

  awaitSync(): void {}

  block(height: number): Block | undefined {
    return this.index.block(height);
  }

  entries(afterHeight = -1): Iterable<Entry> {
    if (afterHeight < 0) return this.all.values();
    const end = this.index.end(afterHeight);
    if (end === undefined) throw new RangeError(`the journal has no block ${afterHeight}`);
    return this.all.slice(end.row).values();
  }

  close(): void {}
}
