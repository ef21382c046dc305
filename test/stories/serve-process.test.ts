// `serve` as a process: killed at random and started again, two on one folder, and the signal that ends it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DirectRoots } from '../../src/chain/roots.ts';
import { recover } from '../../src/exchange/recover.ts';
import { Guard } from '../../src/guard/guard.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { askControl, ExchangeNotRunning } from '../../src/server/control-client.ts';
import { Random } from '../../src/sim/random.ts';
import { temporaryFolder } from './serve.fixture.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const SERVE = ['--database', 'none', '--accounts', '20', '--tick', '1000', '--speed', '100'];
const KILLS = 4;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Process {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  private readonly socket: string;

  constructor(folder: string, more: readonly string[] = []) {
    this.socket = join(folder, 'control.sock');
    this.child = spawn(process.execPath, [main, 'serve', '--data-dir', folder, ...SERVE, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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
}

/** The history in a folder as a replay with a guard finds it. */
function replayed(folder: string): { sequence: number; height: number; stateRoot: string | null } {
  const { journal } = openFileJournal(join(folder, 'journal'));
  try {
    const { replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard: new Guard() });
    assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
    return { sequence: journal.sequence, height: journal.height, stateRoot: replay.stateRoot };
  } finally {
    journal.close();
  }
}

test('killed at random again and again: what was answered is there, every root agrees, and it goes on; then it stops sealed', async (t) => {
  const folder = temporaryFolder(t.after.bind(t));
  const random = new Random('serve kills');
  let answered = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const served = new Process(folder);
    await served.reached(answered + 1 + random.below(1500));
    answered = await served.sequence();
    const { signal } = await served.kill('SIGKILL');
    assert.equal(signal, 'SIGKILL');
    const { sequence } = replayed(folder);
    assert.ok(sequence >= answered, `${sequence} commands, ${answered} were answered`);
    answered = sequence;
  }
  const last = new Process(folder, ['--json']);
  await last.reached(answered + 1);
  // A second one on the same folder is refused by name, and the first does not notice.
  const second = await new Process(folder, ['--json']).ended;
  assert.equal(second.code, 2);
  assert.equal((JSON.parse(second.stdout) as { error: string }).error, 'data_dir_in_use');
  await last.reached((await last.sequence()) + 1);
  const { code, stdout, stderr } = await last.kill('SIGTERM');
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as { height: number; stateRoot: string; sequence: number };
  const { height, stateRoot, sequence } = result;
  assert.deepEqual(replayed(folder), { sequence, height, stateRoot });
  for (const name of ['lock', 'control.sock', 'journal/lock']) assert.ok(!existsSync(join(folder, name)), name);
});
