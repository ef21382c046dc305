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
import { toHex } from '../../src/chain/digest.ts';
import { DisputeDesk } from '../../src/incident/dispute-desk.ts';
import { readReportInput } from '../../src/incident/report.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
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
  const told = ({ result: { replayed, ...numbers } }: Run): [Record<string, unknown>, Record<string, unknown>] => [
    numbers,
    replayed as Record<string, unknown>,
  ];
  // What only the touched part was executed for is what the full replay says; of all that are open at once as well.
  const full = await dispute('rerun', '--dispute', '1', '--journal', at('day'), '--full');
  const all = await dispute('rerun', '--all', '--journal', at('day'));
  const [numbers, method] = told(rerun);
  assert.deepEqual(told(full)[0], numbers);
  assert.deepEqual(told(full)[1], {
    ...method,
    method: 'full replay',
    executed: method['commands'],
    markets: null,
    beyond: null,
  });
  assert.deepEqual(all.result, { disputes: [rerun.result] });
});

test('it is adjusted for all accounts alike, once the round before is paid: each gets what it was not paid', async () => {
  cpSync(at('remedy'), at('unpaid'), { recursive: true });
  const first = new CaseFolder(at('remedy'));
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
  const record = postedRecord('remedy');
  // A payout of another case, of another round, or one that is not all of it, is none of this one.
  for (const wrong of moved.length === 0
    ? []
    : [{ incident: 'ff'.repeat(32) }, { round: 2 }, { pending: 1 }, { reversedTotal: '1' }]) {
    writeFileSync(at('remedy/payout.json'), JSON.stringify({ ...record, ...wrong }));
    const refused = await adjust();
    assert.deepEqual([refused.code, refused.stderr.includes('round_not_paid')], [2, true]);
  }
  writeFileSync(at('remedy/payout.json'), JSON.stringify(record));
  const adjusted = await adjust();
  assert.equal(adjusted.result['state'], 'DECIDED', adjusted.stderr);
  const beside = await dispute('round', '--journal', at('day'), '--out', at('beside'));
  assert.deepEqual([beside.code, beside.stderr.includes('round_drawn'), existsSync(at('beside'))], [2, true, false]);
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

test('what is awarded on a claim is paid by the next round, once, and its receipt says why', async () => {
  writeFileSync(at('round-2/payout.json'), JSON.stringify(postedRecord('round-2')));
  const desk = (step: string, ...args: string[]): Promise<Run> =>
    incident('dispute', step, '--case', at('round-2'), '--now', String(nowMs), ...args);
  const second = new CaseFolder(at('round-2'));
  const other = second.claims.find(({ account, statement }) => account !== claimant && statement.reason !== 'HOUSE');
  assert.ok(other !== undefined);
  for (const account of [claimant, other.account]) {
    const opened = await desk(
      'open',
      '--account',
      String(account),
      '--text',
      'my hedge was closed',
      '--by',
      'claimant',
    );
    assert.equal(opened.result['state'], 'DISPUTE_OPEN', opened.stderr);
  }
  writeFileSync(at('fills.csv'), '2026-01-19T05:00:00Z,BTC,10');
  // 10 lots that were closed for 3 and cost 8 to have again, and 7 of costs: 57 units by the rule.
  const basis = { market: 1, size: '10', price: '3', truePrice: '8', costs: '7' };
  writeFileSync(at('basis.json'), JSON.stringify(basis));
  const leg = [
    '--dispute',
    '1',
    '--cause',
    'rollback',
    '--basis',
    at('basis.json'),
    '--reasons',
    'shown',
    '--paragraph',
    '6',
  ];
  const unproved = await desk('award', ...leg);
  assert.deepEqual([unproved.code, unproved.stderr.includes('evidence_missing')], [2, true]);
  await desk('evidence', '--dispute', '1', '--text', 'fills', '--evidence', at('fills.csv'));
  const awarded = await desk('award', ...leg);
  assert.deepEqual([awarded.result['state'], awarded.result['awardedUsd']], ['DECIDED', '0.00000057'], awarded.stderr);
  const goodwill = [
    '--dispute',
    '2',
    '--cause',
    'order_inability',
    '--reasons',
    'halted',
    '--paragraph',
    '6',
    '--amount',
  ];
  const much = await desk('award', ...goodwill, '1000.00000001');
  assert.deepEqual([much.code, much.stderr.includes('above_cap')], [2, true]);
  assert.equal((await desk('award', ...goodwill, '12.5')).result['awardedUsd'], '12.50000000');
  const { result, stderr } = await desk('round', '--journal', at('day'), '--out', at('round-3'));
  assert.deepEqual([result['round'], result['dueUsd']], [3, '12.50000057'], stderr);
  const third = new CaseFolder(at('round-3'));
  for (const claim of third.claims) {
    const { account, statement } = claim;
    const due: string = account === claimant ? '57' : account === other.account ? '1250000000' : '0';
    assert.equal(statement.refund, due, `account ${account}`);
    if (due !== '0') assert.equal(statement.reason, 'AWARDED');
    assert.deepEqual(
      verifyReceipt(third.receipt(account), third.roots).filter(({ holds }) => !holds),
      [],
    );
  }
  const own = third.statement(claimant);
  assert.deepEqual(
    own?.awards.map(({ cause, amount, dispute: number, round }) => [cause, amount, number, round]),
    [['rollback', '57', 1, 2]],
  );
  assert.equal(own?.awards[0]?.evidence, toHex(sha256(readFileSync(at('fills.csv')))));
  const few = { accounts: 'fewer than 5', amount: null };
  assert.deepEqual(third.dossier.awards, [
    { tier: 'T2', ...few },
    { tier: 'T3', ...few },
  ]);
  // The dossier's checks count them, and what is public of the desk is in the folder for the report.
  assert.ok(third.dossier.checks.some(({ name, holds }) => name.startsWith('every award is by the rule') && holds));
  rmSync(at('round-2/payout.json'));
  const facts = readReportInput(at('round-2')).desk;
  assert.deepEqual([facts?.opened, facts?.awarded.T2], ['fewer than 5', { awards: 'fewer than 5', amount: null }]);
  // Another round pays nothing more.
  writeFileSync(at('round-3/payout.json'), JSON.stringify(postedRecord('round-3')));
  const fourth = await incident(
    'dispute',
    'round',
    '--case',
    at('round-3'),
    '--journal',
    at('day'),
    '--out',
    at('round-4'),
  );
  assert.deepEqual([fourth.result['round'], fourth.result['dueUsd']], [4, '0.00000000'], fourth.stderr);
  assert.equal(new CaseFolder(at('round-4')).statement(claimant)?.reason, 'PAID_BEFORE');
});

/** What a payout that paid all of the round in a folder says. */
function postedRecord(name: string): object {
  const { claims, roots } = new CaseFolder(at(name));
  const posted = claims.filter(({ statement }) => statement.paid !== '0').length;
  const reversedTotal = String(claims.reduce((sum, { statement }) => sum + BigInt(statement.reversed), 0n));
  return { incident: roots.incident, round: roots.round, posted, pending: 0, reversedTotal };
}
