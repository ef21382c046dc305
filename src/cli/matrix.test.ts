import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-matrix-'));
after(() => rmSync(folder, { recursive: true }));

const ONE_CELL = ['--regime', 'thin', '--phase', 'steady'];

function faultFile(name: string, hooks: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `export const faults = [{ id: '${name}', name: 'a fault', class: 'I', harm: ['forced'], ${hooks} }];`,
  );
  return file;
}

test('an outsider’s fault runs in a cell: the row says what it did with the guard and without', async () => {
  const file = faultFile(
    'halved',
    'memory({ state, accounts }) { for (const account of accounts) state.account.f64[account * 8 + 1] = -1e14; }',
  );
  const streams = memoryStreams();
  assert.equal(await runProgram(['matrix', '--fault', file, ...ONE_CELL, '--json'], streams), exitCodes.ok);
  const { cells, cases, wrongful, undetected, harmWithoutGuard, harmExpected, pending, rows, controls } = JSON.parse(
    streams.stdout.text,
  );
  assert.deepEqual(
    { cells, cases, wrongful, undetected, harmWithoutGuard, harmExpected, pending },
    {
      cells: 1,
      cases: 1,
      wrongful: 0,
      undetected: 0,
      harmWithoutGuard: 1,
      harmExpected: 1,
      pending: [],
    },
  );
  assert.equal(rows[0].case, 'halved');
  assert.ok(rows[0].harm.includes('forced'));
  assert.notEqual(rows[0].guarded.detectedBy, null);
  assert.equal(controls.length, 1);
});

test('a fault that goes unnoticed is a finding; for people a table and the cell by name', async () => {
  const file = faultFile('idle', 'memory() {}');
  const streams = memoryStreams();
  assert.equal(await runProgram(['matrix', '--fault', file, ...ONE_CELL], streams), exitCodes.finding);
  assert.match(streams.stderr.text, /^idle +a fault +I +0 +nothing, NOT in 1 +0\/1$/m);
  assert.match(streams.stderr.text, /^undetected: idle in thin, steady$/m);
  assert.match(streams.stderr.text, /^harmless: idle in thin, steady: nothing happened without a guard$/m);
  assert.equal(streams.stdout.text, '');
});

test('a fault that throws ends the matrix by name, with its stack', async () => {
  const file = faultFile('broken', "memory() { throw new Error('not today'); }");
  const streams = memoryStreams();
  assert.equal(
    await runProgram(['matrix', '--fault', file, ...ONE_CELL, '--guard', 'off'], streams),
    exitCodes.badInput,
  );
  assert.match(streams.stderr.text, /makewhole: cell_failed: .*broken.*not today/);
});

test('refuses by name a case that is none, one that waits, and a file that is not there', async () => {
  for (const [args, error] of [
    [['--case', 'C99'], 'case_unknown'],
    [['--case', 'C54'], 'case_pending'],
    [['--fault', join(folder, 'nowhere.mjs')], 'bad_fault_file'],
  ] as const) {
    const streams = memoryStreams();
    assert.equal(await runProgram(['matrix', ...args, '--json'], streams), exitCodes.badInput);
    assert.equal(JSON.parse(streams.stdout.text).error, error);
  }
});
