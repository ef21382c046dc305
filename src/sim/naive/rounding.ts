/** Divisions of whole numbers, each by the name of its rounding; and what else the naive exchange computes with. */

/** a / b rounded down (towards −∞); b is positive. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** a / b rounded up (towards +∞); b is positive. */
export function ceilDivide(a: bigint, b: bigint): bigint {
  return -floorDivide(-a, b);
}

/** a / b rounded to the nearest whole number, halves up; b is positive. */
export function nearestDivide(a: bigint, b: bigint): bigint {
  return floorDivide(2n * a + b, 2n * b);
}

export function absolute(a: bigint): bigint {
  return a < 0n ? -a : a;
}

export function lower(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function higher(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** `value`, but at most `limit` away from zero. */
export function clip(value: bigint, limit: bigint): bigint {
  return higher(-limit, lower(limit, value));
}

/** The middle of the values; of an even number the mean of the middle two, rounded down. Undefined when there is none. */
export function median(values: readonly bigint[]): bigint | undefined {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const upper = sorted[sorted.length >> 1];
  const below = sorted[(sorted.length >> 1) - 1];
  if (upper === undefined || below === undefined || sorted.length % 2 === 1) return upper;
  return floorDivide(below + upper, 2n);
}

/** The smallest value at which the weights up to it reach half of all weights. Undefined when there is none. */
export function weightedMedian(entries: readonly { value: bigint; weight: bigint }[]): bigint | undefined {
  const total = entries.reduce((sum, { weight }) => sum + weight, 0n);
  const sorted = entries.toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  let sum = 0n;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum * 2n >= total) return value;
  }
  return undefined;
}

const LIMB = 1n << 50n;

/** The two numbers as which events carry a wide value: value = high × 2^50 + low, 0 ≤ low < 2^50. */
export function limbs(value: bigint): { high: number; low: number } {
  const high = floorDivide(value, LIMB);
  return { high: Number(high), low: Number(value - high * LIMB) };
}

/** The wide value that two numbers of a command say, as it is compared: equal only if written in the one normal form. */
export function fromLimbs(high: number, low: number): bigint | undefined {
  if (!Number.isInteger(high) || !Number.isInteger(low) || low < 0 || low >= Number(LIMB)) return undefined;
  return BigInt(high) * LIMB + BigInt(low);
}
