// What a command says, and where: words for people go to stderr, and with --json one JSON object goes to stdout.
import type { Writable } from 'node:stream';

/** The two streams of the program. Tests pass their own. */
export interface Streams {
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** One command's voice. It prints at most one result. */
export class Output {
  readonly json: boolean;
  readonly stderr: Streams['stderr'];
  readonly #stdout: Writable;
  #hasResult = false;

  constructor(streams: Streams, json: boolean) {
    this.json = json;
    this.stderr = streams.stderr;
    this.#stdout = streams.stdout;
  }

  /** Prints prose for people on stderr. Silent with --json. */
  say(text = ''): void {
    if (!this.json) this.stderr.write(`${text}\n`);
  }

  /** Prints a warning on stderr, with --json too: a warning must reach whoever reads the log. */
  warn(text: string): void {
    this.stderr.write(`warning: ${text}\n`);
  }

  /**
   * With --json, prints the result as one JSON object on one line of stdout; otherwise prints nothing, since the command
   * has said it in prose. Throws on a second result, and on a number that JSON cannot hold.
   */
  result(value: object): void {
    if (this.#hasResult) throw new Error('a command prints one result, and this is the second');
    this.#hasResult = true;
    if (this.json) this.#stdout.write(`${toJson(value)}\n`);
  }

  get hasResult(): boolean {
    return this.#hasResult;
  }
}

/**
 * Returns `value` as JSON on one line. A bigint becomes a string of decimal digits. Throws on NaN and on infinities,
 * which JSON.stringify would turn into null: a result that looks absent.
 */
export function toJson(value: object): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === 'bigint') return member.toString();
    if (typeof member === 'number' && !Number.isFinite(member)) throw new Error(`${key} is ${member}: not in JSON`);
    return member;
  });
}
