// The claims desk: a correction that shows a rule error gives all accounts a new round; each is paid what it was not paid before.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeCaseFile } from '../../src/cli/case-file.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import { CaseFolder } from '../../src/incident/case-folder.ts';
import { DisputeDesk } from '../../src/incident/dispute-desk.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';
import { caseOf, tradeWrongly, type Venue } from './incident.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-dispute-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

let venue: Venue;
let claimant = 0;
let nowMs = 0;

function saveJournal({ journal: from }: Venue, path: string): void {
  const { journal } = openFileJournal(path, {});
  for (const entry of from.entries()) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else journal.append(entry);
  }
  journal.close();
}

interface Run {
  readonly code: number;
  readonly stderr: string;
  readonly result: Record<string, unknown>;
}

async function incident(...args: string[]): Promise<Run> {
  const streams = memoryStreams();
  const code = await runProgram(['incident', ...args, '--json'], streams);
  const { stdout, stderr } = { stdout: streams.stdout.text, stderr: streams.stderr.text };
  return { code, stderr, result: stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>) };
}

const dispute = (step: string, ...args: string[]): Promise<Run> =>
  incident('dispute', step, '--case', at('remedy'), '--now', String(nowMs), ...args);

before(async () => {
  venue = tradeWrongly(
    {
      deviation: (tick) =>
        tick === 140 ? [{ table: 'market', row: 2, column: 'fundingIndex', index: 0, value: -4e13 }] : undefined,
    },
    { seed: 3, ticks: 170, accounts: 120 },
  );
  saveJournal(venue, at('day'));
  // The first draft pays penalties alone: the rule is wrong.
  const policy = { ...DEFAULT_POLICY, pays: 'A' as const };
  writeCaseFile(at('case.json'), caseOf(venue, { policy }));
  await incident('draft', '--journal', at('day'), '--case', at('case.json'), '--out', at('remedy'));
  const { claims, dossier } = new CaseFolder(at('remedy'));
  nowMs = dossier.case.to.timeMs + 3_600_000;
  const lacking = claims.filter(({ statement }) => statement.reason === 'OUTSIDE_POLICY');
  claimant = lacking[0]?.account ?? 0;
  assert.ok(lacking.length > 1, 'accounts that lack something and are paid nothing');
});

test('a dispute that brings a correction is computed again before it is decided, and what it changes is told', async () => {
  writeFileSync(at('correction.json'), JSON.stringify({ policy: { ...DEFAULT_POLICY, version: 4 } }));
  const opened = await dispute(
    'open',
    '--account',
    String(claimant),
    '--text',
    'only penalties were paid',
    '--correction',
    at('correction.json'),
    '--by',
    'claimant',
  );
  assert.equal(opened.result['state'], 'DISPUTE_OPEN', opened.stderr);
  const early = await dispute('deny', '--dispute', '1', '--reasons', 'no', '--paragraph', '2');
  assert.deepEqual([early.code, early.stderr.includes('not_rerun')], [2, true]);
  const rerun = await dispute('rerun', '--dispute', '1', '--journal', at('day'));
  assert.equal(rerun.result['state'], 'RE_RUN', rerun.stderr);
  assert.equal(rerun.result['before'], '0');
  assert.ok(BigInt(rerun.result['after'] as string) > 0n);
  assert.ok((rerun.result['others'] as number) > 0);
});

test('it is adjusted for all accounts alike, once the round before is paid: each gets what it was not paid', async () => {
  cpSync(at('remedy'), at('unpaid'), { recursive: true });
  const first = new CaseFolder(at('remedy'));
  const paidAccounts = first.claims.filter(({ statement }) => statement.paid !== '0');
  const moved = first.claims.filter(({ statement }) => statement.paid !== '0' || statement.reversed !== '0');
  const adjust = (): Promise<Run> =>
    dispute(
      'adjust',
      '--dispute',
      '1',
      '--journal',
      at('day'),
      '--reasons',
      'the policy pays what is lacking',
      '--paragraph',
      '3',
      '--out',
      at('round-2'),
    );
  if (moved.length > 0) {
    const unpaid = await adjust();
    assert.deepEqual([unpaid.code, unpaid.stderr.includes('round_not_paid')], [2, true]);
    assert.ok(!existsSync(at('round-2')));
  }
  writeFileSync(at('remedy/payout.json'), JSON.stringify({ posted: paidAccounts.length, pending: 0 }));
  const adjusted = await adjust();
  assert.equal(adjusted.result['state'], 'DECIDED', adjusted.stderr);
  const second = new CaseFolder(at('round-2'));
  assert.equal(second.dossier.round, 2);
  assert.equal(second.dossier.previous !== null, true);
  const paid = new Map(first.claims.map(({ account, statement }) => [account, statement.paid]));
  for (const { account, statement } of second.claims) {
    assert.equal(statement.paidBefore, paid.get(account), `account ${account}`);
    const receipt = second.receipt(account);
    assert.deepEqual(
      verifyReceipt(receipt, second.roots).filter(({ holds }) => !holds),
      [],
    );
  }
  const own = second.claims.find(({ account }) => account === claimant);
  assert.ok(BigInt(own?.statement.refund ?? '0') > 0n);
  assert.ok(second.claims.filter(({ statement }) => statement.refund !== '0').length > 1, 'others as well');
});

test('the decision is reviewed by somebody else, closed, listed; the register reads back and cannot be altered', async () => {
  const self = await dispute('uphold', '--dispute', '1', '--reasons', 'seen');
  assert.deepEqual([self.code, self.stderr.includes('same_person')], [2, true]);
  assert.equal(
    (await dispute('uphold', '--dispute', '1', '--reasons', 'seen', '--by', 'others')).result['state'],
    'REVIEW',
  );
  assert.equal((await dispute('close', '--dispute', '1')).result['state'], 'CLOSED');
  const listed = await dispute('list');
  const { statistics } = listed.result as { statistics: { adjusted: number; states: Record<string, number> } };
  assert.deepEqual([statistics.adjusted, statistics.states['CLOSED']], [1, 1]);
  assert.deepEqual((await dispute('questions')).result, { questions: [] });
  const path = at('remedy/disputes.jsonl');
  const whole = readFileSync(path, 'utf8');
  // A line that was torn while it was written is nothing, and the next one takes its place.
  writeFileSync(path, `${whole}{"at`);
  assert.equal((await dispute('open', '--account', '4', '--text', 'something else')).result['dispute'], 2);
  writeFileSync(path, readFileSync(path, 'utf8').replace('only penalties', 'all penalties'));
  assert.throws(() => new DisputeDesk(new CaseFolder(at('remedy'))), { code: 'register_damaged' });
  writeFileSync(path, whole);
});

test('what is no correction, and who was not assessed, are refused by name', async () => {
  for (const [name, value, fault] of [
    ['empty', {}, 'not_a_correction'],
    ['strange', { wages: 1 }, 'not_a_correction'],
    ['wrong', { keepHalts: 'yes' }, 'not_a_correction'],
  ] as const) {
    writeFileSync(at(`${name}.json`), JSON.stringify(value));
    const { code, stderr } = await dispute('open', '--account', '5', '--text', 'x', '--correction', at(`${name}.json`));
    assert.deepEqual([code, stderr.includes(fault)], [2, true], stderr);
  }
  const nobody = await dispute('open', '--account', '9999', '--text', 'x');
  assert.deepEqual([nobody.code, nobody.stderr.includes('account_not_assessed')], [2, true]);
});
