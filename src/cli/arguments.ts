// Readers of option values. Each refuses what it cannot read exactly, and says what it would have taken.
import { InvalidArgumentError } from 'commander';

/** Returns a reader of whole numbers from `least` to `most`, plain decimal digits only ("1e3", "0x10", " 7" are refused). */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Reads a calendar day written YYYY-MM-DD and returns the milliseconds of its start, UTC. Refuses 2026-02-30. */
export function utcDay(text: string): number {
  const startMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : Number.NaN;
  // Date.parse takes 30 February for 2 March: only a day that prints as it was written exists.
  if (!Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(text)) return startMs;
  throw new InvalidArgumentError('It must be a day that exists, written YYYY-MM-DD (UTC).');
}
