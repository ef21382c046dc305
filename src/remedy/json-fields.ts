/** Reads documents from JSON values, field by field. What a document is not is refused as a value that names the field; nothing is filled in. */

/** Why a value is not the document it is said to be: the field, and what is wrong with it. */
export interface BadDocument {
  readonly bad: string;
}

/** Thrown between these functions and `attempt` alone. */
class Refused extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export function refuse(field: string, why: string): never {
  throw new Refused(`${field}: ${why}`);
}

/** What `decode` makes, or why it refused. */
export function attempt<T>(decode: () => T): T | BadDocument {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Refused) return { bad: error.message };
    throw error;
  }
}

/** The fields of an object that has all of `required`, and no others than those and `optional`. */
export function fieldsOf(
  value: unknown,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(name, 'not an object');
  const unknown = Object.keys(value).find((field) => !required.includes(field) && !optional.includes(field));
  if (unknown !== undefined) refuse(`${name}.${unknown}`, 'no such field');
  const missing = required.find((field) => !Object.hasOwn(value, field));
  if (missing !== undefined) refuse(`${name}.${missing}`, 'missing');
  return value as Fields;
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(name, 'not a list');
}

/** A whole number from `least` to `most`. */
export function wholeOf(value: unknown, name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0);
  return isWhole && value >= least && value <= most
    ? value
    : refuse(name, `not a whole number from ${least} to ${most}`);
}

/** A text of one to `most` characters. */
export function textOf(value: unknown, name: string, most = 4000): string {
  if (typeof value !== 'string' || value.trim() === '') return refuse(name, 'a text is missing');
  if (!value.isWellFormed()) return refuse(name, 'the text has a lone surrogate');
  return value.length <= most ? value : refuse(name, `${value.length} characters, at most ${most}`);
}

export function flagOf(value: unknown, name: string): boolean {
  return typeof value === 'boolean' ? value : refuse(name, 'not true or false');
}

export function oneOf<const T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  return allowed.find((each) => each === value) ?? refuse(name, `not one of ${allowed.join(', ')}`);
}

/** A digest of 32 bytes in lower-case hexadecimal digits. */
export function digestOf(value: unknown, name: string): string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
    ? value
    : refuse(name, 'not 64 lower-case hexadecimal digits');
}

/** A whole number of any size in decimal digits. */
export function decimalOf(value: unknown, name: string): bigint {
  return typeof value === 'string' && /^(?:0|-?[1-9][0-9]{0,77})$/.test(value)
    ? BigInt(value)
    : refuse(name, 'not a whole number in decimal digits');
}
