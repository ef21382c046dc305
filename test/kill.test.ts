// kill −9 in a loop while a run writes its journal: nothing acknowledged is lost, and the run ends as if nothing had been.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const RUN = ['run', '--accounts', '60', '--seed', '5', '--tick', '30000', '--json'];
const KILLS = 6;

interface Result {
  readonly commands: number;
  readonly stateRoot: string;
  readonly blocks: number;
  readonly conservationResidual: string;
}

function makewhole(args: readonly string[]): { status: number | null; result: Result & { equal: boolean } } {
  const child = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  assert.notEqual(child.stdout, '', child.stderr);
  return { status: child.status, result: JSON.parse(child.stdout) };
}

/** Starts a run into `folder` and kills it after `ms`; true when it was still running. */
function startAndKill(folder: string, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...RUN, '--journal', folder], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.on('exit', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}

test('a run killed again and again comes to the same end as one that was not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-kill-'));
  try {
    const undisturbed = makewhole(RUN).result;
    const killed = join(folder, 'journal');
    let before = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await startAndKill(killed, 350 + 130 * kill);
      const { status, result } = makewhole(['verify', '--journal', killed, '--json']);
      // Before anything was written there is no journal to verify.
      if (status === 2) continue;
      assert.equal(status, 0, JSON.stringify(result));
      assert.ok(result.commands >= before, `${result.commands} commands, ${before} were durable before`);
      before = result.commands;
    }
    const { status, result } = makewhole([...RUN, '--journal', killed]);
    assert.equal(status, 0);
    assert.equal(result.stateRoot, undisturbed.stateRoot);
    assert.equal(result.commands, undisturbed.commands);
    assert.equal(result.blocks, undisturbed.blocks);
    assert.equal(result.conservationResidual, '0');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
