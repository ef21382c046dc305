/**
 * Chance that can be repeated: xoshiro128** (D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", 2018).
 * Integers only, so that the same seed gives the same numbers on every machine.
 */

/** Mixes a 32-bit word into a hash (the finaliser of MurmurHash3, A. Appleby). */
function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A hash of a text's UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x9e3779b9;
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at) + 1);
  return mix(hash, text.length);
}

/** A stream of numbers from a seed. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** `seed` is a safe integer (its two halves count, its sign is dropped) or a text. */
  constructor(seed: number | string) {
    const low = typeof seed === 'string' ? hashOf(seed) : Math.abs(seed) >>> 0;
    const high = typeof seed === 'string' ? seed.length : Math.floor(Math.abs(seed) / 2 ** 32) >>> 0;
    this.a = mix(0x243f6a88, low);
    this.b = mix(this.a ^ 0x13198a2e, high);
    this.c = mix(this.b ^ 0x03707344, low);
    // The generator must not start at all zeros.
    this.d = mix(this.c ^ 0x299f31d0, high) | 1;
  }

  /** The next 32 bits, 0 … 2^32 − 1. */
  next(): number {
    const scrambled = Math.imul(this.b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** An integer 0 … `limit` − 1. `limit` is 1 … 2^32; the share of each differs by at most limit / 2^32 of it. */
  below(limit: number): number {
    // Both factors are at most 2^32: the product is rounded once, by the same rule everywhere.
    return Math.floor((this.next() * limit) / 4294967296);
  }

  /** An integer `low` … `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `share` of a million cases. */
  chance(share: number): boolean {
    return this.below(1_000_000) < share;
  }

  /** A number of −1 … 1, larger ones rarer: the mean of four, so about normal with a standard deviation of 0.29. */
  bell(): number {
    const sum = (this.next() >>> 2) + (this.next() >>> 2) + (this.next() >>> 2) + (this.next() >>> 2);
    return sum / 2147483648 - 1;
  }

  /**
   * A factor 1 … 2^`doublings`, heavy-tailed: each doubling is half as likely as the one before (a Pareto law with exponent 1),
   * even within a doubling.
   */
  tail(doublings: number): number {
    let factor = 1;
    for (let step = 1; step < doublings && (this.next() & 1) === 1; step++) factor *= 2;
    return factor + (this.next() / 4294967296) * factor;
  }

  /** A stream of its own for a part of the whole: what it draws does not move this one, and the other way round. */
  fork(label: number | string): Random {
    const fork = new Random(label);
    fork.a = mix(this.a, fork.a);
    fork.b = mix(this.b, fork.b);
    fork.c = mix(this.c, fork.c);
    fork.d = mix(this.d, fork.d) | 1;
    return fork;
  }
}
