/** A block: a run of journalled commands, the root of the state after them, and the hash of the block before. */
import { requireLittleEndian } from './byte-order.ts';
import { DIGEST_BYTES, type Hash } from './digest.ts';

requireLittleEndian();

export interface Block {
  /** 0 is the block of the state before the first command. */
  readonly height: number;
  /** Branch of history; a rollback starts a new one. */
  readonly fork: number;
  /** Hash of the block before; zeros before the first. */
  readonly parentHash: Uint8Array;
  /** Sequences of its commands; an empty block has `lastSequence` = `firstSequence` − 1. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The exchange's time after its first and after its last command, milliseconds. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Root of the rows of its commands (`commands-root.ts`). */
  readonly commandsRoot: Uint8Array;
  /** Root of all tables after its last command (`state-tree.ts`). */
  readonly stateRoot: Uint8Array;
  /** Root of the table of rules alone. */
  readonly rulesHash: Uint8Array;
  /** Engine release that made the state. */
  readonly release: number;
  /**
   * Height of the earlier block whose state is the state again: only of the first block of a fork, which has no commands. Its
   * commands root is that of the rows of the certificate before it, and its sequence and its time are those of that block.
   */
  readonly restores?: number;
}

/** Bytes of a block: three rows. Its hash is over exactly these. */
export const BLOCK_BYTES = 192;

/** `MWBK` */
const MAGIC = 0x4b42574d;
const VERSION = 1;
/** Words of the first row, then its 64-bit floats, then the four digests. */
const WORD = { MAGIC: 0, VERSION: 1, FORK: 2, RELEASE: 3 } as const;
/** `RESTORES` is the height + 1: 0 is none. */
const FLOAT = { HEIGHT: 2, FIRST_SEQUENCE: 3, LAST_SEQUENCE: 4, FIRST_MS: 5, LAST_MS: 6, RESTORES: 7 } as const;
const DIGEST = { PARENT: 64, COMMANDS: 96, STATE: 128, RULES: 160 } as const;

/** The canonical bytes of a block. */
export function encodeBlock(block: Block): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const words = new Int32Array(bytes.buffer);
  const floats = new Float64Array(bytes.buffer);
  words[WORD.MAGIC] = MAGIC;
  words[WORD.VERSION] = VERSION;
  words[WORD.FORK] = block.fork;
  words[WORD.RELEASE] = block.release;
  floats[FLOAT.HEIGHT] = block.height;
  floats[FLOAT.FIRST_SEQUENCE] = block.firstSequence;
  floats[FLOAT.LAST_SEQUENCE] = block.lastSequence;
  floats[FLOAT.FIRST_MS] = block.firstMs;
  floats[FLOAT.LAST_MS] = block.lastMs;
  floats[FLOAT.RESTORES] = block.restores === undefined ? 0 : block.restores + 1;
  bytes.set(block.parentHash, DIGEST.PARENT);
  bytes.set(block.commandsRoot, DIGEST.COMMANDS);
  bytes.set(block.stateRoot, DIGEST.STATE);
  bytes.set(block.rulesHash, DIGEST.RULES);
  return bytes;
}

/** The block of these bytes (copied), or undefined when they are not those of a block of this format. */
export function decodeBlock(bytes: Uint8Array): Block | undefined {
  if (bytes.length !== BLOCK_BYTES) return undefined;
  const own = new Uint8Array(BLOCK_BYTES);
  own.set(bytes);
  const words = new Int32Array(own.buffer);
  const floats = new Float64Array(own.buffer);
  if (words[WORD.MAGIC] !== MAGIC || words[WORD.VERSION] !== VERSION) return undefined;
  const restored = floats[FLOAT.RESTORES] as number;
  // A block restores one below it, or none: anything else is no block of this format. −0 would be other bytes for none.
  const isNone = Object.is(restored, 0);
  if (!isNone && !(Number.isSafeInteger(restored) && restored > 0 && restored <= (floats[FLOAT.HEIGHT] as number))) {
    return undefined;
  }
  const digest = (at: number): Uint8Array => own.slice(at, at + DIGEST_BYTES);
  return {
    height: floats[FLOAT.HEIGHT] as number,
    fork: words[WORD.FORK] as number,
    parentHash: digest(DIGEST.PARENT),
    firstSequence: floats[FLOAT.FIRST_SEQUENCE] as number,
    lastSequence: floats[FLOAT.LAST_SEQUENCE] as number,
    firstMs: floats[FLOAT.FIRST_MS] as number,
    lastMs: floats[FLOAT.LAST_MS] as number,
    commandsRoot: digest(DIGEST.COMMANDS),
    stateRoot: digest(DIGEST.STATE),
    rulesHash: digest(DIGEST.RULES),
    release: words[WORD.RELEASE] as number,
    ...(isNone ? {} : { restores: restored - 1 }),
  };
}

/** What names a block: SHA-256 of its canonical bytes. */
export function blockHash(block: Block, hash: Hash): Uint8Array {
  return hash(encodeBlock(block));
}
