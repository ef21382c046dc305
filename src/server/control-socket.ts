/**
 * The socket by which the exchange of a data folder is asked and told, by its owner on the same machine: one JSON object a line, one
 * answer each, in order. The file is readable by the owner alone.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

/** A line longer than this is none of ours. */
const LINE_LIMIT = 1 << 24;

export interface ControlRequest {
  readonly ask: string;
  readonly [field: string]: unknown;
}

/** A request that is refused: why, by name. Nothing was done. */
export class ControlRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ControlRefused';
    this.code = code;
  }
}

type Answer = (request: ControlRequest) => object | Promise<object>;

export class ControlSocket {
  private readonly server: Server;
  private readonly path: string;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server, path: string) {
    this.server = server;
    this.path = path;
  }

  /** Listens at a path; a socket that a dead process left there is removed. Refuses (throws) as the system does. */
  static async listen(path: string, answer: Answer): Promise<ControlSocket> {
    rmSync(path, { force: true });
    const server = createServer();
    const control = new ControlSocket(server, path);
    server.on('connection', (socket) => control.serve(socket, answer));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve());
    });
    chmodSync(path, 0o600);
    return control;
  }

  /** Ends every connection and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.end();
    // What was answered arrives; who keeps a connection open does not keep the exchange.
    setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, 200).unref();
    await closed;
    rmSync(this.path, { force: true });
  }

  private serve(socket: Socket, answer: Answer): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    let turn: Promise<unknown> = Promise.resolve();
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        turn = turn.then(() => answerTo(line, answer)).then((reply) => socket.writable && socket.write(`${reply}\n`));
      }
      if (text.length > LINE_LIMIT) socket.destroy();
    });
  }
}

async function answerTo(line: string, answer: Answer): Promise<string> {
  try {
    return JSON.stringify({ ok: true, ...(await answer(requestOf(line))) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
    return JSON.stringify({ error: code, message });
  }
}

function requestOf(line: string): ControlRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ControlRefused('not_json', 'a request is one JSON object a line');
  }
  if (typeof value !== 'object' || value === null || !('ask' in value) || typeof value.ask !== 'string') {
    throw new ControlRefused('not_a_request', 'a request says what it asks: {"ask": …}');
  }
  return value as ControlRequest;
}
