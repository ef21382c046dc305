/** What the fields of a readable command hold: numbers that JSON can say, text, bytes as hexadecimal digits. */
import type { CommandKind } from '../engine/command.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { fromHex } from './digest.ts';

export type FieldValue = number | string | { readonly [parameter: string]: number } | readonly CommandRecord[];

/** A command: its kind, its time and the fields of its kind. Survives JSON unchanged. */
export interface CommandRecord {
  readonly kind: CommandKind | 'raw';
  readonly timeMs: number | null;
  readonly [field: string]: FieldValue | null;
}

/** The record does not say a command: which kind, which field, and why. */
export class BadCommandRecord extends Error {
  readonly kind: string;
  readonly field: string;
  constructor(kind: string, field: string, why: string) {
    super(`command ${kind}, field ${field}: ${why}`);
    this.name = 'BadCommandRecord';
    this.kind = kind;
    this.field = field;
  }
}

/** A column's name as a field: `FUNDING_INDEX` is `fundingIndex`. */
export function camelCase(column: string): string {
  return column.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A number that JSON can say: finite and not negative zero. */
export function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** The number in a field; `isWord` asks for a signed 32-bit integer. */
export function numberField(record: CommandRecord, field: string, isWord: boolean): number {
  const value = record[field];
  if (typeof value !== 'number' || !isPlain(value))
    throw new BadCommandRecord(record.kind, field, 'a number is missing');
  if (isWord && (value | 0) !== value) throw new BadCommandRecord(record.kind, field, `${value} is no 32-bit integer`);
  return value;
}

function textField(record: CommandRecord, field: string): string {
  const value = record[field];
  if (typeof value !== 'string') throw new BadCommandRecord(record.kind, field, 'a text is missing');
  return value;
}

/** The text in a field as UTF-8. */
export function encodeUtf8(record: CommandRecord, field: string): Uint8Array {
  const value = textField(record, field);
  if (!value.isWellFormed()) throw new BadCommandRecord(record.kind, field, 'the text has a lone surrogate');
  return utf8(value);
}

/** The text, or undefined when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let encoded = '';
  for (const byte of bytes) encoded += `%${byte.toString(16).padStart(2, '0')}`;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The bytes up to the last that is not zero. */
export function withoutPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** The bytes in a field of hexadecimal digits. */
export function hexField(record: CommandRecord, field: string): Uint8Array {
  const value = textField(record, field);
  if (!/^(?:[0-9a-f]{2})*$/i.test(value)) throw new BadCommandRecord(record.kind, field, 'not hexadecimal bytes');
  return fromHex(value);
}
