// Time stamps as recorded data writes them: numbers since 1970 and ISO 8601 text. All become milliseconds UTC.
import { FeedError, type Location } from './feed-error.ts';

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const isoPattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Returns the milliseconds of a number of milliseconds (13 digits) or microseconds (16 digits) since 1970; microseconds
 * are cut to the millisecond they lie in. Throws FeedError `bad_timestamp` for any other text.
 */
export function epochMs(text: string, at: Location): number {
  if (/^(?:\d{13}|\d{16})$/.test(text)) return Number(text.slice(0, 13));
  throw new FeedError('bad_timestamp', at, `"${text}" is no count of milliseconds or microseconds since 1970`);
}

/** Returns the milliseconds of a number of seconds (10 digits) since 1970. Throws FeedError `bad_timestamp`. */
export function epochSecondsToMs(text: string, at: Location): number {
  if (/^\d{10}$/.test(text)) return Number(text) * secondMs;
  throw new FeedError('bad_timestamp', at, `"${text}" is no count of seconds since 1970`);
}

/**
 * Returns the milliseconds of an ISO 8601 stamp that says it is UTC ("Z" or "+00:00"); finer digits are cut to the
 * millisecond they lie in. Throws FeedError `not_utc` for another offset or none, `bad_timestamp` for what is no stamp.
 */
export function isoUtcMs(text: string, at: Location): number {
  const { timeMs, zone } = readIso(text, at);
  if (zone === undefined)
    throw new FeedError('not_utc', at, `"${text}" does not say its time zone: Z or +00:00 expected`);
  return timeMs;
}

/**
 * Returns the milliseconds of an ISO 8601 stamp in a format that states no time zone, read as UTC. Throws as `isoUtcMs`
 * does. The caller reports `zone_not_stated`.
 */
export function isoWithoutZoneMs(text: string, at: Location): number {
  return readIso(text, at).timeMs;
}

/** Returns a time as ISO 8601, without milliseconds when there are none. */
export function isoText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z');
}

/** Returns the start of a UTC day written YYYY-MM-DD in milliseconds; undefined for what is no day that exists. */
export function dayStartMs(day: string): number | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? existingMs(day, '00:00:00', '') : undefined;
}

/** Returns the UTC day, YYYY-MM-DD, that a time lies in. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function readIso(text: string, at: Location): { timeMs: number; zone: string | undefined } {
  const match = isoPattern.exec(text);
  const [, date = '', time = '', fraction = '', zone] = match ?? [];
  const timeMs = match === null ? undefined : existingMs(date, time, fraction);
  if (timeMs === undefined) throw new FeedError('bad_timestamp', at, `"${text}" is no ISO 8601 time`);
  if (zone !== undefined && zone !== 'Z' && !/^[+-]00:?00$/.test(zone)) {
    throw new FeedError('not_utc', at, `"${text}" is in the time zone ${zone}: convert the file to UTC`);
  }
  return { timeMs, zone };
}

function existingMs(date: string, time: string, fraction: string): number | undefined {
  const text = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const timeMs = Date.parse(text);
  // Date.parse takes 30 February for 2 March and 24:00 for the next day: only what prints as it was written exists.
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString() === text ? timeMs : undefined;
}
