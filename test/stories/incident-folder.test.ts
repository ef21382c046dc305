// A case on disk: drafted from a journal by the command, read again, and what is refused.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeCaseFile } from '../../src/cli/case-file.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import { CaseFolder, CASE_FILES } from '../../src/incident/case-folder.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';
import { caseOf, tradeWrongly, type Venue } from './incident.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-incident-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

let venue: Venue;

/** Writes what a venue's journal holds into a folder. */
function saveJournal({ journal: from }: Venue, path: string): void {
  const { journal } = openFileJournal(path, {});
  for (const entry of from.entries()) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else journal.append(entry);
  }
  journal.close();
}

before(() => {
  venue = tradeWrongly(
    {
      deviation: (tick) =>
        tick === 140 ? [{ table: 'market', row: 2, column: 'fundingIndex', index: 0, value: -4e14 }] : undefined,
    },
    { seed: 3, ticks: 170, accounts: 120 },
  );
  saveJournal(venue, at('day'));
  writeCaseFile(at('case.json'), caseOf(venue));
});

async function draft(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = memoryStreams();
  const code = await runProgram(['incident', 'draft', '--journal', at('day'), ...args], streams);
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

test('the command drafts a folder that reads back, with a receipt for each account', async () => {
  const { code, stdout, stderr } = await draft('--case', at('case.json'), '--out', at('remedy'), '--json');
  assert.equal(stderr, '');
  const result = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(result['conservationResidual'], '0');
  assert.equal(result['attributionResidual'], '0');
  assert.equal(code, (result['checks'] as { holds: boolean }[]).every(({ holds }) => holds) ? 0 : 1);
  const read = new CaseFolder(at('remedy'));
  assert.equal(read.dossier.case.hash, result['case']);
  assert.equal(read.roots.refundRoot, result['root']);
  assert.equal(read.claims.length, result['assessed']);
  assert.equal(readdirSync(at('remedy/receipts')).length, read.claims.length);
  for (const { account, statement } of read.claims) {
    const receipt = read.receipt(account);
    assert.deepEqual(receipt?.statement, statement);
    assert.ok(
      verifyReceipt(receipt, read.roots).every(({ holds }) => holds),
      `receipt of ${account}`,
    );
  }
  for (const name of [CASE_FILES.claims, CASE_FILES.effect, CASE_FILES.secret]) {
    assert.equal(statSync(join(at('remedy'), name)).mode & 0o777, 0o600, name);
  }
});

test('with the same secret it drafts the same, to the byte; nothing that is there is overwritten', async () => {
  const again = at('again');
  const { code } = await draft('--case', at('case.json'), '--out', again);
  assert.ok(code === 0 || code === 1);
  const other = readFileSync(join(again, 'dossier.json'), 'utf8');
  assert.notEqual(other, readFileSync(at('remedy/dossier.json'), 'utf8'));
  for (const name of readdirSync(again)) if (name !== CASE_FILES.secret) rmSync(join(again, name), { recursive: true });
  writeFileSync(join(again, CASE_FILES.secret), readFileSync(at('remedy/secret.hex')));
  await draft('--case', at('case.json'), '--out', again);
  for (const name of ['dossier.json', 'roots.json', 'claims.jsonl', 'effect.json']) {
    assert.equal(readFileSync(join(again, name), 'utf8'), readFileSync(join(at('remedy'), name), 'utf8'), name);
  }
  const refused = await draft('--case', at('case.json'), '--out', again);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /not_a_case_folder/);
});

test('a case that does not explain the journal drafts nothing', async () => {
  const wrong = caseOf(venue, { corrections: { ...venue.corrections, deviations: [] } });
  writeCaseFile(at('wrong.json'), wrong);
  const { code, stdout } = await draft('--case', at('wrong.json'), '--out', at('nothing'), '--json');
  assert.equal(code, 1);
  assert.equal((JSON.parse(stdout) as { finding: string }).finding, 'actual_differs');
  assert.ok(!existsSync(at('nothing')));
});

test('declarations of another form, and an interest date that is none, are refused by name', async () => {
  writeFileSync(at('owners.json'), JSON.stringify({ insiders: [], owners: [[0]] }));
  const owners = await draft('--case', at('case.json'), '--out', at('x'), '--declarations', at('owners.json'));
  assert.equal(owners.code, 2);
  assert.match(owners.stderr, /not_declarations.*owners\[0\]\[0\]/);
  const date = await draft('--case', at('case.json'), '--out', at('x'), '--interest-to', 'tomorrow');
  assert.equal(date.code, 2);
  assert.match(date.stderr, /invalid_argument/);
});
