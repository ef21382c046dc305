/** Asks the exchange of a data folder, by its control socket. */
import { createConnection } from 'node:net';
import type { ControlRequest } from './control-socket.ts';

/** No exchange runs in the folder, or it does not answer. */
export class ExchangeNotRunning extends Error {
  readonly code = 'exchange_not_running';
  constructor(path: string, cause: unknown) {
    super(`no exchange answers at ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ExchangeNotRunning';
  }
}

/** The exchange refused what was asked: its name for it is `code`. */
export class ControlAnswered extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ControlAnswered';
    this.code = code;
  }
}

/** The answer of the exchange that listens at `path`. Refuses (throws `ExchangeNotRunning`, or `ControlAnswered` with its refusal). */
export function askControl(path: string, request: ControlRequest): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end < 0) return;
      socket.end();
      const answer = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
      const { error, message } = answer;
      if (typeof error === 'string') reject(new ControlAnswered(error, String(message)));
      else resolve(answer);
    });
    socket.on('error', (error) => reject(new ExchangeNotRunning(path, error)));
    socket.on('close', () => reject(new ExchangeNotRunning(path, new Error('it ended without an answer'))));
  });
}
