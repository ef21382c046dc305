/**
 * The chance of the portable workload: xoshiro128** in integers. Its seeding is part of the workload's definition (the same
 * seed gives the same file in every program that writes it), so it is not the simulator's.
 */
export class WorkloadChance {
  private a: number;
  private b = 0x243f6a88;
  private c = 0xb7e15162 | 0;
  private d = 0x8aed2a6b | 0;

  constructor(seed: number) {
    this.a = (seed * 0x9e3779b9) | 0 || 1;
    for (let i = 0; i < 64; i++) this.next();
  }

  /** The next 32 bits, signed. */
  next(): number {
    const scrambled = Math.imul(this.b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** An integer 0 … `limit` − 1, rounded down; `limit` below 2^21, so that the product is exact. */
  below(limit: number): number {
    return Math.floor(((this.next() >>> 0) * limit) / 4294967296);
  }
}
