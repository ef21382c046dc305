/**
 * The state root: one digest of all tables.
 *
 * Per table a Merkle tree over its pages (`page-tree.ts`); the table's root is the hash of the top of that tree, the number of
 * rows, the head of the free list, the rows in use, the bytes of a row and the name; the state root is the hash of a version
 * and the roots of all tables in the order of `SCHEMAS`. The tree knows pages and counts alone, never a live state, so it can
 * live in another thread.
 */
import { utf8 } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { PAGE_BYTES, type Schema } from '../engine/table.ts';
import { SCHEMAS } from '../engine/tables.ts';
import { DIGEST_BYTES, type Hash } from './digest.ts';
import { PageTree } from './page-tree.ts';
import { COUNT_FIELDS, COUNTS, TABLE_COUNT, TABLE_NAMES, takeTouched, touchAll, writeCounts } from './touched-pages.ts';

const VERSION = utf8('makewhole state root 1\n');
const RULE = TABLE_NAMES.indexOf('rule');

/** The root of all tables, and the root of the table of rules alone. */
export interface StateRoots {
  readonly stateRoot: Uint8Array;
  readonly rulesHash: Uint8Array;
}

export class StateTree {
  private readonly hash: Hash;
  private readonly trees: readonly PageTree[];
  private readonly counts = new Int32Array(TABLE_COUNT * COUNT_FIELDS);

  constructor(hash: Hash) {
    this.hash = hash;
    this.trees = TABLE_NAMES.map(() => new PageTree(hash));
  }

  /** Takes the tables' counts, which fix the size of each tree. Before the pages of the same state. */
  setCounts(counts: Int32Array): void {
    this.counts.set(counts);
    this.trees.forEach((tree, table) => {
      const rows = this.counts[table * COUNT_FIELDS + COUNTS.ROWS] as number;
      tree.resize(Math.ceil((rows * schemaOf(table).rowBytes) / PAGE_BYTES));
    });
  }

  /** Takes the counts of a live state. */
  takeCounts(state: State): void {
    const counts = new Int32Array(TABLE_COUNT * COUNT_FIELDS);
    writeCounts(state, counts);
    this.setCounts(counts);
  }

  /** Takes pages of table number `table`, from page `page` on. */
  setPages(table: number, page: number, bytes: Uint8Array): void {
    const tree = this.trees[table] as PageTree;
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      tree.setPage(page + at / PAGE_BYTES, bytes.subarray(at, at + PAGE_BYTES));
    }
  }

  /** The roots of everything taken so far. */
  roots(): StateRoots {
    const preimage = new Uint8Array(VERSION.length + TABLE_COUNT * DIGEST_BYTES);
    preimage.set(VERSION);
    for (let table = 0; table < TABLE_COUNT; table++) {
      preimage.set(this.tableRoot(table), VERSION.length + table * DIGEST_BYTES);
    }
    const rules = VERSION.length + RULE * DIGEST_BYTES;
    return { stateRoot: this.hash(preimage), rulesHash: preimage.slice(rules, rules + DIGEST_BYTES) };
  }

  private tableRoot(table: number): Uint8Array {
    const at = table * COUNT_FIELDS;
    const name = utf8(TABLE_NAMES[table] as string);
    const preimage = new Uint8Array(DIGEST_BYTES + (COUNT_FIELDS + 1) * 4 + name.length);
    preimage.set((this.trees[table] as PageTree).top());
    const words = new Int32Array(preimage.buffer, DIGEST_BYTES, COUNT_FIELDS + 1);
    words.set(this.counts.subarray(at, at + COUNT_FIELDS));
    words[COUNT_FIELDS] = schemaOf(table).rowBytes;
    preimage.set(name, DIGEST_BYTES + words.byteLength);
    return this.hash(preimage);
  }
}

function schemaOf(table: number): Schema {
  return SCHEMAS[TABLE_NAMES[table] as keyof typeof SCHEMAS];
}

/** Brings `tree` up to date with a live state: takes and hashes its touched pages in place. */
export function absorbTouched(tree: StateTree, state: State): StateRoots {
  tree.takeCounts(state);
  takeTouched(state, (table, page, bytes) => tree.setPages(table, page, bytes));
  return tree.roots();
}

/** The roots of a state from all of its pages, whatever was touched: what an incremental root must equal. Keeps the marks. */
export function computeRoots(state: State, hash: Hash): StateRoots {
  const marks = TABLE_NAMES.map((name) => state[name].touched.slice());
  touchAll(state);
  const roots = absorbTouched(new StateTree(hash), state);
  TABLE_NAMES.forEach((name, table) => state[name].touched.set(marks[table] as Uint8Array));
  return roots;
}
