// Files of text lines, plain or gzip. Whether a file is gzip is read from its first bytes, never from its name.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { FeedError } from './feed-error.ts';

/** A line without its line break. `lineNumber` counts from 1. */
interface Line {
  readonly lineNumber: number;
  readonly text: string;
}

/** The lines of one file. */
export interface TextFile {
  readonly file: string;
  /** False when the last line has no line break: the file may have been cut there. */
  readonly endsWithNewline: boolean;
  /** Yields every line, empty ones too; "\r\n" counts as one line break. A byte-order mark is left out. */
  lines(): Generator<Line>;
}

const newline = 0x0a;
const decodeBytes = 1 << 20;
const peekBytes = 1 << 16;

/**
 * Reads a whole file of UTF-8 lines, plain or gzip (several members too). Throws FeedError: `file_not_found`,
 * `file_not_readable`, `file_too_large`, `empty_file`, `truncated_gzip` and `corrupt_gzip`; the last two name the first line that could not be
 * read and how many lines before it could.
 */
export function readTextFile(file: string): TextFile {
  const stored = systemCall(file, () => readFileSync(file));
  const bytes = isGzip(stored) ? gunzip(file, stored) : stored;
  if (bytes.length === 0) throw new FeedError('empty_file', { file, line: 0 }, 'the file is empty');
  return { file, endsWithNewline: bytes[bytes.length - 1] === newline, lines: () => linesOf(bytes) };
}

/**
 * Returns the first line of a file, plain or gzip, reading only its start; of a file that is no text its first four bytes
 * as characters. Throws FeedError as `readTextFile` does, for what the start of the file can show.
 */
export function readFirstLine(file: string): string {
  const start = systemCall(file, () => readStart(file));
  if (start.length === 0) throw new FeedError('empty_file', { file, line: 0 }, 'the file is empty');
  const bytes = isGzip(start) ? inflateStart(file, start) : start;
  if (bytes.includes(0)) return bytes.toString('latin1', 0, 4);
  const [first] = linesOf(bytes);
  return first?.text ?? '';
}

function* linesOf(bytes: Buffer): Generator<Line> {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let start = hasMark ? 3 : 0;
  let lineNumber = 0;
  while (start < bytes.length) {
    const end = endOfBlock(bytes, start);
    const hasBreak = bytes[end - 1] === newline;
    for (const text of bytes.toString('utf8', start, hasBreak ? end - 1 : end).split('\n')) {
      lineNumber += 1;
      yield { lineNumber, text: text.endsWith('\r') ? text.slice(0, -1) : text };
    }
    start = end;
  }
}

/** Blocks end at a line break, so that no character and no line is cut. A longer line makes a longer block. */
function endOfBlock(bytes: Buffer, start: number): number {
  if (bytes.length - start <= decodeBytes) return bytes.length;
  const inside = bytes.subarray(start, start + decodeBytes).lastIndexOf(newline);
  const end = inside === -1 ? bytes.indexOf(newline, start + decodeBytes) : start + inside;
  return end === -1 ? bytes.length : end + 1;
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function gunzip(file: string, stored: Buffer): Buffer {
  try {
    return gunzipSync(stored);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file);
    const isCut = code === 'Z_BUF_ERROR';
    const readable = newlines(isCut ? inflate(stored) : longestReadable(stored));
    const what = isCut ? 'the gzip data ends too early' : `the gzip data is damaged (${messageOf(error)})`;
    const detail = `${what}: ${readable} whole lines are readable`;
    throw new FeedError(isCut ? 'truncated_gzip' : 'corrupt_gzip', { file, line: readable + 1 }, detail);
  }
}

/** What of gzip data can be read although its end is missing. Throws for damaged data. */
function inflate(stored: Buffer): Buffer {
  return gunzipSync(stored, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** The output of the longest start of damaged gzip data that can still be read, found by halving. */
function longestReadable(stored: Buffer): Buffer {
  let readable: Buffer = Buffer.alloc(0);
  let good = 0;
  let bad = stored.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    try {
      readable = inflate(stored.subarray(0, middle));
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return readable;
}

function inflateStart(file: string, start: Buffer): Buffer {
  try {
    return inflate(start);
  } catch (error) {
    throw new FeedError('corrupt_gzip', { file, line: 1 }, `the gzip data is damaged (${messageOf(error)})`);
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let index = bytes.indexOf(newline); index !== -1; index = bytes.indexOf(newline, index + 1)) count += 1;
  return count;
}

function readStart(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    if (fstatSync(descriptor).isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    const start = Buffer.alloc(peekBytes);
    return start.subarray(0, readSync(descriptor, start, 0, peekBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

function systemCall<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') throw new FeedError('file_not_found', { file, line: 0 }, 'there is no such file');
    if (code === 'ERR_FS_FILE_TOO_LARGE') throw tooLarge(file);
    throw new FeedError('file_not_readable', { file, line: 0 }, messageOf(error));
  }
}

function tooLarge(file: string): FeedError {
  return new FeedError(
    'file_too_large',
    { file, line: 0 },
    'the file is too large to read at once: split it by day or month',
  );
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
