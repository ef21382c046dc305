import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sameBytes } from '../chain/digest.ts';
import { openFileJournal } from './file-journal.ts';
import { batchFrom, withFolder } from './journal.fixture.ts';

const ROUNDS = 10;
const SEGMENT_BYTES = 1 << 18;
const program = fileURLToPath(new URL('./appending.fixture.ts', import.meta.url));

/** Everything the process printed until it was killed, `lines` lines after it began to append. */
async function runUntilKilled(folder: string, seed: number, lines: number, delayMs: number): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [program, folder, String(SEGMENT_BYTES), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let isDying = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (isDying || text.split('\n').length < lines) return;
    isDying = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('close', (...end) => resolve(end));
  });
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
  const all = text.split('\n');
  // The last piece is a line that was not finished, or nothing.
  all.pop();
  return all;
}

/** The rows of the journal behind `from` are those that were appended, and reach at least up to `acknowledged`. */
function check(folder: string, from: number, acknowledged: number): number {
  const { journal } = openFileJournal(folder, { segmentBytes: SEGMENT_BYTES });
  try {
    assert.ok(journal.sequence >= acknowledged, `${acknowledged} was acknowledged, ${journal.sequence} is there`);
    let next = 1;
    for (const entry of journal.entries()) {
      if (entry.kind === 'block') continue;
      assert.equal(entry.firstSequence, next);
      if (next > from) assert.ok(sameBytes(entry.bytes, batchFrom(next, entry.rows).bytes), `the batch at ${next}`);
      next += entry.commands;
    }
    assert.equal(next, journal.sequence + 1);
    return journal.sequence;
  } finally {
    journal.close();
  }
}

test('killed at any moment, again and again: what was acknowledged is there, and the journal goes on', async () => {
  await withFolder(async (folder) => {
    let durable = 0;
    let seed = 1;
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await runUntilKilled(folder, seed, 3 + ((round * 17) % 40), round % 7);
      seed += lines.length;
      assert.ok(existsSync(join(folder, 'lock')), 'it had no time to give the lock back');
      assert.equal(Number(lines[0]?.split(' ')[1]), durable);
      durable = check(folder, durable, Number(lines.at(-1)));
    }
    assert.ok(durable > ROUNDS * 200, `${durable} commands`);
  });
});

test('the check of this test can fail: a lost acknowledged batch is noticed', () => {
  withFolder((folder) => {
    const { journal } = openFileJournal(folder, { segmentBytes: SEGMENT_BYTES });
    journal.append(batchFrom(1, 10));
    journal.append(batchFrom(11, 10));
    journal.close();
    const file = join(folder, '00000001.segment');
    writeFileSync(file, readFileSync(file).subarray(0, 900));
    assert.throws(() => check(folder, 0, 20), /20 was acknowledged, 10 is there/);
  });
});
