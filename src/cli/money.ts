// Amounts and counts as people read them.
import type { Wide } from '../engine/amount.ts';

const LIMB = 2n ** 50n;

/** The exact integer of a wide value. */
export function wideInteger(value: Wide): bigint {
  return BigInt(value.high) * LIMB + BigInt(value.low);
}

/** 1e-8 USDC as decimal text, exact: `-1.50000000`. */
export function decimalUsdc(value: Wide): string {
  return decimalUnits(wideInteger(value));
}

/** The same of a whole number of 1e-8 USDC, or of its decimal digits. */
export function decimalUnits(value: bigint | string): string {
  const units = BigInt(value);
  const digits = (units < 0n ? -units : units).toString().padStart(9, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

/** 1e-8 USDC in whole USDC with thousands separators, rounded to nearest; cents below 100 USDC. */
export function readableUsdc(value: Wide | number): string {
  const usdc = (typeof value === 'number' ? value : value.toNumber()) / 1e8;
  const digits = Math.abs(usdc) < 100 ? 2 : 0;
  return usdc.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with thousands separators. */
export function readableCount(value: number): string {
  return WHOLE.format(value);
}
