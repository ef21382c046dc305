/**
 * What a history is made of, as it is read: batches of commands, acts before them, warrants and holds behind them, the blocks over them,
 * and where a rollback ended a branch, its certificate.
 */
import type { Block } from './block.ts';

/** A batch of commands as a journal gives it. Its views are valid until the next entry is asked for. */
export interface BatchEntry {
  readonly kind: 'commands';
  readonly fork: number;
  readonly firstSequence: number;
  readonly commands: number;
  readonly rows: number;
  /** It is the last of its block. */
  readonly closesBlock: boolean;
  /** Exactly its rows: a command that claims more than these is malformed. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  /** Only of an entry of no commands: the warrants of the forced commands of the batch before. They change no state. */
  readonly warrants?: Uint8Array;
  /** Only of an entry of no commands: signed acts of people. The commands of an act are the batch behind it. */
  readonly acts?: Uint8Array;
  /** Only of an entry of no commands: what the guard held while the batch before was taken. It changes no state. */
  readonly holds?: Uint8Array;
  /**
   * Only of an entry of no commands: the certificate of a rollback. The branch before it ends with its last block; the block behind
   * it, the first of fork `fork`, restores an earlier one.
   */
  readonly certificate?: Uint8Array;
}

/** A sealed block. It comes behind its last batch, not always at once: roots may be computed while later batches are applied. */
interface BlockEntry {
  readonly kind: 'block';
  readonly block: Block;
}

export type Entry = BatchEntry | BlockEntry;
