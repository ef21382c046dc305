// `serve` as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askControl, ExchangeNotRunning } from '../../src/server/control-client.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const SERVE = ['--accounts', '20', '--tick', '1000', '--speed', '100'];

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class ServeProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  private readonly socket: string;
  /** All that were started: a test that fails leaves none behind. */
  private static readonly children: ServeProcess[] = [];

  constructor(folder: string, more: readonly string[] = [], database = 'none') {
    this.socket = join(folder, 'control.sock');
    ServeProcess.children.push(this);
    this.child = spawn(
      process.execPath,
      [main, 'serve', '--data-dir', folder, '--database', database, ...SERVE, ...more],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let [stdout, stderr] = ['', ''];
    this.child.stdout?.on('data', (part) => (stdout += String(part)));
    this.child.stderr?.on('data', (part) => (stderr += String(part)));
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
    );
  }

  /** What the exchange answers, as soon as it answers; refuses (throws) when the process ends before. */
  async ask(request: { readonly ask: string; readonly [field: string]: unknown }): Promise<Record<string, unknown>> {
    let end: Ended | undefined;
    void this.ended.then((ended) => (end = ended));
    for (;;) {
      try {
        return await askControl(this.socket, request);
      } catch (error) {
        if (!(error instanceof ExchangeNotRunning)) throw error;
        if (end !== undefined) throw new Error(`it ended: ${JSON.stringify(end)}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  }

  async sequence(): Promise<number> {
    const { asOf } = (await this.ask({ ask: 'status' })) as { asOf: { sequence: number } };
    return asOf.sequence;
  }

  /** Waits until it has taken so many commands. */
  async reached(sequence: number): Promise<void> {
    while ((await this.sequence()) < sequence) await new Promise((resolve) => setTimeout(resolve, 30));
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  /** Ends what is left of all that were started. */
  static async endAll(): Promise<void> {
    for (const each of ServeProcess.children.splice(0)) await each.kill('SIGKILL');
  }
}
