// `makewhole upgrade` as a program: plan, rehearse, run, status, evidence, resume, abort, and what it refuses by name.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Database } from '../store/database.ts';
import { catchUp } from '../store/follow-journal.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import { openPglite } from '../store/pglite-database.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { startPostgres, type TestServer } from '../store/postgres.fixture.ts';
import { makeEvidence } from '../upgrade/evidence.ts';
import { recordJournal } from '../upgrade/recorded-venue.fixture.ts';
import { STATES } from '../upgrade/states.ts';
import { UpgradeFiles } from '../upgrade/upgrade-files.ts';
import { writeRecord } from '../upgrade/upgrade-record.ts';
import { readKeyFile } from './key-file.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const GOOD = fileURLToPath(new URL('../upgrade/samples/0100-trade-notional.json', import.meta.url));
const BAD = fileURLToPath(new URL('../upgrade/samples/0100-funding-index-lost.json', import.meta.url));

type Json = Readonly<Record<string, unknown>>;

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-upgrade-cli-'));
let venues = 0;

before(async () => {
  recordJournal(join(folder, 'journal'), 5, 6);
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

interface Venue {
  readonly dir: string;
  readonly url: string;
}

/** A stopped exchange, and its database with the first migrations of this release. */
async function stopped(migrations = MIGRATIONS): Promise<Venue> {
  const name = `cli_${venues++}`;
  const dir = join(folder, name);
  mkdirSync(dir);
  cpSync(join(folder, 'journal'), join(dir, 'journal'), { recursive: true });
  writeFileSync(join(dir, 'exchange.json'), JSON.stringify({ exchange: name, inputs: 'none' }));
  const url = await server.createDatabase(name);
  await on(url, async (database) => {
    await migrate(database, migrations);
    await catchUp({ database, folder: join(dir, 'journal') });
  });
  return { dir, url };
}

async function on<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openPostgres(url);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function upgrade(what: string, { dir, url }: Venue, ...more: string[]): Promise<{ code: number; json: Json }> {
  const streams = memoryStreams();
  const place = ['--data-dir', dir, '--database', url];
  const code = await runProgram(['upgrade', what, ...place, ...more, '--json'], streams);
  return { code, json: JSON.parse(streams.stdout.text) as Json };
}

const statesOf = (json: Json): string[] =>
  (json['steps'] as { state: string; verdict: string }[]).map(({ state, verdict }) => `${state} ${verdict}`);

describe('a migration of a file', () => {
  test('planned, rehearsed, run: the answer has exactly these fields, status and evidence tell the same', async () => {
    const venue = await stopped();
    const planned = await upgrade('plan', venue, '--migration', GOOD);
    assert.deepEqual([planned.code, statesOf(planned.json)], [0, ['PLAN pass']]);
    const rehearsed = await upgrade('rehearse', venue, '--migration', GOOD);
    assert.deepEqual([rehearsed.code, statesOf(rehearsed.json)], [0, ['PLAN pass', 'REHEARSE pass', 'END pass']]);
    assert.equal(rehearsed.json['id'], planned.json['id']);

    const { code, json } = await upgrade('run', venue, '--migration', GOOD, '--blocks', '2');
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(json).sort(), [
      'abort',
      'findings',
      'id',
      'rows',
      'seconds',
      'steps',
      'tradingPauseMs',
      'verdict',
    ]);
    for (const step of json['steps'] as Json[]) {
      assert.deepEqual(Object.keys(step), ['state', 'verdict', 'seconds', 'evidence']);
      const file = join(venue.dir, 'upgrades', String(json['id']), String(step['evidence']));
      assert.equal((JSON.parse(readFileSync(file, 'utf8')) as Json)['state'], step['state']);
    }
    assert.deepEqual([json['verdict'], json['abort'], json['findings'], json['tradingPauseMs']], ['pass', null, [], 0]);
    assert.deepEqual(
      statesOf(json),
      STATES.map((state) => `${state} pass`),
    );

    const { json: all, code: statusCode } = await upgrade('status', venue);
    assert.equal(statusCode, 0);
    const upgrades = all['upgrades'] as Json[];
    assert.deepEqual(
      upgrades.map(({ id, state, isActive, isSound }) => [id, state, isActive, isSound]),
      [
        [rehearsed.json['id'], 'END', false, true],
        [json['id'], 'COMMIT', false, true],
      ],
    );
    const evidence = await upgrade('evidence', venue);
    assert.equal(evidence.code, 0);
    assert.deepEqual(
      [evidence.json['id'], evidence.json['sound'], evidence.json['fault'], evidence.json['comparedWithDatabase']],
      [json['id'], true, null, true],
    );
    assert.equal((evidence.json['documents'] as Json[]).length, STATES.length);
    // The key that is kept elsewhere is the one that signed; another is not.
    const key = String(evidence.json['key']);
    assert.equal((await upgrade('evidence', venue, '--public-key', key)).code, 0);
    assert.equal((await upgrade('evidence', venue, '--public-key', key.replace(/^../, 'ff'))).code, 3);

    // One that was run is not run again: it is applied already.
    const again = await upgrade('run', venue, '--migration', GOOD);
    assert.deepEqual([again.code, again.json['abort']], [1, 'A']);
    assert.equal((again.json['findings'] as Json[])[0]?.['path'], 'upgrade_chunk/0100-trade-notional/applied');
  });

  test('a bad one ends with 1 and names the row; evidence that is edited or taken away afterwards ends with 3', async () => {
    const venue = await stopped();
    const { code, json } = await upgrade('run', venue, '--migration', BAD);
    assert.deepEqual([code, json['verdict'], json['abort']], [1, 'fail', 'A']);
    const findings = json['findings'] as { path: string; control: string; candidate: string }[];
    assert.ok(
      findings.some(({ path, candidate }) => /^state_market\/\d\/funding_index$/.test(path) && candidate === '0'),
    );

    const documents = join(venue.dir, 'upgrades', String(json['id']));
    const [plan, rehearsal, abort] = readdirSync(documents).map((name) => join(documents, name));
    assert.ok(plan !== undefined && rehearsal !== undefined && abort !== undefined);
    const text = readFileSync(rehearsal, 'utf8');
    writeFileSync(rehearsal, text.replace('"verdict":"fail"', '"verdict":"pass"'));
    const edited = await upgrade('evidence', venue);
    assert.deepEqual([edited.code, edited.json['sound']], [3, false]);
    assert.equal((edited.json['fault'] as Json)['ordinal'], 1);
    assert.equal((await upgrade('status', venue)).code, 3);
    const next = await upgrade('run', venue, '--migration', GOOD);
    assert.deepEqual([next.code, next.json['error']], [3, 'evidence_edited']);
    writeFileSync(rehearsal, text);
    assert.equal((await upgrade('evidence', venue)).code, 0);
    rmSync(abort);
    const removed = await upgrade('evidence', venue);
    assert.deepEqual([removed.code, (removed.json['fault'] as Json)['what']], [3, 'missing']);
    writeFileSync(rehearsal, `${text} `);
    assert.equal(((await upgrade('evidence', venue)).json['fault'] as Json)['what'], 'not_canonical');
  });

  test('one that was begun goes on by resume or goes back by abort; another is refused until then', async () => {
    const venue = await stopped();
    await upgrade('plan', venue, '--migration', GOOD);
    const other = await upgrade('run', venue, '--migration', BAD);
    assert.deepEqual([other.code, other.json['error']], [2, 'upgrade_active']);
    const back = await upgrade('abort', venue);
    assert.deepEqual([back.code, back.json['verdict'], back.json['abort']], [1, 'fail', 'A']);
    for (const what of ['abort', 'resume']) {
      const none = await upgrade(what, venue);
      assert.deepEqual([none.code, none.json['error']], [2, 'no_upgrade_active'], what);
    }
    await upgrade('plan', venue, '--migration', GOOD);
    const { code, json } = await upgrade('resume', venue);
    assert.deepEqual([code, json['verdict'], statesOf(json).length], [0, 'pass', STATES.length]);
  });

  test('one of whose documents the last were removed is not gone on with, nor back from: the database knows what was there', async () => {
    const venue = await stopped();
    const { json: planned } = await upgrade('plan', venue, '--migration', GOOD);
    const upgrades = join(venue.dir, 'upgrades');
    const id = String(planned['id']);
    const { chain } = new UpgradeFiles(upgrades, id).verify();
    const { seed } = readKeyFile(join(upgrades, 'key.json'));
    const report = { state: 'REHEARSE', verdict: 'pass', abort: null, beganMs: 1, endedMs: 2, content: {} } as const;
    const longer = [...chain, makeEvidence(chain, id, report, seed)];
    const head = { id, migration: '0100-trade-notional', migrationHash: '', isActive: true };
    await on(venue.url, (database) => writeRecord(database, head, longer));
    for (const what of ['resume', 'abort']) {
      const refused = await upgrade(what, venue);
      assert.deepEqual([refused.code, refused.json['error']], [2, 'evidence_edited'], what);
      assert.match(String(refused.json['message']), /document 1: missing: the database recorded [0-9a-f]{64}/);
    }
    assert.deepEqual(readdirSync(join(upgrades, id)).sort(), ['00-PLAN.json', 'reserve']);
    await on(venue.url, (database) => database.query('delete from upgrade_step where ordinal = 1'));
    const back = await upgrade('abort', venue);
    assert.deepEqual([back.code, back.json['abort']], [1, 'A']);
  });
});

test('a statement that never ends is ended when the time budget is over, on both engines, and the upgrade goes back', async () => {
  const file = join(folder, 'endless.json');
  const up = ['do $$ begin loop perform 1; end loop; end $$'];
  writeFileSync(file, JSON.stringify({ name: '0100-endless', up, down: ['select 1'] }));
  const venue = await stopped();
  const embedded = join(folder, 'endless');
  cpSync(venue.dir, embedded, { recursive: true });
  const own = await openPglite(join(embedded, 'database'));
  await migrate(own, MIGRATIONS);
  await catchUp({ database: own, folder: join(embedded, 'journal') });
  await own.close();
  for (const place of [
    ['--data-dir', venue.dir, '--database', venue.url],
    ['--data-dir', embedded],
  ]) {
    const streams = memoryStreams();
    const words = ['upgrade', 'run', ...place, '--migration', file, '--budget', '15', '--hold', '0', '--json'];
    assert.equal(await runProgram(words, streams), 1, streams.stderr.text);
    const json = JSON.parse(streams.stdout.text) as Json;
    assert.deepEqual([json['verdict'], json['abort']], ['fail', 'A']);
    const [finding] = json['findings'] as { path: string; candidate: string }[];
    assert.equal(finding?.path, 'migration/0/statement');
    assert.match(finding?.candidate ?? '', /SQLSTATE 57014/);
  }
});

describe('what a database lacks of this release', () => {
  // Without the record of the procedure, and with it.
  for (const missing of [2, 1]) {
    test(`without a file the last ${missing} is brought by the same procedure, and known to the migrator afterwards`, async () => {
      const venue = await stopped(MIGRATIONS.slice(0, -missing));
      const { code, json } = await upgrade('run', venue);
      assert.deepEqual([code, json['verdict'], json['findings']], [0, 'pass', []]);
      await on(venue.url, async (database) => {
        assert.deepEqual(await migrate(database, MIGRATIONS), []);
        const [upgrades] = await database.query<{ id: string }>('select id from upgrade');
        assert.equal(upgrades?.id, json['id']);
      });
      const again = await upgrade('run', venue);
      assert.deepEqual([again.code, again.json['error']], [2, 'nothing_pending']);
    });
  }

  test('a database of before the fence, and one of a later release, are refused by name', async () => {
    const old = await stopped(MIGRATIONS.slice(0, 2));
    const refused = await upgrade('plan', old);
    assert.deepEqual([refused.code, refused.json['error']], [2, 'schema_too_old']);
    const newer = await stopped([...MIGRATIONS, { name: '9999-later', up: ['select 1'], down: [] }]);
    const later = await upgrade('plan', newer);
    assert.deepEqual([later.code, later.json['error']], [2, 'migration_refused']);
  });
});

test('what cannot be begun is refused by name: no such folder, none of an exchange, bad files, a server that is not there', async () => {
  const venue = await stopped();
  let files = 0;
  const bad = (text: string): string => {
    const file = join(folder, `bad-${files++}.json`);
    writeFileSync(file, text);
    return file;
  };
  const whole = { name: '0100-x', up: ['select 1'], down: ['select 1'] };
  for (const [error, file] of [
    ['file_not_found', join(folder, 'none.json')],
    ['not_json', bad('{')],
    ['bad_migration', bad('[]')],
    ['bad_migration', bad(JSON.stringify({ ...whole, down: [] }))],
    ['bad_migration', bad(JSON.stringify({ ...whole, name: 'x' }))],
    ['bad_migration', bad(JSON.stringify({ ...whole, more: 1 }))],
  ] as const) {
    const { code, json } = await upgrade('run', venue, '--migration', file);
    assert.deepEqual([code, json['error']], [2, error], file);
  }
  const nowhere = await upgrade('run', { ...venue, dir: join(folder, 'nowhere') }, '--migration', GOOD);
  assert.deepEqual([nowhere.code, nowhere.json['error']], [2, 'data_dir_not_found']);
  mkdirSync(join(folder, 'empty'));
  const empty = await upgrade('run', { ...venue, dir: join(folder, 'empty') }, '--migration', GOOD);
  assert.deepEqual([empty.code, empty.json['error']], [2, 'exchange_record_unreadable']);
  const gone = await upgrade('run', { ...venue, url: 'postgres://127.0.0.1:1/none' });
  assert.deepEqual([gone.code, gone.json['error']], [2, 'database_unavailable']);
  const none = await upgrade('status', venue);
  assert.deepEqual([none.code, none.json['upgrades']], [0, []]);
  const evidence = await upgrade('evidence', venue);
  assert.deepEqual([evidence.code, evidence.json['error']], [2, 'upgrade_not_found']);
});
