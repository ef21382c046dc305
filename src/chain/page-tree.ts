/**
 * A Merkle tree over the pages of one table, sixteen children a node.
 *
 * A leaf is the hash of a whole page of 4,096 bytes: behind the last row a page is zero, and a page that was never written is
 * a page of zeros. A node is the hash of the digests of its children, as many as there are; the top of a single page is its
 * leaf. The number of rows, bound in the root of the table, fixes the shape, so no node can pass for a leaf.
 */
import { PAGE_BYTES } from '../engine/table.ts';
import { DIGEST_BYTES, type Hash } from './digest.ts';

const CHILDREN = 16;
const NODE_BYTES = CHILDREN * DIGEST_BYTES;

/** One level: the digests of its nodes and which of them have to be hashed anew. */
interface Level {
  digests: Uint8Array;
  stale: Uint8Array;
  count: number;
}

export class PageTree {
  private readonly hash: Hash;
  private readonly zeroPage: Uint8Array;
  private readonly levels: Level[] = [newLevel()];

  constructor(hash: Hash) {
    this.hash = hash;
    this.zeroPage = hash(new Uint8Array(PAGE_BYTES));
  }

  /** How many pages the tree has. */
  get pages(): number {
    return (this.levels[0] as Level).count;
  }

  /** Makes it a tree of `pages` pages; new ones are zero. A table never shrinks: fewer pages are refused (throws). */
  resize(pages: number): void {
    const before = this.pages;
    if (pages < before) throw new Error(`a tree of ${before} pages cannot become one of ${pages}`);
    if (pages === before) return;
    let count = pages;
    for (let depth = 0; ; depth++) {
      resizeLevel(this.level(depth), count);
      if (count === 1) break;
      count = Math.ceil(count / CHILDREN);
    }
    for (let page = before; page < pages; page++) this.setDigest(page, this.zeroPage);
  }

  /** Hashes a page of 4,096 bytes. The page must be within the tree. */
  setPage(page: number, bytes: Uint8Array): void {
    this.setDigest(page, this.hash(bytes));
  }

  /** Hashes what has become stale and returns the digest at the top (a view: copy it to keep it). */
  top(): Uint8Array {
    for (let depth = 1; depth < this.levels.length; depth++) this.refresh(depth);
    return (this.levels[this.levels.length - 1] as Level).digests.subarray(0, DIGEST_BYTES);
  }

  private setDigest(page: number, digest: Uint8Array): void {
    (this.levels[0] as Level).digests.set(digest, page * DIGEST_BYTES);
    this.markParent(0, page);
  }

  private markParent(depth: number, node: number): void {
    const parent = this.levels[depth + 1];
    if (parent !== undefined) parent.stale[(node / CHILDREN) | 0] = 1;
  }

  private refresh(depth: number): void {
    const { digests, stale, count } = this.levels[depth] as Level;
    const below = this.levels[depth - 1] as Level;
    const end = below.count * DIGEST_BYTES;
    for (let node = stale.indexOf(1); node >= 0 && node < count; node = stale.indexOf(1, node + 1)) {
      const from = node * NODE_BYTES;
      const to = from + NODE_BYTES < end ? from + NODE_BYTES : end;
      digests.set(this.hash(below.digests.subarray(from, to)), node * DIGEST_BYTES);
      stale[node] = 0;
      this.markParent(depth, node);
    }
  }

  private level(depth: number): Level {
    let level = this.levels[depth];
    if (level === undefined) {
      level = newLevel();
      this.levels.push(level);
    }
    return level;
  }
}

function newLevel(): Level {
  return { digests: new Uint8Array(DIGEST_BYTES), stale: new Uint8Array(1), count: 0 };
}

/** Gives the level `count` nodes; the new ones are stale. */
function resizeLevel(level: Level, count: number): void {
  if (count > level.stale.length) {
    const room = Math.max(count, level.stale.length * 2);
    const digests = new Uint8Array(room * DIGEST_BYTES);
    digests.set(level.digests);
    const stale = new Uint8Array(room);
    stale.set(level.stale);
    level.digests = digests;
    level.stale = stale;
  }
  level.stale.fill(1, level.count, count);
  level.count = count;
}
