/**
 * Exponential smoothing in exact integers: what is kept of an old value after a time, as a fraction of 1e12. The last bit of
 * the platform's exponential functions is not specified, so 2^−x is summed here as a series of integers.
 */
import { divideFloor, multiplyDivideFloor, multiplyDivideNearest } from './amount.ts';

/** The scale of kept fractions, of rates and of bases. */
export const UNIT = 1e12;

/** ln 2 × 1e12, rounded to nearest. */
const LN2 = 693_147_180_560;
/** Terms of the series for arguments up to ln 2: the rest is below 1e-12. */
const TERMS = 16;
/** From here on nothing is left. */
const HALVINGS = 40;

/** The last answers of `keptAfter`: a tick asks the same few questions for every market. */
const CACHE = 8;
const cachedElapsedMs = new Float64Array(CACHE).fill(-1);
const cachedHalfLifeS = new Float64Array(CACHE);
const cachedKept = new Float64Array(CACHE);
let cacheNext = 0;

/** What is kept after `elapsedMs` of a half-life in seconds: 2^(−elapsed / half-life) × 1e12, each step rounded down. */
export function keptAfter(elapsedMs: number, halfLifeS: number): number {
  for (let at = 0; at < CACHE; at++) {
    if (cachedElapsedMs[at] === elapsedMs && cachedHalfLifeS[at] === halfLifeS) return cachedKept[at] as number;
  }
  const kept = computeKept(elapsedMs, halfLifeS);
  cachedElapsedMs[cacheNext] = elapsedMs;
  cachedHalfLifeS[cacheNext] = halfLifeS;
  cachedKept[cacheNext] = kept;
  cacheNext = (cacheNext + 1) % CACHE;
  return kept;
}

function computeKept(elapsedMs: number, halfLifeS: number): number {
  const halfLifeMs = halfLifeS * 1000;
  const halvings = divideFloor(elapsedMs, halfLifeMs);
  if (halvings >= HALVINGS) return 0;
  const argument = multiplyDivideFloor(elapsedMs - halvings * halfLifeMs, LN2, halfLifeMs);
  let term = UNIT;
  let sum = UNIT;
  for (let n = 1; n <= TERMS; n++) {
    term = -multiplyDivideNearest(term, argument, UNIT * n);
    sum += term;
  }
  for (let halving = 0; halving < halvings; halving++) sum = Math.floor(sum / 2);
  return sum;
}

/** What is kept after whole `seconds` of a weight of the newest sample of `ppm` a second: (1 − weight)^seconds × 1e12. */
export function keptByWeight(seconds: number, ppm: number): number {
  let kept = UNIT;
  let base = (1e6 - ppm) * 1e6;
  for (let left = Math.min(seconds, 1 << 20); left > 0; left = left >> 1) {
    if ((left & 1) === 1) kept = multiplyDivideFloor(kept, base, UNIT);
    base = multiplyDivideFloor(base, base, UNIT);
  }
  return kept;
}

/** The smoothed value: `before` kept by `kept`, the rest from the sample; rounded to nearest. */
export function smooth(before: number, sample: number, kept: number): number {
  return before + multiplyDivideNearest(sample - before, UNIT - kept, UNIT);
}

/** The median of the first `count` values, which it sorts; of an even number the mean of the middle two, rounded down. */
export function median(values: Float64Array, count: number): number {
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    let at = i;
    for (; at > 0 && (values[at - 1] as number) > value; at--) values[at] = values[at - 1] as number;
    values[at] = value;
  }
  const middle = count >> 1;
  const upper = values[middle] as number;
  return (count & 1) === 1 ? upper : Math.floor(((values[middle - 1] as number) + upper) / 2);
}
