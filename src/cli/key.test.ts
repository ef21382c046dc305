import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { ROUND_MARKET } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

interface Ran {
  readonly code: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly prose: string;
}

/** Runs `makewhole key …` with --json; `said` runs it without. */
async function key(...args: string[]): Promise<Ran> {
  const streams = memoryStreams();
  const code = await runProgram(['key', ...args, '--json'], streams);
  return { code, json: JSON.parse(streams.stdout.text) as Record<string, unknown>, prose: streams.stderr.text };
}

async function said(...args: string[]): Promise<{ code: number; prose: string; stdout: string }> {
  const streams = memoryStreams();
  const code = await runProgram(['key', ...args], streams);
  return { code, prose: streams.stderr.text, stdout: streams.stdout.text };
}

const people = ['ann', 'ben', 'gus', 'gil'] as const;
const keys: Record<string, string> = {};
for (const name of people) {
  const { code, json } = await key('new', '--out', at(`${name}.key`));
  assert.equal(code, 0);
  keys[name] = json['key'] as string;
}

/** A venue of one market, in a folder. */
function tradeInto(into: string): void {
  const { journal } = openFileJournal(into);
  const guard = new Guard();
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  const exchange = new Exchange({ state, journal, sealer, blockCommands: 3, blockMs: 60_000, guard });
  const commands = new CommandBuffer();
  commands.defineMarket(1, ROUND_MARKET);
  exchange.submit(commands);
  exchange.finish();
  journal.close();
}

let acts = 0;

const OTHER_VENUE = 'ab'.repeat(32);

/** Writes an act and has people sign it; returns its file. It is for another venue unless said, or of none where it enrols. */
async function act(about: readonly string[], ...signers: string[]): Promise<string> {
  const file = at(`act-${acts++}.json`);
  const named = about.includes('--venue') || about.includes('--enrol') ? about : ['--venue', OTHER_VENUE, ...about];
  const made = await key('act', ...named, '--out', file, '--reason', 'a test', '--expires', '1970-01-20T00:00:00Z');
  assert.equal(made.code, 0, made.prose);
  for (const name of signers) {
    const { code, prose } = await key('sign', '--key', at(`${name}.key`), '--act', file);
    assert.equal(code, 0, prose);
  }
  return file;
}

test('a key file is for its owner alone, and its seed is never said', async () => {
  const file = at('own.key');
  const { code, prose, stdout } = await said('new', '--out', file);
  assert.equal(code, 0);
  const { key: made, seed } = JSON.parse(readFileSync(file, 'utf8')) as { key: string; seed: string };
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(seed, /^[0-9a-f]{64}$/);
  const shown = await said('show', file);
  for (const text of [prose, stdout, shown.prose, shown.stdout]) assert.ok(!text.includes(seed));
  assert.ok(prose.includes(made) && shown.prose.includes(made));
  assert.deepEqual((await key('show', file)).json, { key: made });
  assert.equal((await key('new', '--out', file)).json['error'], 'file_exists');
  assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { seed: string }).seed, seed);
});

test('a key file that others may read, that is damaged or none is refused by name, without its text', async () => {
  const refusal = async (name: string): Promise<unknown> => (await key('show', at(name))).json['error'];
  const text = readFileSync(at('ann.key'), 'utf8');
  const { seed } = JSON.parse(text) as { seed: string };
  writeFileSync(at('open.key'), text, { mode: 0o600 });
  chmodSync(at('open.key'), 0o640);
  writeFileSync(at('damaged.key'), text.replace(seed, `${seed.slice(0, 63)}${seed.endsWith('0') ? '1' : '0'}`), {
    mode: 0o600,
  });
  writeFileSync(at('cut.key'), text.slice(0, 150), { mode: 0o600 });
  writeFileSync(at('other.key'), '{}', { mode: 0o600 });
  assert.equal(await refusal('open.key'), 'key_readable_by_others');
  assert.equal(await refusal('damaged.key'), 'key_damaged');
  assert.equal(await refusal('cut.key'), 'not_a_key_file');
  assert.equal(await refusal('other.key'), 'not_a_key_file');
  assert.equal(await refusal('absent.key'), 'file_not_found');
  for (const name of ['open.key', 'damaged.key', 'cut.key']) {
    const { prose, stdout } = await said('show', at(name));
    assert.ok(!`${prose}${stdout}`.includes(seed.slice(0, 16)));
  }
});

test('an act says what it does before it is signed; a signature is added once, and checked', async () => {
  const file = await act(['--status', 'cancel_only', '--market', '3', '--pause', 'withdrawals']);
  const signing = await said('sign', '--key', at('ann.key'), '--act', file);
  assert.match(signing.prose, /sets market 3 to CANCEL_ONLY: stops orders, liquidations, triggers, withdrawals\n/);
  assert.match(signing.prose, /until 1970-01-20T00:00:00.000Z[^]*Reason: a test\n[^]*1 signature\.\n$/);
  assert.equal((await key('sign', '--key', at('ann.key'), '--act', file)).json['error'], 'already_signed');
  assert.equal((await key('sign', '--key', at('ben.key'), '--act', file)).code, 0);
  const { code, json } = await key('check', file);
  assert.deepEqual([code, json['valid'], json['distinct']], [0, true, 2]);
  assert.deepEqual(json['signatures'], [
    { key: keys['ann'], valid: true },
    { key: keys['ben'], valid: true },
  ]);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"market": 3', '"market": 4'));
  const altered = await key('check', file);
  assert.deepEqual([altered.code, altered.json['valid'], altered.json['distinct']], [1, false, 0]);
  assert.deepEqual(
    readdirSync(folder).filter((name) => /\.json\.\d+$/.test(name)),
    [],
  );
});

const about: readonly (readonly [effect: RegExp, about: readonly string[]])[] = [
  [/sets the venue to MAINTENANCE: stops orders, cancels/, ['--status', 'MAINTENANCE']],
  [
    /sets the rule guard_quorum to 3 sources \(default 2\).*higher is tighter/,
    ['--rule', 'guard_quorum', '--value', '3'],
  ],
  [/sets initialMargin of market 2 to 50000/, ['--parameter', 'initial_margin', '--market', '2', '--value', '50000']],
  [/sets the rule taker_fee to 1 ppm/, ['--command', '{"kind":"setRule","rule":1,"value":1}']],
  [/ends the quarantine of the account 17/, ['--lift', 'account:17']],
  [/takes back the approval of round 2/, ['--revoke-refunds', `${'ab'.repeat(32)}:2`]],
  [/opens the venue/, ['--reopen', 'venue']],
  [/enrols the key [0-9a-f]{64} as a key of the guard/, ['--enrol', `guard:${keys['gus']}`]],
  [/retires the key [0-9a-f]{64} for good/, ['--retire', keys['ann'] as string]],
];

for (const [effect, options] of about) {
  test(`an act of ${options[0]} is written, and says what it does: ${effect.source}`, async () => {
    const file = await act(options);
    const { prose } = await said('check', file);
    assert.match(prose, effect);
    assert.match(prose, /0 distinct keys signed it/);
  });
}

const refused: readonly (readonly [error: string, about: readonly string[]])[] = [
  ['act_about_one_thing', []],
  ['act_about_one_thing', ['--status', 'OK', '--retire', 'ab']],
  ['status_unknown', ['--status', 'CLOSED']],
  ['operation_unknown', ['--status', 'OK', '--pause', 'naps']],
  ['rule_unknown', ['--rule', 'guard_sleep', '--value', '1']],
  ['value_missing', ['--rule', 'taker_fee']],
  ['parameter_unknown', ['--parameter', 'COLOUR', '--market', '1', '--value', '1']],
  ['command_not_json', ['--command', 'setRule']],
  ['not_an_act', ['--command', '{"kind":"deposit","account":3,"amount":1,"reference":1}']],
  ['not_an_act', ['--retire', 'ab']],
  ['component_unknown', ['--lift', 'market:x']],
  ['not_an_act', ['--reopen', 'account:3']],
  ['role_unknown', ['--enrol', 'king:ab']],
  ['file_not_found', ['--announce', at('absent.json')]],
  ['payout_unknown', ['--revoke-refunds', 'ab:1']],
  ['payout_unknown', ['--revoke-refunds', `${'ab'.repeat(32)}:0`]],
];

for (const [error, options] of refused) {
  test(`no act is written of ${options.filter((each) => each.startsWith('--')).join(' ')}: ${error}`, async () => {
    const file = at('none.json');
    const { code, json } = await key(
      'act',
      '--venue',
      OTHER_VENUE,
      ...options,
      '--out',
      file,
      '--reason',
      'r',
      '--expires',
      '1000',
    );
    assert.deepEqual([code, json['error']], [2, error]);
    assert.ok(!readdirSync(folder).includes('none.json'));
  });
}

test('an act that names no exchange is written for an enrolment alone', async () => {
  const rest = ['--out', at('none.json'), '--reason', 'r', '--expires', '1000'];
  assert.equal((await key('act', '--status', 'OK', ...rest)).json['error'], 'venue_missing');
  assert.equal((await key('act', '--venue', 'MAKEWHOLE', '--status', 'OK', ...rest)).json['error'], 'not_an_act');
  assert.ok(!readdirSync(folder).includes('none.json'));
});

test('times that there are not, and files that are no acts, are refused', async () => {
  const expires = async (time: string): Promise<unknown> =>
    (
      await key(
        'act',
        '--venue',
        OTHER_VENUE,
        '--status',
        'OK',
        '--out',
        at('none.json'),
        '--reason',
        'r',
        '--expires',
        time,
      )
    ).json['error'];
  for (const time of ['soon', '2026-02-30T00:00:00Z', '2026-01-01', '-5'])
    assert.equal(await expires(time), 'invalid_argument', time);
  writeFileSync(at('text.json'), 'text');
  writeFileSync(at('empty.json'), '{}');
  for (const name of ['text.json', 'empty.json'])
    assert.equal((await key('check', at(name))).json['error'], 'not_an_act');
});

test('a whole story on a journal: enrol, stop with one key, open with two, verify', async () => {
  const journal = at('day');
  tradeInto(journal);
  const submit = (file: string): Promise<Ran> => key('submit', file, '--journal', journal);
  const roles = people.flatMap((name) => ['--enrol', `${name.startsWith('g') ? 'guard' : 'operator'}:${keys[name]}`]);
  const enrol = await act(roles, ...people);
  assert.equal((await submit(await act(['--status', 'MAINTENANCE'], 'ann'))).json['refusal'], 'no_roster');
  assert.equal((await key('venue', '--journal', journal)).json['error'], 'no_roster');
  const first = (await submit(enrol)).json;
  assert.equal(first['accepted'], true);
  // What others with the same keys sign for another exchange does nothing here.
  const elsewhere = await submit(await act(['--status', 'MAINTENANCE'], 'ann'));
  assert.deepEqual(
    [elsewhere.code, elsewhere.json['refusal'], elsewhere.json['about']],
    [1, 'wrong_venue', `${OTHER_VENUE}, this is ${String(first['hash'])}`],
  );
  assert.equal((await submit(enrol)).json['refusal'], 'wrong_venue');
  const here = await key('venue', '--journal', journal);
  assert.deepEqual(here.json, { venue: first['hash'] });
  const venue = ['--venue', String(here.json['venue'])];
  const stop = await act([...venue, '--status', 'MAINTENANCE'], 'ann');
  assert.match((await said('check', stop)).prose, new RegExp(`on fork 0 of ${String(first['hash'])}:`));
  assert.equal((await submit(stop)).json['accepted'], true);
  assert.equal((await submit(stop)).json['refusal'], 'nonce_used');
  const open = await act([...venue, '--status', 'OK'], 'ann');
  const few = await submit(open);
  assert.deepEqual(
    [few.code, few.json['refusal'], few.json['about']],
    [1, 'too_few_keys', 'it needs 2 keys of operators'],
  );
  assert.equal((await key('sign', '--key', at('ben.key'), '--act', open)).code, 0);
  assert.equal((await submit(open)).json['accepted'], true);
  assert.equal((await key('submit', open, '--journal', at('absent'))).json['error'], 'journal_not_found');
  const verified = memoryStreams();
  assert.equal(await runProgram(['verify', 'warrants', '--journal', journal, '--json'], verified), 0);
  const { acts: found } = JSON.parse(verified.stdout.text) as { acts: Record<string, unknown> };
  assert.deepEqual([found['acts'], found['valid'], found['invalid']], [3, 3, 0]);
  const whole = memoryStreams();
  assert.equal(await runProgram(['verify', '--journal', journal, '--json'], whole), 0);
});
