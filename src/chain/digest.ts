/** The digests of the chain. Their functions are given from outside: the pure half names what it needs and imports none. */

/** SHA-256 of the bytes: a new array of 32 bytes. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** CRC-32 (the polynomial of zlib) of the bytes: an unsigned 32-bit integer. Finds accidents, not forgeries. */
export type Checksum = (bytes: Uint8Array) => number;

export const DIGEST_BYTES = 32;

/** The digest that stands where there is none to name, such as the parent of the first block. */
export const NO_DIGEST: Uint8Array = new Uint8Array(DIGEST_BYTES);

/** True when both arrays hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The bytes as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += AT_ONCE) text += hexOf(bytes, from, from + AT_ONCE);
  return text;
}

/** Bytes that are written at once: text that grows digit by digit keeps every piece of itself, thirty times the memory. */
const AT_ONCE = 1024;

function hexOf(bytes: Uint8Array, from: number, to: number): string {
  const codes: number[] = [];
  for (let at = from; at < to && at < bytes.length; at++) {
    const byte = bytes[at] as number;
    codes.push(DIGITS[byte >> 4] as number, DIGITS[byte & 15] as number);
  }
  return String.fromCharCode(...codes);
}

const DIGITS = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** The bytes that `toHex` wrote. Refuses (throws) anything but an even number of hexadecimal digits. */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new RangeError(`not hexadecimal bytes: ${text.slice(0, 80)}`);
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = 16 * valueOf(text.charCodeAt(2 * at)) + valueOf(text.charCodeAt(2 * at + 1));
  }
  return bytes;
}

const LETTER_A = 97;

/** The value of a hexadecimal digit by its code. */
function valueOf(code: number): number {
  // Setting the sixth bit makes a capital small, and leaves digits and small letters as they are.
  return (code | 32) < LETTER_A ? code - 48 : (code | 32) - LETTER_A + 10;
}

/** All parts one behind the other, in bytes of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
