/**
 * Rows in PostgreSQL's COPY text format, written straight into bytes: columns separated by tabs, each row ended by a line feed. A string
 * for each value would cost more than the replay that leads to the rows.
 */
import type { SqlValue } from './database.ts';

const TAB = 9;
const LINE_FEED = 10;
const MINUS = 45;
const ZERO = 48;
const BACKSLASH = 92;
const UPPER_N = 78;
const HEXADECIMAL = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** What stands behind the backslash for a character that may not stand in a column as it is. */
const ESCAPED: Readonly<Record<number, number>> = { [TAB]: 116, [LINE_FEED]: 110, 13: 114, [BACKSLASH]: BACKSLASH };
const encoder = new TextEncoder();

export class LineBuffer {
  private bytes = new Uint8Array(1 << 12);
  private length = 0;
  rows = 0;

  /** Adds a row. Numbers in the shortest digits that lead back to them; bytes in hexadecimal; null as \N. */
  add(values: readonly SqlValue[]): void {
    for (let at = 0; at < values.length; at++) {
      if (at > 0) this.put(TAB);
      this.value(values[at] as SqlValue);
    }
    this.put(LINE_FEED);
    this.rows++;
  }

  /** Gives the bytes of all rows, in memory of their own, and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    this.rows = 0;
    return taken;
  }

  private value(value: SqlValue): void {
    if (typeof value === 'number') this.number(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.put(value ? 116 : 102);
    else if (value === null) {
      this.put(BACKSLASH);
      this.put(UPPER_N);
    } else this.hexadecimal(value);
  }

  private number(value: number): void {
    if (!Number.isSafeInteger(value) || value === 0) return this.plain(Object.is(value, -0) ? '-0' : String(value));
    this.reserve(24);
    let rest = value;
    if (rest < 0) {
      this.bytes[this.length++] = MINUS;
      rest = -rest;
    }
    let digits = 1;
    for (let power = 10; power <= rest; power *= 10) digits++;
    const end = this.length + digits;
    let at = end;
    // Nine digits at a time are 32-bit arithmetic.
    while (rest >= 1e9) {
      const high = Math.floor(rest / 1e9);
      let low = rest - high * 1e9;
      for (let n = 0; n < 9; n++) {
        const next = (low / 10) | 0;
        this.bytes[--at] = ZERO + (low - next * 10);
        low = next;
      }
      rest = high;
    }
    while (at > this.length) {
      const next = (rest / 10) | 0;
      this.bytes[--at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.length = end;
  }

  /** Text that has nothing to escape and is ASCII. */
  private plain(text: string): void {
    this.reserve(text.length);
    for (let at = 0; at < text.length; at++) this.bytes[this.length++] = text.charCodeAt(at);
  }

  private text(text: string): void {
    this.reserve(text.length * 2);
    const start = this.length;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code > 127 || code === 0) {
        this.length = start;
        return this.wideText(text);
      }
      const escaped = ESCAPED[code];
      if (escaped !== undefined) {
        this.bytes[this.length++] = BACKSLASH;
        this.bytes[this.length++] = escaped;
      } else this.bytes[this.length++] = code;
    }
  }

  /** No text of PostgreSQL holds the character 0: it becomes the one that stands for what is none. */
  private wideText(text: string): void {
    for (const byte of encoder.encode(text.replaceAll('\0', '\ufffd'))) {
      const escaped = ESCAPED[byte];
      if (escaped !== undefined) this.put(BACKSLASH);
      this.put(escaped ?? byte);
    }
  }

  private hexadecimal(bytes: Uint8Array): void {
    this.reserve(3 + bytes.length * 2);
    this.plain('\\\\x');
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      this.bytes[this.length++] = HEXADECIMAL[byte >> 4] as number;
      this.bytes[this.length++] = HEXADECIMAL[byte & 15] as number;
    }
  }

  private put(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/** The lines of these rows. */
export function linesOf(rows: readonly (readonly SqlValue[])[]): Uint8Array<ArrayBuffer> {
  const lines = new LineBuffer();
  for (const row of rows) lines.add(row);
  return lines.take();
}

/** The columns of each line as COPY writes them, escapes and all. */
export function columnsOfLines(lines: Uint8Array): string[][] {
  const text = new TextDecoder().decode(lines);
  return text === ''
    ? []
    : text
        .slice(0, -1)
        .split('\n')
        .map((line) => line.split('\t'));
}
