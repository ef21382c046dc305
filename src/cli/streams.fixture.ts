// Streams that remember what was written, for the tests of commands.
import { Writable } from 'node:stream';
import type { Streams } from './output.ts';

class Memory extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Returns two streams that keep their text; `isTerminal` says whether stderr looks like a terminal. */
export function memoryStreams(isTerminal = false): Streams & { readonly stdout: Memory; readonly stderr: Memory } {
  return { stdout: new Memory(false), stderr: new Memory(isTerminal) };
}
