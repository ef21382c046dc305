/** The guard's own exact arithmetic: whole numbers of any size. It shares no code with the engine, whose results it checks. */

const LIMB = 1n << 50n;

/** A number of a row that is no whole number: whatever wrote it, it is no value of this exchange. */
export class Unreadable extends Error {
  constructor(value: number) {
    super(`${value} is no whole number`);
    this.name = 'Unreadable';
  }
}

/** A column as a whole number. Refuses (throws `Unreadable`) what is none. */
export function whole(value: number | undefined): bigint {
  if (value === undefined || !Number.isInteger(value)) throw new Unreadable(value ?? Number.NaN);
  return BigInt(value);
}

/** The wide value of the two columns that start at `at`: high × 2^50 + low. */
export function wide(values: Float64Array, at: number): bigint {
  return whole(values[at]) * LIMB + whole(values[at + 1]);
}

/** a / b rounded down (towards −∞); b is positive. */
export function floorOf(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return quotient * b > a ? quotient - 1n : quotient;
}

/** a / b rounded up (towards +∞); b is positive. */
export function ceilOf(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return quotient * b < a ? quotient + 1n : quotient;
}

/** a / b rounded to the nearest whole number, halves up; b is positive. */
export function nearestOf(a: bigint, b: bigint): bigint {
  return floorOf(a + a + b, b + b);
}

export function sizeOf(a: bigint): bigint {
  return a < 0n ? -a : a;
}

export function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The middle value; of an even number the mean of the middle two, rounded down. Undefined of none. */
export function middleOf(values: readonly bigint[]): bigint | undefined {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const above = sorted[Math.floor(sorted.length / 2)];
  const below = sorted[Math.ceil(sorted.length / 2) - 1];
  return above === undefined || below === undefined ? undefined : floorOf(above + below, 2n);
}
