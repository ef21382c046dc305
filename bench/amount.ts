/** `bench amount`: exact money in two-limb floats, as the engine has it, against bigint. */
import { multiplyDivideFloor, Wide } from '../src/engine/amount.ts';
import { measureSeries, type Run, rounded, type Series, startStopwatch, type Tell } from './series.ts';
import { WorkloadChance } from './workload-chance.ts';

export interface AmountRequest {
  readonly runs: number;
  /** Operations of one run. */
  readonly operations: number;
}

interface AmountPair {
  readonly operation: 'product_sum' | 'multiply_divide_floor';
  /** `wide`: products far beyond 2^53. `safe`: all of them below. */
  readonly range: 'wide' | 'safe';
  readonly twoLimbs: Series;
  readonly bigint: Series;
  /** How many times longer bigint takes, median by median. */
  readonly ratio: number;
}

export interface AmountResult {
  readonly operations: number;
  readonly pairs: readonly AmountPair[];
}

/** Two ways to the same number that do not agree: nothing measured counts. */
class AmountsDiffer extends Error {
  constructor(operation: string, found: bigint, expected: bigint) {
    super(`${operation} gives ${found}, exact is ${expected}`);
    this.name = 'AmountsDiffer';
  }
}

/** Pairs of numbers; the loops go round through them. A power of two. */
const STREAM = 4096;
const DIVISOR = 100_000_000;
const BIG_DIVISOR = BigInt(DIVISOR);
const LIMB = 2n ** 50n;

interface Stream {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly bigA: readonly bigint[];
  readonly bigB: readonly bigint[];
}

/** Signed sizes and positive prices: their products are up to 2^71, or up to 2^50. */
function streamOf(range: AmountPair['range']): Stream {
  const chance = new WorkloadChance(range === 'wide' ? 1 : 2);
  const [sizeScale, priceScale] = range === 'wide' ? [1, 2 ** 10] : [2 ** -11, 1];
  const a = Float64Array.from({ length: STREAM }, () => Math.round(chance.next() * sizeScale) + 0);
  const b = Float64Array.from({ length: STREAM }, () => Math.round((chance.next() >>> 2) * priceScale));
  return { a, b, bigA: Array.from(a, BigInt), bigB: Array.from(b, BigInt) };
}

function sumLimbs({ a, b }: Stream, operations: number): Wide {
  const total = new Wide();
  for (let n = 0; n < operations; n++) total.addProduct(a[n & (STREAM - 1)] as number, b[n & (STREAM - 1)] as number);
  return total;
}

function sumBigint({ bigA, bigB }: Stream, operations: number): bigint {
  let total = 0n;
  for (let n = 0; n < operations; n++) total += (bigA[n & (STREAM - 1)] as bigint) * (bigB[n & (STREAM - 1)] as bigint);
  return total;
}

function divideLimbs({ a, b }: Stream, operations: number): number {
  let total = 0;
  for (let n = 0; n < operations; n++) {
    total += multiplyDivideFloor(a[n & (STREAM - 1)] as number, b[n & (STREAM - 1)] as number, DIVISOR);
  }
  return total;
}

/** a × b / divisor rounded down, towards −∞: the division of bigint rounds towards zero. */
function floorBigint(a: bigint, b: bigint): bigint {
  const product = a * b;
  const quotient = product / BIG_DIVISOR;
  return product < 0n && quotient * BIG_DIVISOR !== product ? quotient - 1n : quotient;
}

function divideBigint({ bigA, bigB }: Stream, operations: number): bigint {
  let total = 0n;
  for (let n = 0; n < operations; n++) {
    total += floorBigint(bigA[n & (STREAM - 1)] as bigint, bigB[n & (STREAM - 1)] as bigint);
  }
  return total;
}

/** Refuses (throws `AmountsDiffer`) unless both techniques agree on every pair and on the sum. */
function requireExact(stream: Stream): void {
  for (let n = 0; n < STREAM; n++) {
    const found = BigInt(multiplyDivideFloor(stream.a[n] as number, stream.b[n] as number, DIVISOR));
    const expected = floorBigint(stream.bigA[n] as bigint, stream.bigB[n] as bigint);
    if (found !== expected) throw new AmountsDiffer('multiply_divide_floor', found, expected);
  }
  const { high, low } = sumLimbs(stream, STREAM);
  const found = BigInt(high) * LIMB + BigInt(low);
  const expected = sumBigint(stream, STREAM);
  if (found !== expected) throw new AmountsDiffer('product_sum', found, expected);
}

/** Measures both techniques on both operations. Throws unless they agree. */
export async function measureAmount({ runs, operations }: AmountRequest, tell: Tell): Promise<AmountResult> {
  const pairs: AmountPair[] = [];
  for (const range of ['wide', 'safe'] as const) {
    const stream = streamOf(range);
    requireExact(stream);
    const techniques = [
      ['product_sum', sumLimbs, sumBigint],
      ['multiply_divide_floor', divideLimbs, divideBigint],
    ] as const;
    for (const [operation, limbs, bigint] of techniques) {
      const timed = (work: (stream: Stream, operations: number) => unknown) => (): Run => {
        const stop = startStopwatch();
        work(stream, operations);
        return { elapsed: stop(), units: operations };
      };
      const told = (technique: string) => (text: string) => tell(`${operation}, ${range}, ${technique}: ${text}`);
      const twoLimbs = await measureSeries(runs, told('two limbs'), timed(limbs));
      const plain = await measureSeries(runs, told('bigint'), timed(bigint));
      pairs.push({ operation, range, twoLimbs, bigint: plain, ratio: rounded(plain.nsPerOp / twoLimbs.nsPerOp, 1) });
    }
  }
  return { operations, pairs };
}
