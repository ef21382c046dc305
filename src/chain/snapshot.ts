/**
 * A snapshot: the tables of a state as bytes, worth nothing without the block whose root they must have.
 *
 * A first page says the format, the block and the size of each table; then come the pages of all tables in their order. It is
 * written from the live tables without a copy of them, and read into the tables of a new state.
 */
import { COMMAND_BYTES } from '../engine/command.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { State } from '../engine/state.ts';
import { PAGE_BYTES } from '../engine/table.ts';
import { SCHEMAS, type TableName, VENUE } from '../engine/tables.ts';
import { BLOCK_BYTES, type Block, blockHash, decodeBlock, encodeBlock } from './block.ts';
import { requireLittleEndian } from './byte-order.ts';
import { type Checksum, DIGEST_BYTES, type Hash, sameBytes, toHex } from './digest.ts';
import { computeRoots } from './state-tree.ts';
import { COUNT_FIELDS, TABLE_COUNT, TABLE_NAMES, touchAll, writeCounts } from './touched-pages.ts';

requireLittleEndian();

/** `MWSN` */
const MAGIC = 0x4e53574d;
const VERSION = 1;
const WORD = { MAGIC: 0, VERSION: 1, TABLES: 2, CHECKSUM: 15 } as const;
const LAYOUT = COMMAND_BYTES;
const BLOCK = LAYOUT + COMMAND_BYTES;
const TABLE_COUNTS = BLOCK + BLOCK_BYTES;
/** Rows that no table exceeds (`Table`). */
const ROW_LIMIT = 1 << 24;
/** Bytes given out at once while a snapshot is written. */
const CHUNK_BYTES = 1 << 23;

/** Why a snapshot was not loaded. */
export interface SnapshotRefusal {
  readonly what: 'truncated' | 'format' | 'checksum' | 'layout' | 'block' | 'state_root';
  readonly message: string;
  /** Of a `state_root` refusal alone: what was read. To be compared with another state (`diffStates`), never to be used. */
  readonly suspect?: State;
}

export type SnapshotResult = { readonly state: State } | { readonly refusal: SnapshotRefusal };

/** Fills `into` with the next bytes of the snapshot; returns false when there are not enough. */
export type ReadInto = (into: Uint8Array) => boolean;

/** Reads a snapshot that is in memory. */
export function readerOf(bytes: Uint8Array): ReadInto {
  let at = 0;
  return (into) => {
    if (at + into.length > bytes.length) return false;
    into.set(bytes.subarray(at, at + into.length));
    at += into.length;
    return true;
  };
}

/** How many bytes `writeSnapshot` gives for this state. */
export function snapshotBytes(state: State): number {
  return TABLE_NAMES.reduce((sum, name) => sum + state[name].pages * PAGE_BYTES, PAGE_BYTES);
}

/**
 * The bytes of a snapshot of `state`, which is the state after `block`, in parts of at most 8 MiB. The parts are views of the
 * live tables: write each before the next is asked for, and apply nothing meanwhile. Refuses (throws) a state at another sequence.
 */
export function* writeSnapshot(state: State, block: Block, hash: Hash, checksum: Checksum): Generator<Uint8Array> {
  const sequence = state.venue.f64[state.venue.rowFloats + VENUE.SEQUENCE];
  if (sequence !== block.lastSequence) {
    throw new Error(`the state is at ${sequence}, the block of the snapshot ends at ${block.lastSequence}`);
  }
  const head = new Uint8Array(PAGE_BYTES);
  const words = new Int32Array(head.buffer);
  words[WORD.MAGIC] = MAGIC;
  words[WORD.VERSION] = VERSION;
  words[WORD.TABLES] = TABLE_COUNT;
  head.set(layoutHash(hash), LAYOUT);
  head.set(encodeBlock(block), BLOCK);
  writeCounts(state, words.subarray(TABLE_COUNTS / 4));
  words[WORD.CHECKSUM] = checksum(head);
  yield head;
  for (const name of TABLE_NAMES) {
    const { bytes, pages } = state[name];
    for (let at = 0; at < pages * PAGE_BYTES; at += CHUNK_BYTES) {
      yield bytes.subarray(at, Math.min(at + CHUNK_BYTES, pages * PAGE_BYTES));
    }
  }
}

/**
 * Loads a snapshot of the state after `block`: reads it, computes its root, and gives the state only if that is the block's.
 * What it refuses comes back by name. All pages of the state are marked as touched.
 */
export function loadSnapshot(read: ReadInto, block: Block, hash: Hash, checksum: Checksum): SnapshotResult {
  const head = new Uint8Array(PAGE_BYTES);
  if (!read(head)) return refuse('truncated', 'the snapshot ends within its first page');
  const refusal = checkHead(head, block, hash, checksum);
  if (refusal !== undefined) return { refusal };
  const state = makeRoom(new Int32Array(head.buffer, TABLE_COUNTS, TABLE_COUNT * COUNT_FIELDS));
  if (state === undefined) return refuse('format', 'a table has an impossible number of rows');
  for (const name of TABLE_NAMES) {
    const { bytes, pages } = state[name];
    if (!read(bytes.subarray(0, pages * PAGE_BYTES))) return refuse('truncated', `the snapshot ends within ${name}`);
  }
  if (read(new Uint8Array(1))) return refuse('format', 'the snapshot goes on behind its last table');
  const { stateRoot } = computeRoots(state, hash);
  if (!sameBytes(stateRoot, block.stateRoot)) {
    const message = `the state root is ${toHex(stateRoot)}, block ${block.height} says ${toHex(block.stateRoot)}`;
    return { refusal: { what: 'state_root', message, suspect: state } };
  }
  touchAll(state);
  state.index.restore(state);
  return { state };
}

/** The block that a snapshot's first page names, to look it up; undefined when the page is damaged or of another format. */
export function snapshotBlock(head: Uint8Array, checksum: Checksum): Block | undefined {
  if (faultOfHead(head.slice(), checksum) !== undefined) return undefined;
  return decodeBlock(head.subarray(BLOCK, BLOCK + BLOCK_BYTES));
}

function checkHead(head: Uint8Array<ArrayBuffer>, block: Block, hash: Hash, checksum: Checksum) {
  const fault = faultOfHead(head, checksum);
  if (fault !== undefined) return fault;
  if (!sameBytes(head.subarray(LAYOUT, LAYOUT + DIGEST_BYTES), layoutHash(hash))) {
    return refuse('layout', 'its tables have other columns than those of this release').refusal;
  }
  const named = decodeBlock(head.subarray(BLOCK, BLOCK + BLOCK_BYTES));
  if (named !== undefined && sameBytes(blockHash(named, hash), blockHash(block, hash))) return undefined;
  const message = `it is of block ${named?.height} on fork ${named?.fork}, not of block ${block.height} on fork ${block.fork}`;
  return refuse('block', message).refusal;
}

function faultOfHead(head: Uint8Array<ArrayBufferLike>, checksum: Checksum): SnapshotRefusal | undefined {
  const words = new Int32Array(head.buffer, head.byteOffset, PAGE_BYTES / 4);
  if (words[WORD.MAGIC] !== MAGIC || words[WORD.VERSION] !== VERSION || words[WORD.TABLES] !== TABLE_COUNT) {
    return refuse('format', `not a snapshot of version ${VERSION} with ${TABLE_COUNT} tables`).refusal;
  }
  const stated = (words[WORD.CHECKSUM] as number) >>> 0;
  words[WORD.CHECKSUM] = 0;
  const found = checksum(head);
  words[WORD.CHECKSUM] = stated;
  return found === stated ? undefined : refuse('checksum', 'the first page is damaged').refusal;
}

/** An empty state with these counts; undefined when no table can have them. */
function makeRoom(counts: Int32Array): State | undefined {
  const rowsOf = (name: TableName): number => roomFor(counts[TABLE_NAMES.indexOf(name) * COUNT_FIELDS] as number);
  const state = new State({ accounts: rowsOf('account'), positions: rowsOf('position'), orders: rowsOf('order') });
  for (let number = 0; number < TABLE_COUNT; number++) {
    const table = state[TABLE_NAMES[number] as TableName];
    const [rows = 0, free = 0, live = 0] = counts.subarray(number * COUNT_FIELDS, (number + 1) * COUNT_FIELDS);
    if (rows < 1 || rows > table.rowLimit || free < 0 || free >= rows || live < 0 || live >= rows) return undefined;
    table.reserve(rows);
    table.rows = rows;
    table.free = free;
    table.live = live;
  }
  return state;
}

/** Rows to make room for: those that are there if that can be, else few. */
function roomFor(rows: number): number {
  return rows >= 1 && rows <= ROW_LIMIT ? rows : 1;
}

/** Binds the names, widths and columns of all tables: two releases with different layouts do not read each other's bytes. */
function layoutHash(hash: Hash): Uint8Array {
  const tables = TABLE_NAMES.map((name) => {
    const { rowBytes, columns } = SCHEMAS[name];
    return `${name} ${rowBytes} ${columns.map((column) => `${column.name}:${column.kind}:${column.offset}:${column.count}`).join()}`;
  });
  return hash(utf8(tables.join('\n')));
}

function refuse(what: SnapshotRefusal['what'], message: string): { refusal: SnapshotRefusal } {
  return { refusal: { what, message } };
}
