/**
 * A ladder: queues of orders by price tick, with the nearest occupied tick above or below found in a few steps.
 *
 * Three levels of 1024 (a leaf holds 1024 ticks, a node 1024 leaves, the root 1024 nodes), each with a bitmap of what is
 * occupied; leaves and nodes come from one heap and go back to it when empty. Ticks are 1 … 2^30 − 1. A ladder is derived
 * from the order table (`index.ts` rebuilds it), so it is no part of the state.
 */

const FAN = 1024;
/** Words of a leaf: 32 of bitmap, 1 of summary, pad, then head and tail of each tick's queue. */
const LEAF_WORDS = 36 + 2 * FAN;
/** Words of a node: 32 of bitmap, 1 of summary, pad, then its children's offsets. */
const NODE_WORDS = 36 + FAN;
const SLOTS = 36;

export const TICK_LIMIT = 2 ** 30;

/** Where leaves and nodes of all ladders live. Offset 0 means "none". */
export class LadderHeap {
  words = new Int32Array(1 << 16);
  private used = 16;
  private freeLeaf = 0;
  private freeNode = 0;

  /** Forgets all ladders: those that were made before must not be used again. */
  clear(): void {
    this.words.fill(0);
    this.used = 16;
    this.freeLeaf = 0;
    this.freeNode = 0;
  }

  /** A zeroed leaf. What goes back is all zero but for its link, so nothing has to be cleared here. */
  leaf(): number {
    const at = this.freeLeaf;
    if (at === 0) return this.take(LEAF_WORDS);
    this.freeLeaf = this.words[at + SLOTS] as number;
    this.words[at + SLOTS] = 0;
    return at;
  }

  node(): number {
    const at = this.freeNode;
    if (at === 0) return this.take(NODE_WORDS);
    this.freeNode = this.words[at + SLOTS] as number;
    this.words[at + SLOTS] = 0;
    return at;
  }

  releaseLeaf(at: number): void {
    this.words[at + SLOTS] = this.freeLeaf;
    this.freeLeaf = at;
  }

  releaseNode(at: number): void {
    this.words[at + SLOTS] = this.freeNode;
    this.freeNode = at;
  }

  private take(words: number): number {
    const at = this.used;
    this.used += words;
    if (this.used > this.words.length) {
      const grown = new Int32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    return at;
  }
}

export class Ladder {
  readonly heap: LadderHeap;
  /** The leaf found last and the ticks it holds (`tick >> 10`): most look-ups are near the one before. */
  private cachedLeaf = 0;
  private cachedKey = -1;
  private readonly root: number;

  constructor(heap: LadderHeap) {
    this.heap = heap;
    this.root = heap.node();
  }

  /** First order at `tick`, 0 if there is none. */
  head(tick: number): number {
    const leaf = this.leafOf(tick);
    return leaf === 0 ? 0 : (this.heap.words[leaf + 36 + ((tick & 1023) << 1)] as number);
  }

  /** Last order at `tick`, 0 if there is none. */
  tail(tick: number): number {
    const leaf = this.leafOf(tick);
    return leaf === 0 ? 0 : (this.heap.words[leaf + 37 + ((tick & 1023) << 1)] as number);
  }

  /** Sets the first order of an occupied tick. */
  setHead(tick: number, order: number): void {
    this.heap.words[this.leafOf(tick) + 36 + ((tick & 1023) << 1)] = order;
  }

  setTail(tick: number, order: number): void {
    this.heap.words[this.leafOf(tick) + 37 + ((tick & 1023) << 1)] = order;
  }

  /** Makes `tick` occupied by one order. */
  occupy(tick: number, order: number): void {
    let leaf = this.leafOf(tick);
    if (leaf === 0) leaf = this.makeLeaf(tick);
    const words = this.heap.words;
    const slot = tick & 1023;
    const at = leaf + 36 + (slot << 1);
    words[at] = order;
    words[at + 1] = order;
    setBit(words, leaf, slot);
  }

  /** Puts an order last at `tick`, which it occupies if need be. Returns the order that was last before, 0 if none was. */
  push(tick: number, order: number): number {
    let leaf = this.leafOf(tick);
    if (leaf === 0) leaf = this.makeLeaf(tick);
    const words = this.heap.words;
    const slot = tick & 1023;
    const at = leaf + 36 + (slot << 1);
    const last = words[at + 1] as number;
    words[at + 1] = order;
    if (last !== 0) return last;
    words[at] = order;
    setBit(words, leaf, slot);
    return 0;
  }

  /** Empties `tick`. */
  vacate(tick: number): void {
    const leaf = this.leafOf(tick);
    const words = this.heap.words;
    const slot = tick & 1023;
    const at = leaf + 36 + (slot << 1);
    words[at] = 0;
    words[at + 1] = 0;
    if (clearBit(words, leaf, slot)) this.dropLeaf(tick, leaf);
  }

  /** The lowest occupied tick at or above `tick`, or `TICK_LIMIT`. */
  above(tick: number): number {
    const words = this.heap.words;
    const leaf = this.leafOf(tick);
    if (leaf !== 0) {
      const slot = bitAbove(words, leaf, tick & 1023);
      if (slot < FAN) return (tick & ~1023) | slot;
    }
    const node = words[this.root + SLOTS + (tick >> 20)] as number;
    if (node !== 0) {
      const child = bitAbove(words, node, ((tick >> 10) & 1023) + 1);
      if (child < FAN) {
        const found = words[node + SLOTS + child] as number;
        return (tick & ~0xfffff) | (child << 10) | bitAbove(words, found, 0);
      }
    }
    const top = bitAbove(words, this.root, (tick >> 20) + 1);
    if (top >= FAN) return TICK_LIMIT;
    const next = words[this.root + SLOTS + top] as number;
    const child = bitAbove(words, next, 0);
    return (top << 20) | (child << 10) | bitAbove(words, words[next + SLOTS + child] as number, 0);
  }

  /** The highest occupied tick at or below `tick`, or 0. */
  below(tick: number): number {
    const words = this.heap.words;
    const leaf = this.leafOf(tick);
    if (leaf !== 0) {
      const slot = bitBelow(words, leaf, tick & 1023);
      if (slot >= 0) return (tick & ~1023) | slot;
    }
    const node = words[this.root + SLOTS + (tick >> 20)] as number;
    if (node !== 0) {
      const child = bitBelow(words, node, ((tick >> 10) & 1023) - 1);
      if (child >= 0) {
        const found = words[node + SLOTS + child] as number;
        return (tick & ~0xfffff) | (child << 10) | bitBelow(words, found, 1023);
      }
    }
    const top = bitBelow(words, this.root, (tick >> 20) - 1);
    if (top < 0) return 0;
    const next = words[this.root + SLOTS + top] as number;
    const child = bitBelow(words, next, 1023);
    return (top << 20) | (child << 10) | bitBelow(words, words[next + SLOTS + child] as number, 1023);
  }

  private leafOf(tick: number): number {
    const key = tick >> 10;
    if (key === this.cachedKey) return this.cachedLeaf;
    const words = this.heap.words;
    const node = words[this.root + SLOTS + (tick >> 20)] as number;
    if (node === 0) return 0;
    const leaf = words[node + SLOTS + (key & 1023)] as number;
    if (leaf !== 0) {
      this.cachedKey = key;
      this.cachedLeaf = leaf;
    }
    return leaf;
  }

  private makeLeaf(tick: number): number {
    const top = tick >> 20;
    let node = this.heap.words[this.root + SLOTS + top] as number;
    if (node === 0) {
      node = this.heap.node();
      this.heap.words[this.root + SLOTS + top] = node;
      setBit(this.heap.words, this.root, top);
    }
    const leaf = this.heap.leaf();
    const child = (tick >> 10) & 1023;
    this.heap.words[node + SLOTS + child] = leaf;
    setBit(this.heap.words, node, child);
    this.cachedKey = tick >> 10;
    this.cachedLeaf = leaf;
    return leaf;
  }

  private dropLeaf(tick: number, leaf: number): void {
    const words = this.heap.words;
    const top = tick >> 20;
    const node = words[this.root + SLOTS + top] as number;
    const child = (tick >> 10) & 1023;
    words[node + SLOTS + child] = 0;
    this.heap.releaseLeaf(leaf);
    this.cachedKey = -1;
    if (!clearBit(words, node, child)) return;
    words[this.root + SLOTS + top] = 0;
    clearBit(words, this.root, top);
    this.heap.releaseNode(node);
  }
}

function setBit(words: Int32Array, base: number, bit: number): void {
  const word = bit >> 5;
  words[base + word] = (words[base + word] as number) | (1 << (bit & 31));
  words[base + 32] = (words[base + 32] as number) | (1 << word);
}

/** Clears a bit; true when none is left. */
function clearBit(words: Int32Array, base: number, bit: number): boolean {
  const word = bit >> 5;
  const left = (words[base + word] as number) & ~(1 << (bit & 31));
  words[base + word] = left;
  if (left !== 0) return false;
  const summary = (words[base + 32] as number) & ~(1 << word);
  words[base + 32] = summary;
  return summary === 0;
}

/** The lowest set bit at or above `bit`, or 1024. */
function bitAbove(words: Int32Array, base: number, bit: number): number {
  if (bit >= FAN) return FAN;
  const word = bit >> 5;
  const here = (words[base + word] as number) & (-1 << (bit & 31));
  if (here !== 0) return (word << 5) + 31 - Math.clz32(here & -here);
  if (word === 31) return FAN;
  const later = (words[base + 32] as number) & (-1 << (word + 1));
  if (later === 0) return FAN;
  const found = 31 - Math.clz32(later & -later);
  const value = words[base + found] as number;
  return (found << 5) + 31 - Math.clz32(value & -value);
}

/** The highest set bit at or below `bit`, or −1. */
function bitBelow(words: Int32Array, base: number, bit: number): number {
  if (bit < 0) return -1;
  const word = bit >> 5;
  const here = (words[base + word] as number) & (-1 >>> (31 - (bit & 31)));
  if (here !== 0) return (word << 5) + 31 - Math.clz32(here);
  if (word === 0) return -1;
  const earlier = (words[base + 32] as number) & (-1 >>> (32 - word));
  if (earlier === 0) return -1;
  const found = 31 - Math.clz32(earlier);
  return (found << 5) + 31 - Math.clz32(words[base + found] as number);
}
