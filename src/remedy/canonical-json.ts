/**
 * Canonical JSON: one text for one value, so that a hash of it names the value. RFC 8785 for what documents of an incident hold:
 * keys in order of their UTF-16 code units, no white space, whole numbers only (money is text, in decimal digits).
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A value that has no canonical text: where it stands, and why. */
class NotCanonical extends Error {
  constructor(path: string, why: string) {
    super(`${path === '' ? 'the document' : path}: ${why}`);
    this.name = 'NotCanonical';
  }
}

/** The canonical text of a value. Refuses (throws) numbers that are not whole and safe, and text with lone surrogates. */
export function canonicalJson(value: Json, path = ''): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new NotCanonical(path, `${value} is no whole number`);
    return String(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new NotCanonical(path, 'the text has a lone surrogate');
    return JSON.stringify(value);
  }
  if (isList(value)) return `[${value.map((item, at) => canonicalJson(item, `${path}[${at}]`)).join(',')}]`;
  const keys = Object.keys(value).sort();
  const members = keys.map((key) => {
    const member = value[key];
    if (member === undefined) throw new NotCanonical(`${path}.${key}`, 'undefined has no text');
    return `${canonicalJson(key, path)}:${canonicalJson(member, `${path}.${key}`)}`;
  });
  return `{${members.join(',')}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
