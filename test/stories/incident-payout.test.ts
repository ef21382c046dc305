// From a draft to money: two people look and sign, the payout is killed by a file and goes on, everybody has what the trees say.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DirectRoots } from '../../src/chain/roots.ts';
import { INSURANCE_FUND, type State } from '../../src/engine/state.ts';
import { ACCOUNT } from '../../src/engine/tables.ts';
import { recover } from '../../src/exchange/recover.ts';
import { ANN, BEN, GUS } from '../../src/guard/authority/act.fixture.ts';
import { wide } from '../../src/guard/exact.ts';
import { CaseFolder } from '../../src/incident/case-folder.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { drafted, makewhole, type Story } from './drafted.fixture.ts';

function stateOf(folder: string): State {
  const { journal } = openFileJournal(folder);
  const { state } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  journal.close();
  return state;
}

function balances({ account }: State): bigint[] {
  return Array.from({ length: account.rows }, (_, row) => wide(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH));
}

let story: Story;
before(() => {
  story = drafted(mkdtempSync(join(tmpdir(), 'makewhole-payout-')));
});
after(() => rmSync(story.folder, { recursive: true }));

const altered: readonly [
  what: string,
  file: (payee: number) => string,
  change: (text: string) => string,
  name: RegExp,
][] = [
  [
    'a claim that is paid more',
    () => 'claims.jsonl',
    (text) => text.replace(/"paid":"([1-9]\d*)"/, '"paid":"1$1"'),
    /effect_differs|tree_differs/,
  ],
  ['two payees change places', () => 'claims.jsonl', swapPayees, /tree_differs/],
  ['other roots', () => 'roots.json', (text) => text.replace(/"refundRoot":"../, '"refundRoot":"00'), /roots_differ/],
  ['a check that failed', () => 'dossier.json', (text) => text.replace('"holds":true', '"holds":false'), /check_fails/],
  ['another effect', () => 'effect.json', (text) => text.replace(/"total":"1?/, '"total":"9'), /effect_differs/],
  [
    'an altered receipt',
    (payee) => `receipts/${payee}.json`,
    (text) => text.replace(/"paid":"/, '"paid":"1'),
    /tree_differs/,
  ],
];

/** Two accounts that are paid have each other's claim, the account numbers apart. */
function swapPayees(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { account: number; statement: { paid: string; account: number } });
  const [a, b] = lines.filter(({ statement }) => statement.paid !== '0');
  if (a === undefined || b === undefined) throw new Error('two are paid');
  const swapped = lines.map((line) => {
    if (line === a) return { ...a, account: b.account, statement: { ...a.statement, account: b.account } };
    return line === b ? { ...b, account: a.account, statement: { ...b.statement, account: a.account } } : line;
  });
  return `${swapped.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

test('whatever is altered in the folder, nobody can sign it', async () => {
  const { day, remedy, draft, key } = story;
  const payee = draft.claims.claims.find(({ statement }) => statement.paid !== '0')?.account as number;
  for (const [what, file, change, name] of altered) {
    const path = join(remedy, file(payee));
    const text = readFileSync(path, 'utf8');
    assert.notEqual(change(text), text, what);
    writeFileSync(path, change(text));
    const answer = await makewhole('incident', 'approve', '--folder', remedy, '--journal', day, '--key', key(GUS));
    writeFileSync(path, text);
    const names = ((answer.json['obstacles'] ?? []) as { name: string }[]).map((each) => each.name).join();
    assert.deepEqual([answer.code, answer.json['signatures']], [1, []], what);
    assert.match(names, name, what);
  }
  const claims = readFileSync(join(remedy, 'claims.jsonl'), 'utf8');
  writeFileSync(join(remedy, 'claims.jsonl'), '{"account":3}\n');
  const answer = await makewhole('incident', 'approve', '--folder', remedy, '--journal', day);
  writeFileSync(join(remedy, 'claims.jsonl'), claims);
  assert.deepEqual([answer.code, JSON.stringify(answer.json).includes('case_file_malformed')], [2, true]);
});

/** A file in which an approver says that an account is theirs whose owner is paid on another one. */
function declaredBy({ folder, draft }: Story, key: string): string {
  const payee = draft.claims.claims.find(({ statement }) => statement.paid !== '0')?.account as number;
  const other = draft.claims.claims.findLast(({ statement }) => statement.paid === '0')?.account as number;
  const file = join(folder, 'declarations.json');
  const approvers = [{ key, accounts: [other] }];
  writeFileSync(file, JSON.stringify({ insiders: [], owners: [[payee, other]], approvers }));
  return file;
}

test('drafted, approved by two, paid: everybody has what the trees say, once', async () => {
  const { folder, day, remedy, draft, key } = story;
  const approve = (...more: string[]) =>
    makewhole('incident', 'approve', '--folder', remedy, '--journal', day, ...more);
  const pay = (...more: string[]) =>
    makewhole('incident', 'pay', '--folder', remedy, '--journal', day, '--keys', join(folder, 'keys.json'), ...more);
  const looked = await approve();
  assert.deepEqual([looked.code, looked.json['obstacles'], looked.json['signatures']], [0, [], []]);
  assert.equal((await pay()).code, 2, 'nobody approved');
  const own = await approve('--key', key(ANN), '--declarations', declaredBy(story, ANN.key));
  const against = own.json['obstacles'] as { name: string }[];
  assert.deepEqual(
    [own.code, own.json['signatures'], against.map(({ name }) => name)],
    [1, [], ['approver_is_beneficiary']],
  );
  assert.deepEqual((await approve('--key', key(ANN))).json['signatures'], [ANN.key]);
  const had = balances(stateOf(day));
  const tooFew = await pay();
  assert.deepEqual([tooFew.code, (tooFew.json['finding'] as { name: string }).name], [1, 'approval_refused']);
  assert.equal((await approve('--key', key(ANN))).code, 2, 'the same key twice');
  assert.deepEqual((await approve('--key', key(BEN))).json['signatures'], [ANN.key, BEN.key]);
  const themselves = await pay('--declarations', declaredBy(story, BEN.key));
  assert.equal((themselves.json['finding'] as { name: string }).name, 'approver_is_beneficiary');
  writeFileSync(join(remedy, 'STOP'), '');
  const stopped = await pay();
  assert.equal((stopped.json['finding'] as { name: string }).name, 'stopped');
  assert.deepEqual(balances(stateOf(day)), had);
  rmSync(join(remedy, 'STOP'));
  const paid = await pay();
  assert.deepEqual([paid.code, paid.json['paid']], [0, true], JSON.stringify(paid.json));
  const again = await pay();
  assert.deepEqual([again.code, again.json['paid']], [0, true]);
  const after = balances(stateOf(day));
  for (const { account, statement } of draft.claims.claims) {
    if (account <= 2) continue;
    assert.equal((after[account] as bigint) - (had[account] as bigint), BigInt(statement.paid), `account ${account}`);
  }
  const total = BigInt(draft.effect.total);
  assert.ok(total > 0n);
  assert.equal((had[INSURANCE_FUND] as bigint) - (after[INSURANCE_FUND] as bigint), total);
  const record = JSON.parse(readFileSync(join(remedy, 'payout.json'), 'utf8')) as { postedTotal: string };
  assert.deepEqual([record.postedTotal, new CaseFolder(remedy).dossier.round], [String(total), 1]);
  const payee = draft.claims.claims.find(({ statement }) => statement.paid !== '0') as { account: number };
  const { code, json } = await makewhole('inspect', '--journal', day, '--account', String(payee.account));
  const seen = json['account'] as { refunds: { status: string }[]; receivable: string };
  assert.deepEqual([code, seen.refunds.map(({ status }) => status), seen.receivable], [0, ['posted'], '0.00000000']);
});
