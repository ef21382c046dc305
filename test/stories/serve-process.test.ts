// `serve` as a process: killed at random and started again, two on one folder, and the signal that ends it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DirectRoots } from '../../src/chain/roots.ts';
import { recover } from '../../src/exchange/recover.ts';
import { Guard } from '../../src/guard/guard.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { Random } from '../../src/sim/random.ts';
import { temporaryFolder } from './serve.fixture.ts';
import { ServeProcess } from './serve-process.fixture.ts';

const KILLS = 4;

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
    const served = new ServeProcess(folder);
    await served.reached(answered + 1 + random.below(1500));
    answered = await served.sequence();
    const { signal } = await served.kill('SIGKILL');
    assert.equal(signal, 'SIGKILL');
    const { sequence } = replayed(folder);
    assert.ok(sequence >= answered, `${sequence} commands, ${answered} were answered`);
    answered = sequence;
  }
  const last = new ServeProcess(folder, ['--json']);
  await last.reached(answered + 1);
  // A second one on the same folder is refused by name, and the first does not notice.
  const second = await new ServeProcess(folder, ['--json']).ended;
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
