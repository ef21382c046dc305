// Decimal text, exactly: compared, shifted and turned into integers without a floating-point step.

/** What does not fit is refused ('exact') or goes to the nearest integer, ties to the even one ('half_even'). */
export type DecimalRounding = 'exact' | 'half_even';

type DecimalErrorCode = 'not_a_decimal' | 'does_not_fit' | 'out_of_range';

/** Thrown for text that cannot become the integer that was asked for. */
class DecimalError extends RangeError {
  override readonly name = 'DecimalError';
  readonly code: DecimalErrorCode;

  constructor(code: DecimalErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A value is digits × 10^-scale. `digits` has no leading and no trailing zero and is empty for zero. */
interface Decimal {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly scale: number;
}

const decimalPattern = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,4})?$/;
const decimalParts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;
const mostDecimals = 1000;

/**
 * Returns the sign of decimal text: -1, 0 or 1; undefined for text that is no decimal. A decimal is digits, optionally a
 * minus sign, a point with digits on both sides, and an exponent ("-0.5", "1.2e-05"); "+1", ".5", "1." and "" are none.
 */
export function decimalSign(text: string): -1 | 0 | 1 | undefined {
  if (!decimalPattern.test(text)) return undefined;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 48 && code <= 57) return text.charCodeAt(0) === 45 ? -1 : 1;
    if (code > 57) return 0;
  }
  return 0;
}

/** Returns -1, 0 or 1 as `left` is below, equal to or above `right`, exactly. Throws DecimalError for what is no decimal. */
export function compareDecimals(left: string, right: string): -1 | 0 | 1 {
  const a = readDecimal(left);
  const b = readDecimal(right);
  if (a.digits === '' || b.digits === '' || a.isNegative !== b.isNegative) return order(signOf(a), signOf(b));
  const magnitude = order(a.digits.length - a.scale, b.digits.length - b.scale) || order(a.digits, b.digits);
  return a.isNegative ? (order(0, magnitude) as -1 | 0 | 1) : magnitude;
}

/**
 * Returns the integer `text` × 10^`decimals`: parseDecimal('0.25', 4, 'exact') is 2500. The result is a safe integer and
 * never minus zero. Throws DecimalError: `not_a_decimal`; `does_not_fit` when digits would be lost and the rounding is
 * 'exact'; `out_of_range` beyond ±(2^53 - 1).
 */
export function parseDecimal(text: string, decimals: number, rounding: DecimalRounding): number {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > mostDecimals) {
    throw new RangeError(`decimals must be a whole number from 0 to ${mostDecimals}, not ${decimals}`);
  }
  const { isNegative, digits, scale } = readDecimal(text);
  if (digits === '') return 0;
  const lost = scale - decimals;
  if (lost > 0 && rounding === 'exact') {
    throw new DecimalError('does_not_fit', `"${text}" has more than ${decimals} decimal places`);
  }
  const integer = lost > 0 ? halfEven(digits, lost) : wholeNumber(digits, -lost);
  if (integer === undefined) {
    throw new DecimalError('out_of_range', `"${text}" with ${decimals} decimal places is beyond 2^53 - 1`);
  }
  return isNegative && integer !== 0 ? -integer : integer;
}

/** Returns `text` × 10^`places` as plain decimal text without an exponent: shiftDecimal('3.3333', -2) is '0.033333'. */
export function shiftDecimal(text: string, places: number): string {
  const { isNegative, digits, scale } = readDecimal(text);
  if (digits === '') return '0';
  const sign = isNegative ? '-' : '';
  const decimals = scale - places;
  if (decimals <= 0) return sign + digits + '0'.repeat(-decimals);
  const padded = digits.padStart(decimals + 1, '0');
  return `${sign}${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`;
}

function readDecimal(text: string): Decimal {
  const parts = decimalParts.exec(text);
  if (parts === null) throw new DecimalError('not_a_decimal', `"${text}" is not a decimal number`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  const scale = fraction.length - Number(exponent) - (all.length - digits.length);
  return { isNegative: sign === '-', digits, scale };
}

/** The integer of `digits` followed by `zeros` zeros, if it is safe. Up to 16 digits `Number` reads a safe integer exactly. */
function wholeNumber(digits: string, zeros: number): number | undefined {
  if (digits.length + zeros > 16) return undefined;
  const integer = Number(digits + '0'.repeat(zeros));
  return Number.isSafeInteger(integer) ? integer : undefined;
}

/** The integer of `digits` × 10^-`lost`, rounded half to even, if it is safe. */
function halfEven(digits: string, lost: number): number | undefined {
  if (lost > digits.length) return 0;
  const kept = wholeNumber(digits.slice(0, digits.length - lost), 0);
  if (kept === undefined) return undefined;
  const rest = digits.slice(digits.length - lost);
  // The last digit is never zero, so the rest is exactly one half only when it is "5".
  const isUp = rest === '5' ? kept % 2 === 1 : rest >= '5';
  return wholeNumber(String(isUp ? kept + 1 : kept), 0);
}

function signOf({ digits, isNegative }: Decimal): number {
  if (digits === '') return 0;
  return isNegative ? -1 : 1;
}

function order<T extends number | string>(left: T, right: T): -1 | 0 | 1 {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
