/**
 * Exact arithmetic on integers held in 64-bit floats. No other module multiplies or divides what may pass 2^53.
 *
 * Technique (chosen by measurement, `bench amount`; docs/decisions/0002): a product is computed once; while it is below 2^53 it is exact as
 * it stands, above that its rounding error is recovered by Dekker's two-product and the value continues in two limbs,
 * `high × 2^50 + low` with `0 ≤ low < 2^50`. Nothing is allocated. Every division names its rounding.
 */

/** The base of the two limbs of a wide value. */
export const LIMB = 2 ** 50;
/** Parts per million: the unit of fractions. */
export const PPM = 1e6;

const SAFE_LIMIT = 2 ** 53;
const HALF_LIMIT = 2 ** 52;
const LIMB_BASE = 2 ** 50;
const LIMB_INVERSE = 2 ** -50;
const SPLITTER = 2 ** 27 + 1;

/** The rounding error of `product = a × b`: a × b is exactly `product + error`. T. J. Dekker, Numer. Math. 18 (1971), §5. */
function productError(a: number, b: number, product: number): number {
  const aWide = a * SPLITTER;
  const aHigh = aWide - (aWide - a);
  const aLow = a - aHigh;
  const bWide = b * SPLITTER;
  const bHigh = bWide - (bWide - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The remainder of the last `divideFloor` or `multiplyDivideFloor`: `0 ≤ remainder < divisor`. */
export let remainder = 0;

/** a / divisor rounded down (towards −∞). `|a| ≤ 2^52`, `divisor` a positive integer up to 2^51. Sets `remainder`. */
export function divideFloor(a: number, divisor: number): number {
  // The sum takes the sign off a −0: no number here is one.
  const quotient = Math.floor(a / divisor) + 0;
  remainder = a - quotient * divisor;
  return quotient;
}

/** a / divisor rounded up (towards +∞). `|a| < 2^53`, `divisor` a positive integer. */
export function divideCeil(a: number, divisor: number): number {
  return 0 - Math.floor(-a / divisor);
}

/**
 * a × b / divisor rounded down (towards −∞), exact although a × b may be far above 2^53. a and b are integers below 2^53 in
 * magnitude, `divisor` is positive and at most 2^50, the quotient below 2^53 (throws: asking for more is a bug). Sets `remainder`.
 */
export function multiplyDivideFloor(a: number, b: number, divisor: number): number {
  const product = a * b;
  if (product <= HALF_LIMIT && product >= -HALF_LIMIT) return divideFloor(product, divisor);
  let quotient = Math.floor(product / divisor);
  if (!(quotient < SAFE_LIMIT && quotient > -SAFE_LIMIT)) {
    throw new RangeError(`quotient of ${a} × ${b} / ${divisor} is beyond 2^53`);
  }
  const back = quotient * divisor;
  // Both products are within a few divisors of each other, so their difference is exact.
  let rest = product - back + (productError(a, b, product) - productError(quotient, divisor, back));
  while (rest < 0) {
    rest += divisor;
    quotient--;
  }
  while (rest >= divisor) {
    rest -= divisor;
    quotient++;
  }
  remainder = rest;
  return quotient;
}

/** a × b / divisor rounded up (towards +∞); the same domain as `multiplyDivideFloor`. */
export function multiplyDivideCeil(a: number, b: number, divisor: number): number {
  return 0 - multiplyDivideFloor(-a, b, divisor);
}

/** a × b / divisor rounded to the nearest integer, halves up; the same domain as `multiplyDivideFloor`. */
export function multiplyDivideNearest(a: number, b: number, divisor: number): number {
  const quotient = multiplyDivideFloor(a, b, divisor);
  return remainder * 2 >= divisor ? quotient + 1 : quotient;
}

/** Adds the integer `value` (|value| < 2^52) to the wide value whose high limb is at `at` and whose low limb follows. */
export function addToWide(values: Float64Array, at: number, value: number): void {
  const low = (values[at + 1] as number) + value;
  if (low >= 0 && low < LIMB_BASE) {
    values[at + 1] = low;
    return;
  }
  const carry = Math.floor(low * LIMB_INVERSE);
  values[at + 1] = low - carry * LIMB_BASE;
  values[at] = (values[at] as number) + carry;
}

/** The wide value at `at` as the nearest float: for bounds and display, never for a decision. */
export function wideToNumber(values: Float64Array, at: number): number {
  return (values[at] as number) * LIMB_BASE + (values[at + 1] as number);
}

/**
 * A wide value to compute in: `high × 2^50 + low`, always normalised. Holds integers up to 2^100 exactly, which is
 * 10^22 USDC: beyond the range of anything here, so no operation checks for overflow.
 */
export class Wide {
  high = 0;
  low = 0;

  clear(): Wide {
    this.high = 0;
    this.low = 0;
    return this;
  }

  set(high: number, low: number): Wide {
    this.high = high;
    this.low = low;
    return this;
  }

  /** Takes the wide value stored at `at`. */
  load(values: Float64Array, at: number): Wide {
    this.high = values[at] as number;
    this.low = values[at + 1] as number;
    return this;
  }

  /** Stores itself at `at`. */
  store(values: Float64Array, at: number): void {
    values[at] = this.high;
    values[at + 1] = this.low;
  }

  copy(other: Wide): Wide {
    this.high = other.high;
    this.low = other.low;
    return this;
  }

  /** Adds an integer, |value| ≤ 2^53. */
  add(value: number): Wide {
    const valueHigh = Math.floor(value * LIMB_INVERSE);
    return this.addLimbs(valueHigh, value - valueHigh * LIMB_BASE);
  }

  addWide(other: Wide): Wide {
    return this.addLimbs(other.high, other.low);
  }

  subtractWide(other: Wide): Wide {
    return this.addLimbs(-other.high, -other.low);
  }

  /** Adds `high × 2^50 + low`; |low| ≤ 2^52. */
  addLimbs(high: number, low: number): Wide {
    const sum = this.low + low;
    const carry = Math.floor(sum * LIMB_INVERSE);
    this.low = sum - carry * LIMB_BASE;
    this.high = this.high + high + carry;
    return this;
  }

  /** Adds a × b exactly; both integers below 2^53, their product below 2^100. */
  addProduct(a: number, b: number): Wide {
    const product = a * b;
    if (product < LIMB_BASE && product > -LIMB_BASE) return this.addLimbs(0, product);
    const high = Math.floor(product * LIMB_INVERSE);
    const error = product < SAFE_LIMIT && product > -SAFE_LIMIT ? 0 : productError(a, b, product);
    // |error| is below half a unit of the product's last place, so below 2^48: the low limb stays exact.
    return this.addLimbs(high, product - high * LIMB_BASE + error);
  }

  subtractProduct(a: number, b: number): Wide {
    return this.addProduct(-a, b);
  }

  /** Replaces itself by itself × factor / divisor, rounded up (towards +∞); the domain of `scaleFloor`. */
  scaleCeil(factor: number, divisor: number): Wide {
    return this.negate().scaleFloor(factor, divisor).negate();
  }

  /** Replaces itself by itself × factor / divisor, rounded down (towards −∞); positive integers below 2^40, factor ≤ 4 × divisor. */
  scaleFloor(factor: number, divisor: number): Wide {
    const { high, low } = this;
    const highQuotient = multiplyDivideFloor(high, factor, divisor);
    const middleQuotient = multiplyDivideFloor(remainder, LIMB_BASE, divisor);
    const middleRest = remainder;
    const lowQuotient = multiplyDivideFloor(low, factor, divisor);
    const carry = middleRest + remainder >= divisor ? 1 : 0;
    this.high = highQuotient;
    this.low = 0;
    return this.add(middleQuotient).add(lowQuotient).add(carry);
  }

  negate(): Wide {
    this.high = 0 - this.high;
    const low = 0 - this.low;
    this.low = 0;
    return this.addLimbs(0, low);
  }

  isZero(): boolean {
    return this.high === 0 && this.low === 0;
  }

  isNegative(): boolean {
    return this.high < 0;
  }

  /** −1, 0 or 1: how this compares with the other. */
  compare(other: Wide): number {
    if (this.high !== other.high) return this.high < other.high ? -1 : 1;
    if (this.low !== other.low) return this.low < other.low ? -1 : 1;
    return 0;
  }

  /** True when the value is an exact float integer (|value| ≤ 2^53). */
  isSafe(): boolean {
    return this.high >= -8 && this.high < 8;
  }

  /** The value as a float: exact when `isSafe`, else the nearest. */
  toNumber(): number {
    return this.high * LIMB_BASE + this.low;
  }
}

const rest = new Wide();
const doubled = new Wide();

/** part / whole in 1e-12, rounded up; 0 ≤ part ≤ whole, whole positive and below 2^96. Digit by digit: for rare use. */
export function shareCeil(part: Wide, whole: Wide): number {
  rest.copy(part);
  let share = 0;
  for (let digit = 0; digit <= 12; digit++) {
    if (digit > 0) {
      doubled.copy(rest).addWide(rest);
      rest.copy(doubled).addWide(doubled);
      rest.addWide(rest).addWide(doubled);
      share *= 10;
    }
    while (rest.compare(whole) >= 0) {
      rest.subtractWide(whole);
      share++;
    }
  }
  return rest.isZero() ? share : share + 1;
}
