/**
 * Canonical JSON: one text for one value, so that a hash of it names the value. RFC 8785 for what documents of an incident hold:
 * keys in order of their UTF-16 code units, no white space, whole numbers only (money is text, in decimal digits).
 */

import { utf8 } from '../engine/command-buffer.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A value that has no canonical text: where it stands, and why. */
class NotCanonical extends Error {
  private readonly path: string;
  private readonly why: string;

  constructor(path: string, why: string) {
    super(`${path === '' ? 'the document' : path}: ${why}`);
    this.name = 'NotCanonical';
    this.path = path;
    this.why = why;
  }

  /** The same, of the value whose member this one is about. */
  within(place: string): NotCanonical {
    return new NotCanonical(`${place}${this.path}`, this.why);
  }
}

/** Canonical texts of objects that many documents have in common: written once. */
export type KnownTexts = ReadonlyMap<object, string>;

const NOTHING_KNOWN: KnownTexts = new Map();

/**
 * The canonical text of a value; of objects in `known` that text. Refuses (throws) numbers that are not whole and safe, and text with lone
 * surrogates.
 */
export function canonicalJson(value: Json, known: KnownTexts = NOTHING_KNOWN): string {
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number') return numberOf(value);
  if (value === null || typeof value === 'boolean') return String(value);
  return known.get(value) ?? (isList(value) ? listOf(value, known) : objectOf(value, known));
}

/** The canonical text as bytes of UTF-8: what is hashed. */
export function canonicalBytes(value: Json): Uint8Array {
  const text = canonicalJson(value);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Nearly every document is ASCII, of which a character is a byte.
    if (code > 127) return utf8(text);
    bytes[at] = code;
  }
  return bytes;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Text that is written as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function textOf(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw new NotCanonical('', 'the text has a lone surrogate');
  return JSON.stringify(value);
}

function numberOf(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  throw new NotCanonical('', `${value} is no whole number`);
}

function listOf(list: readonly Json[], known: KnownTexts): string {
  let text = '[';
  for (let at = 0; at < list.length; at++) {
    if (at > 0) text += ',';
    text += memberOf(list[at], at, known);
  }
  return `${text}]`;
}

function objectOf(value: Readonly<Record<string, Json>>, known: KnownTexts): string {
  let text = '{';
  for (const key of sortedKeys(value)) {
    if (text.length > 1) text += ',';
    text += `${memberOf(key, key, NOTHING_KNOWN)}:${memberOf(value[key], key, known)}`;
  }
  return `${text}}`;
}

function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let at = 1; at < keys.length; at++) {
    if ((keys[at - 1] as string) > (keys[at] as string)) return keys.sort();
  }
  return keys;
}

/** The text of a member; what is thrown says where it stands: its place in a list, or its key. */
function memberOf(value: Json | undefined, place: number | string, known: KnownTexts): string {
  if (value === undefined) throw new NotCanonical(nameOf(place), 'undefined has no text');
  try {
    return canonicalJson(value, known);
  } catch (error) {
    throw error instanceof NotCanonical ? error.within(nameOf(place)) : error;
  }
}

function nameOf(place: number | string): string {
  return typeof place === 'number' ? `[${place}]` : `.${place}`;
}
