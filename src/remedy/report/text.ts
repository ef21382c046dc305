/** Amounts, counts, shares and times as people read them. Nothing here depends on a locale or a time zone: times are UTC. */
import type { PublicCount } from '../dossier.ts';

const UNITS = 100_000_000n;
const UNITS_A_CENT = 1_000_000n;

/** Whole digits with a comma between thousands. */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A count with commas between thousands; one that is not told, in words. */
export function countText(count: PublicCount): string {
  return typeof count === 'number' ? grouped(String(count)) : count;
}

/**
 * An amount of 1e-8 USDC to the cent, rounded half away from zero: `2,124.00`. Less than half a cent, and not nothing, is told in full:
 * an amount that is there must not read as none.
 */
export function usdcText(amount: bigint | string): string {
  const units = BigInt(amount);
  const size = units < 0n ? -units : units;
  const sign = units < 0n ? '−' : '';
  const cents = (size + UNITS_A_CENT / 2n) / UNITS_A_CENT;
  if (cents === 0n && size !== 0n) return `${sign}0.${size.toString().padStart(8, '0')}`;
  const digits = cents.toString().padStart(3, '0');
  return `${sign}${grouped(digits.slice(0, -2))}.${digits.slice(-2)}`;
}

/** An amount of 1e-8 USDC, exact: `2,124.00000000`. */
export function exactUsdcText(amount: string): string {
  const units = BigInt(amount);
  const digits = (units < 0n ? -units : units).toString().padStart(9, '0');
  return `${units < 0n ? '−' : ''}${grouped(digits.slice(0, -8))}.${digits.slice(-8)}`;
}

/** The amount with its unit; null is one that is not told, because a sum of so few is nearly the amount of each. */
export function toldUsdcText(amount: string | null): string {
  return amount === null ? 'not told: it is of fewer than five accounts' : `${usdcText(amount)} USDC`;
}

/** Whole USDC of an amount, rounded down in size: for limits that are whole. */
export function wholeUsdcText(amount: string): string {
  const units = BigInt(amount);
  return units % UNITS === 0n ? grouped((units / UNITS).toString()) : usdcText(amount);
}

/** Parts of a million as per cent, with as many decimals as it takes and at most four: `5 %`, `0.0012 %`. */
export function shareText(ppm: number): string {
  const whole = Math.trunc(ppm / 10_000);
  const rest = String(Math.abs(ppm % 10_000))
    .padStart(4, '0')
    .replace(/0+$/, '');
  const sign = ppm < 0 && whole === 0 ? '−' : '';
  return `${sign}${grouped(String(whole)).replace('-', '−')}${rest === '' ? '' : `.${rest}`} %`;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAY_MS = 86_400_000;

interface CivilDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** The day of the proleptic Gregorian calendar (Howard Hinnant, chrono-compatible low-level date algorithms, civil_from_days). */
function civilDay(timeMs: number): CivilDay {
  const shifted = Math.floor(timeMs / DAY_MS) + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `19 January 2026`. */
export function dayText(timeMs: number): string {
  const { year, month, day } = civilDay(timeMs);
  return `${day} ${MONTHS[month - 1]} ${year}`;
}

/** `19 Jan`. */
export function shortDayText(timeMs: number): string {
  const { month, day } = civilDay(timeMs);
  return `${day} ${MONTHS[month - 1]?.slice(0, 3)}`;
}

/** `04:27`, or with seconds `04:27:54`. */
export function clockText(timeMs: number, hasSeconds: boolean): string {
  const seconds = Math.floor((timeMs - Math.floor(timeMs / DAY_MS) * DAY_MS) / 1_000);
  const clock = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return hasSeconds ? `${clock}:${two(seconds % 60)}` : clock;
}

/** `2026-01-19 04:27:54 UTC`. */
export function timeText(timeMs: number): string {
  const { year, month, day } = civilDay(timeMs);
  return `${year}-${two(month)}-${two(day)} ${clockText(timeMs, true)} UTC`;
}

/** `6 h 12 min`, `45 s`, `2 d 3 h`: the two largest parts, the rest cut off. */
export function spanText(spanMs: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [DAY_MS, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  const first = parts.findIndex(([length]) => spanMs >= length);
  if (first < 0) return `${spanMs} ms`;
  let rest = spanMs;
  const texts: string[] = [];
  for (const [length, unit] of parts.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) texts.push(`${grouped(String(count))} ${unit}`);
  }
  return texts.join(' ');
}
