import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { USDC } from '../engine/venue.fixture.ts';
import { StoppableVenue } from '../incident/rollback.fixture.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { saveSnapshot, snapshotHeights } from '../journal/snapshot-folder.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-incident-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

type Json = Readonly<Record<string, unknown>>;

async function run(...args: string[]): Promise<{ code: number; json: Json; prose: string }> {
  const streams = memoryStreams();
  const code = await runProgram([...args, '--json'], streams);
  return { code, json: JSON.parse(streams.stdout.text) as Json, prose: streams.stderr.text };
}

async function said(...args: string[]): Promise<string> {
  const streams = memoryStreams();
  await runProgram(args, streams);
  return streams.stdout.text + streams.stderr.text;
}

/** A journal in files in which money left behind block `good`, with a snapshot of the dead branch. */
function stopped(name: string): { journal: string; good: number; dead: number } {
  const { journal } = openFileJournal(at(name));
  const venue = new StoppableVenue(journal);
  const [w, b] = venue.open(1_000, 50_000) as [number, number];
  const good = venue.height;
  venue.submit((commands, timeMs) => commands.transfer(timeMs, b, w, 9_000 * USDC));
  venue.settle(venue.withdraw(w, 8_000));
  venue.deposit(b, 500);
  const dead = venue.height;
  const block = journal.block(dead);
  assert.ok(block !== undefined);
  saveSnapshot(at(name), venue.state, block);
  journal.close();
  return { journal: at(name), good, dead };
}

test('a venue without keys is rolled back; the journal verifies and both branches can be read', async () => {
  const { journal, good, dead } = stopped('plain');
  const fates = at('fates.jsonl');
  const to = ['--to', String(good)];
  const { code, json } = await run(
    'incident',
    'rollback',
    '--journal',
    journal,
    ...to,
    '--reason',
    'x',
    '--fates',
    fates,
  );
  assert.equal(code, 0);
  assert.deepEqual(
    [json['accepted'], json['forkId'], json['parent'], json['custodyIdentity'], json['deadStates']],
    [true, 1, 0, true, 'follow'],
  );
  assert.deepEqual(json['carriedDeposits'], { count: 1, amount: String(500n * 10n ** 8n) });
  assert.deepEqual(json['carriedWithdrawals'], {
    count: 1,
    amount: String(8_000n * 10n ** 8n),
    owed: String(7_000n * 10n ** 8n),
  });
  const lines = readFileSync(fates, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { fork: 0, sequence: 15, kind: 'transfer', fate: 'voided_transfer', becomes: null },
      { fork: 0, sequence: 16, kind: 'requestWithdrawal', fate: 'carried', becomes: null },
      { fork: 0, sequence: 17, kind: 'settleWithdrawal', fate: 'carried', becomes: { fork: 1, sequence: 18 } },
      { fork: 0, sequence: 18, kind: 'deposit', fate: 'carried', becomes: { fork: 1, sequence: 17 } },
    ],
  );

  const verified = await run('verify', '--journal', journal);
  assert.equal(verified.code, 0);
  assert.equal(verified.json['equal'], true);
  const branches = verified.json['branches'] as readonly Json[];
  assert.deepEqual(
    branches.map(({ fork, from, to: end, restores, isDead }) => [fork, from, end, restores ?? null, isDead]),
    [
      [0, 0, dead, null, true],
      [1, dead + 1, dead + 2, good, false],
    ],
  );
  assert.match(
    await said('verify', '--journal', journal),
    /Fork 0, blocks 0 to \d+, ended by a rollback: \d+ blocks agree/,
  );

  // The snapshot of the dead branch serves the dead branch alone.
  assert.deepEqual(snapshotHeights(journal), [dead]);
  const balance = async (block?: number): Promise<unknown> => {
    const where = block === undefined ? [] : ['--block', String(block)];
    const { json: shown } = await run('inspect', '--journal', journal, '--account', '3', ...where);
    return (shown['account'] as Json)['balance'];
  };
  assert.equal(await balance(good), '1000.00000000');
  assert.equal(await balance(dead), '2000.00000000');
  assert.equal(await balance(), '0.00000000');
  const { json: shown } = await run('inspect', '--journal', journal, '--block', String(dead + 1));
  const block = shown['block'] as Json;
  assert.deepEqual([block['fork'], block['restores'], block['endedBy']], [1, good, null]);
  assert.equal(block['chainId'], 'MAKEWHOLE.F1');
  const { json: died } = await run('inspect', '--journal', journal, '--block', String(dead));
  assert.equal((died['block'] as Json)['endedBy'], dead + 1);
  assert.match(await said('inspect', '--journal', journal, '--block', String(dead)), /0, dead: block \d+ restores/);
});

test('what cannot be is refused by name, and the journal stays as it is', async () => {
  const { journal, good, dead } = stopped('refused');
  const segment = join(journal, '00000001.segment');
  const before = readFileSync(segment);
  const rollback = (...args: string[]) => run('incident', 'rollback', '--journal', journal, ...args);
  for (const [code, name, args] of [
    [2, 'missing_argument', ['--reason', 'x']],
    [2, 'missing_argument', ['--to', String(good)]],
    [1, 'block_is_last', ['--to', String(dead), '--reason', 'x']],
    [1, 'block_unknown', ['--to', String(dead + 1), '--reason', 'x']],
    [2, 'file_not_found', ['--to', String(good), '--reason', 'x', '--act', at('none.json')]],
    [2, 'file_not_found', ['--to', String(good), '--reason', 'x', '--settled', at('none.json')]],
  ] as const) {
    const { code: found, json } = await rollback(...args);
    assert.deepEqual([found, json['error'] ?? json['refusal']], [code, name]);
  }
  writeFileSync(at('settled.json'), '[{"withdrawal": 1, "account": 0, "amount": 5}]');
  const { json } = await rollback('--to', String(good), '--reason', 'x', '--settled', at('settled.json'));
  assert.equal(json['error'], 'not_settled');
  assert.ok(readFileSync(segment).equals(before));
});

test('a venue with keys asks for an act of two operators, which is written, signed and carried out', async () => {
  const { journal, good } = stopped('keys');
  const people = ['ann', 'ben', 'gus', 'gil'];
  const keys: string[] = [];
  for (const name of people) keys.push((await run('key', 'new', '--out', at(name))).json['key'] as string);
  const enrol = keys.flatMap((key, n) => ['--enrol', `${n < 2 ? 'operator' : 'guard'}:${key}`]);
  const life = ['--expires', '9000000', '--reason', 'the first keys'];
  assert.equal((await run('key', 'act', ...enrol, ...life, '--out', at('enrol.json'))).code, 0);
  for (const name of people) await run('key', 'sign', '--key', at(name), '--act', at('enrol.json'));
  const enrolled = await run('key', 'submit', at('enrol.json'), '--journal', journal);
  assert.equal(enrolled.code, 0, JSON.stringify(enrolled.json));

  const rollback = ['incident', 'rollback', '--journal', journal, '--to', String(good), '--reason', 'a false transfer'];
  const bare = await run(...rollback);
  assert.deepEqual([bare.code, bare.json['refusal']], [1, 'act_invalid']);
  const written = await run(...rollback, '--write-act', at('back.json'));
  assert.equal(written.code, 0);
  assert.equal(written.json['accepted'], false);
  assert.ok(existsSync(at('back.json')));
  await run('key', 'sign', '--key', at('ann'), '--act', at('back.json'));
  const alone = await run(...rollback, '--act', at('back.json'));
  assert.deepEqual([alone.code, alone.json['refusal']], [1, 'act_invalid']);
  assert.match(String(alone.json['about']), /too_few_keys/);
  await run('key', 'sign', '--key', at('ben'), '--act', at('back.json'));
  const checked = await said('key', 'check', at('back.json'));
  assert.match(checked, new RegExp(`rolls the exchange back to the end of block ${good}`));
  const done = await run(...rollback, '--act', at('back.json'));
  assert.deepEqual([done.code, done.json['forkId']], [0, 1]);
  assert.equal((await run('verify', '--journal', journal)).code, 0);
  const warrants = await run('verify', 'warrants', '--journal', journal);
  assert.equal(warrants.code, 0, JSON.stringify(warrants.json));
  assert.deepEqual((warrants.json['acts'] as Json)['acts'], 2);
  assert.equal((await run('verify', 'warrants', '--journal', journal, '--fork', '0')).code, 0);
  const none = await run('verify', 'warrants', '--journal', journal, '--fork', '5');
  assert.deepEqual([none.code, none.json['error']], [2, 'fork_not_found']);
});
