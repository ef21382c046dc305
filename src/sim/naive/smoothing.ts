/** Exponential smoothing as `engine/smoothing.ts` defines it: a series of whole numbers, so that it is the same everywhere. */
import { nearestDivide } from './rounding.ts';

/** The scale of kept fractions, rates and bases. */
export const UNIT = 1_000_000_000_000n;

/** ln 2, rounded to nearest. */
const LN2 = 693_147_180_560n;
const TERMS = 16n;
const NOTHING_LEFT_AFTER_HALVINGS = 40n;

/** 2^(−elapsed / half-life): whole halvings exactly, the rest by the series of e^−x with 16 terms, each rounded to nearest. */
export function keptAfter(elapsedMs: number, halfLifeS: bigint): bigint {
  const elapsed = BigInt(elapsedMs);
  const halfLifeMs = halfLifeS * 1000n;
  const halvings = elapsed / halfLifeMs;
  if (halvings >= NOTHING_LEFT_AFTER_HALVINGS) return 0n;
  const x = ((elapsed % halfLifeMs) * LN2) / halfLifeMs;
  let term = UNIT;
  let sum = UNIT;
  for (let n = 1n; n <= TERMS; n++) {
    term = -nearestDivide(term * x, UNIT * n);
    sum += term;
  }
  return sum / 2n ** halvings;
}

/** (1 − weight)^seconds by repeated squaring, each product rounded down. */
export function keptByWeight(seconds: number, ppm: bigint): bigint {
  let kept = UNIT;
  let base = (1_000_000n - ppm) * 1_000_000n;
  for (let left = Math.min(seconds, 2 ** 20); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) kept = (kept * base) / UNIT;
    base = (base * base) / UNIT;
  }
  return kept;
}

/** The old value kept by `kept`, the rest from the sample; what moves is rounded to nearest. Without an old one: the sample. */
export function smooth(before: bigint | undefined, sample: bigint, kept: bigint): bigint {
  return before === undefined ? sample : before + nearestDivide((sample - before) * (UNIT - kept), UNIT);
}

/** The price at a basis: spot × (1 + basis), rounded to nearest. */
export function atBasis(spot: bigint, basis: bigint): bigint {
  return spot + nearestDivide(spot * basis, UNIT);
}

/** How far a price is from the spot, relative to it, rounded to nearest; undefined (a broken quote) above 1000 times the spot. */
export function basisOf(price: bigint | undefined, spot: bigint): bigint | undefined {
  if (price === undefined || price > spot * 1000n) return undefined;
  return nearestDivide((price - spot) * UNIT, spot);
}
