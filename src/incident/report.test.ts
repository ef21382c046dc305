import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DOSSIER, INPUT } from '../remedy/report/report.fixture.ts';
import { BadCaseFile, readReportInput, REPORT_FILES, writeReport } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-report-'));
after(() => rmSync(folder, { recursive: true }));

/** A case on disk, of these files. */
function caseOf(files: Readonly<Record<string, unknown>>): string {
  const path = mkdtempSync(join(folder, 'case-'));
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(path, name), typeof value === 'string' ? value : JSON.stringify(value));
  }
  return path;
}

const whole = {
  'dossier.json': DOSSIER,
  'roots.json': DOSSIER.roots,
  'notes.json': INPUT.notes,
  'measure.json': { case: DOSSIER.case.hash, ...INPUT.options, seconds: 1 },
  'payout.json': { format: 'makewhole-payment/1', ...INPUT.payout },
};

const act = {
  act: {
    venue: null,
    fork: 1,
    nonce: '0'.repeat(32),
    notBeforeMs: 0,
    expiryMs: 1_768_821_534_000,
    reason: 'refunds of the first round',
    what: {
      kind: 'approveRefunds',
      incident: DOSSIER.case.hash,
      round: 1,
      content: 'c'.repeat(64),
      plan: 'd'.repeat(64),
      payments: 212,
      total: DOSSIER.totals.refund,
      largest: '9912345678912',
      reversals: 0,
      reversed: '0',
    },
  },
  signatures: [{ key: 'a'.repeat(64), signature: 'e'.repeat(128) }],
};

test('a case with all its files is reported whole', () => {
  const path = caseOf(whole);
  mkdirSync(join(path, 'approvals'));
  writeFileSync(join(path, 'approvals', 'refunds.json'), JSON.stringify(act));
  const earlier = { ...act, act: { ...act.act, what: { ...act.act.what, round: 2 } } };
  writeFileSync(join(path, 'approvals', 'other-round.json'), JSON.stringify(earlier));
  const input = readReportInput(path);
  assert.deepEqual(input.approvals, [{ key: 'a'.repeat(64), expiryMs: act.act.expiryMs }]);
  writeReport(input, path);
  const markdown = readFileSync(join(path, 'report.md'), 'utf8');
  assert.match(markdown, /Posted by 2026-01-19 11:37:54 UTC: 212 of 212 payments, 650,431\.77 USDC/);
  assert.match(markdown, /By the published order of preference: roll back, because/);
  assert.match(markdown, /The loader of a restarted process/);
  assert.ok(markdown.includes('a'.repeat(64)));
  // The largest single refund is in what the approvers sign, and is nobody else's business.
  for (const name of REPORT_FILES)
    assert.doesNotMatch(readFileSync(join(path, name), 'utf8'), /99,123\.46|9912345678912/);
});

test('a dossier alone is enough; what was written before is replaced, and nothing is left behind', () => {
  const path = caseOf({ 'dossier.json': DOSSIER });
  const out = join(path, 'public', 'deep');
  writeReport(readReportInput(path), out);
  const before = readFileSync(join(out, 'report.html'), 'utf8');
  writeReport(readReportInput(path), out);
  assert.equal(readFileSync(join(out, 'report.html'), 'utf8'), before);
  assert.deepEqual(readdirSync(out).sort(), ['report.html', 'report.md']);
});

test('what is not of its form, or contradicts the dossier, is refused by name and nothing is written', () => {
  const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{}, /dossier\.json: is not there/],
    [{ 'dossier.json': 'no JSON' }, /dossier\.json: .*JSON/],
    [{ 'dossier.json': { ...DOSSIER, more: 1 } }, /dossier\.json: more is not known/],
    [{ 'dossier.json': { ...DOSSIER, round: 0 } }, /round is no whole number from 1/],
    [{ 'dossier.json': { ...DOSSIER, totals: { ...DOSSIER.totals, refund: '-1' } } }, /totals\.refund is no/],
    [
      { 'dossier.json': { ...DOSSIER, policy: { ...DOSSIER.policy, hash: '0'.repeat(64) } } },
      /not the one that its hash/,
    ],
    [{ 'dossier.json': { ...DOSSIER, policy: { ...DOSSIER.policy, document: {} } } }, /no policy/],
    [{ ...whole, 'roots.json': { ...DOSSIER.roots, total: '1' } }, /roots\.json: these are not the roots/],
    [{ ...whole, 'notes.json': { ...INPUT.notes, actions: [{}] } }, /notes\.json: actions\[0\]\.what is missing/],
    [{ ...whole, 'measure.json': { options: {} } }, /measure\.json: options\.do_nothing/],
    [{ ...whole, 'payout.json': { ...INPUT.payout, posted: '3' } }, /payout\.json: posted/],
  ];
  for (const [files, message] of refused) {
    const path = caseOf(files);
    assert.throws(
      () => writeReport(readReportInput(path), path),
      (error: Error) => error instanceof BadCaseFile && message.test(error.message),
      String(message),
    );
    assert.ok(!existsSync(join(path, 'report.md')));
  }
  const path = caseOf(whole);
  mkdirSync(join(path, 'approvals'));
  writeFileSync(join(path, 'approvals', 'none.json'), '{}');
  assert.throws(() => readReportInput(path), BadCaseFile);
});

test('a payment of another round or case is not told as one of this', () => {
  const path = caseOf({ ...whole, 'payout.json': { ...INPUT.payout, round: 2 } });
  assert.equal(readReportInput(path).payout, undefined);
});
