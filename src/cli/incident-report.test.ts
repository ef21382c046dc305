import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DOSSIER } from '../remedy/report/report.fixture.ts';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-report-'));
after(() => rmSync(folder, { recursive: true }));

function caseOf(name: string, dossier: unknown): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'dossier.json'), JSON.stringify(dossier));
  return path;
}

async function report(...args: string[]) {
  const streams = memoryStreams();
  const code = await runProgram(['incident', 'report', ...args], streams);
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

test('both files are written where it is said, and named', async () => {
  const out = join(folder, 'public');
  const { code, stdout } = await report('--case', caseOf('good', DOSSIER), '--out', out, '--json');
  assert.equal(code, exitCodes.ok);
  const result = JSON.parse(stdout) as { dossier: string; failed: string[]; files: string[] };
  assert.deepEqual(result.files, [join(out, 'report.md'), join(out, 'report.html')]);
  assert.deepEqual(result.failed, []);
  assert.ok(readFileSync(join(out, 'report.html'), 'utf8').includes(result.dossier));
});

test('a dossier that cannot be approved is reported with exit code 1', async () => {
  const checks = [{ name: 'conservation', holds: false, detail: 'residual 3' }];
  const path = caseOf('failing', { ...DOSSIER, checks });
  const { code, stderr } = await report('--case', path);
  assert.equal(code, exitCodes.finding);
  assert.match(stderr, /^It cannot be approved: conservation does not hold\.$/m);
  assert.match(readFileSync(join(path, 'report.md'), 'utf8'), /cannot be approved/);
});

test('what is no case is refused by name', async () => {
  for (const path of [caseOf('other', {}), join(folder, 'none')]) {
    const { code, stderr } = await report('--case', path);
    assert.equal(code, exitCodes.badInput);
    assert.match(stderr, /^makewhole: bad_case_file: .*dossier\.json/);
  }
});
