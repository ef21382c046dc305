// The whole procedure on both engines, the exchange being stopped: committed, aborted, interrupted everywhere, gone back from everywhere.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hash } from 'node:crypto';
import { type Disk, fileDisk } from '../journal/disk.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import type { Database } from '../store/database.ts';
import { recoverFromDatabase } from '../store/recover-from-database.ts';
import { startPostgres, type TestServer } from '../store/postgres.fixture.ts';
import { quoted } from './compare-rows.ts';
import { evidenceHash } from './evidence.ts';
import { PgliteWorld } from './pglite-world.ts';
import { PostgresWorld } from './postgres-world.ts';
import { isOver, Procedure, type ProcedureOptions, type UpgradeOutcome } from './procedure.ts';
import { readSchema } from './read-schema.ts';
import { project, recordJournal } from './recorded-venue.fixture.ts';
import { STATES } from './states.ts';
import { UpgradeFiles, upgradeId, upgradesIn } from './upgrade-files.ts';
import { migrationOf, NOTHING_DECLARED, type UpgradeMigration, upgradeMigrationHash } from './upgrade-migration.ts';
import { recordedHashes, UpgradeActive } from './upgrade-record.ts';
import { STOPPED } from './venue.ts';
import type { World } from './world.ts';

const SEED = new Uint8Array(32).fill(9);
const LIMITS = { budgetMs: 600_000, holdMs: 0, soakMs: 0, blocks: 3 };

function sample(name: string): UpgradeMigration {
  const file = new URL(`./samples/${name}.json`, import.meta.url);
  return migrationOf(JSON.parse(readFileSync(file, 'utf8')), name);
}

const GOOD = sample('0100-trade-notional');
const BAD = sample('0100-funding-index-lost');

class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
}

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-upgrade-'));
const journal = join(folder, 'journal');
let databases = 0;

before(async () => {
  recordJournal(journal, 5, 12);
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

interface Place {
  readonly upgrades: string;
  readonly world: (number: number) => World;
}

async function place(engine: 'pglite' | 'postgres'): Promise<Place> {
  const name = `venue_${databases++}`;
  const url = engine === 'postgres' ? await server.createDatabase(name) : '';
  const world = (number: number): World =>
    engine === 'postgres' ? new PostgresWorld(url, number) : new PgliteWorld(join(folder, name, 'database'), number);
  const live = await world(0).openLive();
  await project(live, journal);
  await live.close();
  return { upgrades: join(folder, name, 'upgrades'), world };
}

function procedure(
  { upgrades, world }: Place,
  migration: UpgradeMigration,
  more: Partial<ProcedureOptions> = {},
): Procedure {
  const open = upgradesIn(upgrades).find((id) => !isOver(new UpgradeFiles(upgrades, id).verify().chain));
  const id = open ?? upgradeId(upgradesIn(upgrades).length + 1, upgradeMigrationHash(migration));
  return new Procedure({
    id,
    files: new UpgradeFiles(upgrades, id),
    world: world(Number.parseInt(id, 10)),
    venue: STOPPED,
    migration,
    journal,
    exchange: 'ours',
    seat: 'here',
    limits: LIMITS,
    seed: SEED,
    ...more,
  });
}

/** A digest of every row of a database but for the record of who writes and of upgrades. */
async function digestOf(open: Promise<Database>): Promise<string> {
  const database = await open;
  try {
    const texts: string[] = [];
    const { tables, facts } = await database.hold((session) => readSchema(session));
    for (const { name, columns } of tables.values()) {
      const names = columns.map((column) => quoted(column.name)).join(', ');
      const rows = await database.query<{ text: string }>(
        `select row(${names})::text as text from ${quoted(name)} order by 1`,
      );
      texts.push(name, ...rows.map(({ text }) => text));
    }
    texts.push(
      ...[...facts].filter(([name]) => !name.startsWith('record ')).map(([name, fact]) => name + fact.definition),
    );
    return hash('sha256', texts.sort().join('\n'), 'hex');
  } finally {
    await database.close();
  }
}

async function withLive<T>({ world }: Place, work: (database: Database) => Promise<T>): Promise<T> {
  const live = await world(0).openLive();
  try {
    return await work(live);
  } finally {
    await live.close();
  }
}

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`an upgrade on ${engine}`, () => {
    test('the bad sample is aborted in its rehearsal with the row named; the live database is as it was; then the good one is committed', async () => {
      const venue = await place(engine);
      const untouched = await digestOf(venue.world(0).openLive());
      const bad = await procedure(venue, BAD).run();
      assert.deepEqual([bad.verdict, bad.abort, bad.tradingPauseMs], ['fail', 'A', 0]);
      assert.deepEqual(
        bad.steps.map(({ state, verdict }) => `${state} ${verdict}`),
        ['PLAN pass', 'REHEARSE fail', 'ABORT pass'],
      );
      const market = bad.findings.find(({ path }) => /^state_market\/\d\/funding_index$/.test(path));
      assert.equal(market?.candidate, '0');
      assert.equal(await digestOf(venue.world(0).openLive()), untouched);
      for (const role of ['control', 'candidate'] as const) {
        assert.equal(await venue.world(1).has(role), false);
      }

      const good = await procedure(venue, GOOD).run();
      assert.deepEqual(good.findings, []);
      assert.deepEqual(
        good.steps.map(({ state, verdict }) => `${state} ${verdict}`),
        STATES.map((state) => `${state} pass`),
      );
      assert.deepEqual([good.verdict, good.abort, good.tradingPauseMs], ['pass', null, 0]);
      assert.ok(good.rows > 500, `${good.rows}`);
      const files = new UpgradeFiles(venue.upgrades, good.id);
      await withLive(venue, async (live) => {
        const [row] = await live.query<{ n: number }>(
          'select count(*) as n from trade where notional = price_ticks::numeric * size_lots',
        );
        assert.ok((row?.n ?? 0) > 0);
        assert.equal((await recoverFromDatabase(live, new JournalReader(journal))).accepted, true);
        const hashes = await recordedHashes(live, good.id);
        const verified = files.verify({ hashes });
        assert.ok(verified.sound);
        assert.deepEqual(hashes, verified.chain.map(evidenceHash));
        const heads = await live.query('select id, state, is_active, abort from upgrade order by id');
        assert.deepEqual(heads, [
          { id: bad.id, state: 'ABORT', is_active: false, abort: 'A' },
          { id: good.id, state: 'COMMIT', is_active: false, abort: null },
        ]);
      });
      assert.equal(await digestOf(venue.world(2).open('old')), untouched);
    });
  });
}

test('a column of the state whose type changes is read by what was declared of it: at the tip, when followed, by the canaries', async () => {
  const venue = await place('postgres');
  const wider: UpgradeMigration = {
    name: '0101-mark-as-digits',
    up: ['alter table state_market alter column mark type numeric using mark::text::numeric'],
    down: ['alter table state_market alter column mark type double precision'],
    declared: {
      ...NOTHING_DECLARED,
      tables: {
        state_market: {
          added: {},
          removed: {},
          changed: { mark: { value: 'mark::text::numeric', back: 'mark::double precision' } },
        },
      },
    },
  };
  const outcome = await procedure(venue, wider).run();
  assert.deepEqual(outcome.findings, []);
  assert.deepEqual([outcome.verdict, outcome.steps.length], ['pass', STATES.length]);
  await withLive(venue, async (live) => {
    const [row] = await live.query<{ type: string }>('select pg_typeof(mark)::text as type from state_market limit 1');
    assert.equal(row?.type, 'numeric');
  });
});

describe('an upgrade that is interrupted or goes back', () => {
  test('killed at every place once, it goes on each time and is committed', async () => {
    const venue = await place('postgres');
    const seen = new Set<string>();
    let last = await interrupted(venue, seen);
    while (last === undefined) last = await interrupted(venue, seen);
    assert.deepEqual([last.verdict, last.steps.length], ['pass', STATES.length]);
    for (const name of [
      'control copied',
      'chunk 0 before_commit',
      'chunk 1 after_commit',
      'fenced',
      'swapped',
      'SOAK ends',
    ]) {
      assert.ok(seen.has(name), `${name} is not among ${[...seen].join(', ')}`);
    }
    const hashes = await withLive(venue, (live) => recordedHashes(live, last.id));
    assert.equal(hashes.length, STATES.length);
  });

  /** Runs up to the first place that was not seen before; what it came to when there is none. */
  async function interrupted(venue: Place, seen: Set<string>): Promise<UpgradeOutcome | undefined> {
    const onPlace = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      throw new ProcessEnded(name);
    };
    try {
      return await procedure(venue, GOOD, { onPlace }).run();
    } catch (error) {
      assert.ok(error instanceof ProcessEnded, String(error));
      return undefined;
    }
  }

  /** Ends where a place is reached. */
  async function runTo(venue: Place, name: string): Promise<void> {
    const onPlace = (at: string): void => {
      if (at === name) throw new ProcessEnded(name);
    };
    await assert.rejects(procedure(venue, GOOD, { onPlace }).run(), ProcessEnded);
  }

  for (const [at, abort] of [
    ['SHADOW ends', 'A'],
    ['VERIFY begins', 'A'],
    ['swapped', 'B'],
    ['CANARY begins', 'B'],
    ['REOPEN ends', 'C'],
    ['SOAK ends', 'C'],
  ] as const) {
    test(`abort ${abort} from "${at}": the old database is in its place, as it was, and can be started from`, async () => {
      const venue = await place('postgres');
      const untouched = await digestOf(venue.world(0).openLive());
      await runTo(venue, at);
      const outcome = await procedure(venue, GOOD).goBack();
      assert.deepEqual([outcome.verdict, outcome.abort], ['fail', abort]);
      assert.equal(await digestOf(venue.world(0).openLive()), untouched);
      await withLive(venue, async (live) => {
        assert.equal((await recoverFromDatabase(live, new JournalReader(journal))).accepted, true);
        const [fence] = await live.query<{ epoch: number }>('select epoch from fence');
        const [lease] = await live.query<{ n: number }>(
          'select count(*) as n from lease where released_at is null and epoch = (select max(epoch) from lease)',
        );
        assert.ok((fence?.epoch ?? 0) >= 0);
        assert.equal(lease?.n, 0, 'nobody holds it');
        assert.equal((await recordedHashes(live, outcome.id)).length, outcome.steps.length);
      });
      assert.equal(await venue.world(1).has('failed'), abort !== 'A');
      for (const role of ['control', 'candidate', 'old'] as const) {
        assert.equal(await venue.world(1).has(role), false, role);
      }
      // Killed while it went back, it goes back again; asked twice, nothing happens.
      const next = await procedure(venue, GOOD, { last: 'REHEARSE' }).run();
      assert.equal(next.verdict, 'pass');
    });
  }

  for (const [document, abort] of [
    ['FINGERPRINT', 'A'],
    ['BOOT_LADDER', 'B'],
    ['SOAK', 'C'],
  ] as const) {
    test(`the disk is full when "${document}" has passed: abort ${abort} in the room that was kept, and with room again it is committed`, async () => {
      const venue = await place('postgres');
      const untouched = await digestOf(venue.world(0).openLive());
      const id = upgradeId(1, upgradeMigrationHash(GOOD));
      let isFull = false;
      const disk: Disk = {
        ...fileDisk,
        write: (descriptor, parts, position) => {
          // Full but for what was kept.
          if (isFull && existsSync(join(venue.upgrades, id, 'reserve'))) {
            throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
          }
          fileDisk.write(descriptor, parts, position);
        },
      };
      const onPlace = (name: string): void => {
        isFull ||= name === `${document} ends`;
      };
      const files = new UpgradeFiles(venue.upgrades, id, disk);
      const outcome = await procedure(venue, GOOD, { files, onPlace }).run();
      assert.deepEqual([outcome.verdict, outcome.abort], ['inconclusive', abort]);
      assert.equal(outcome.steps.at(-2)?.state, document);
      assert.match(outcome.findings[0]?.candidate ?? '', /could not be written: no space left/);
      assert.ok(files.verify().sound);
      assert.equal(await digestOf(venue.world(0).openLive()), untouched);
      isFull = false;
      assert.equal((await procedure(venue, GOOD).run()).verdict, 'pass');
    });
  }

  test('the clock leaps a day ahead and back an hour: neither takes of the time budget, and every document is dated behind the one before', async () => {
    const venue = await place('postgres');
    let wall = Date.now();
    const clocks = { wallMs: () => wall, countMs: () => performance.now() };
    const onPlace = (name: string): void => {
      if (name === 'control copied') wall += 24 * 3_600_000;
      if (name === 'candidate copied') wall -= 25 * 3_600_000;
      if (name === 'SHADOW ends') throw new ProcessEnded(name);
    };
    await assert.rejects(procedure(venue, GOOD, { clocks, onPlace }).run(), ProcessEnded);
    // Begun again with the wall an hour behind its own documents.
    const outcome = await procedure(venue, GOOD, { clocks: { ...clocks } }).run();
    assert.deepEqual([outcome.verdict, outcome.abort], ['pass', null]);
    const { chain } = new UpgradeFiles(venue.upgrades, outcome.id).verify();
    for (const [at, { beganMs, endedMs }] of chain.entries()) {
      assert.ok(beganMs >= (chain[at - 1]?.endedMs ?? 0) && endedMs >= beganMs, `document ${at}`);
    }
  });

  test('a time budget that is over aborts by itself; a second upgrade beside an active one is refused by the database', async () => {
    const venue = await place('postgres');
    const untouched = await digestOf(venue.world(0).openLive());
    let timeMs = 1_000_000;
    const onPlace = (name: string): void => {
      if (name === 'control copied') timeMs += LIMITS.budgetMs + 1;
    };
    const late = await procedure(venue, GOOD, { clocks: { wallMs: () => 0, countMs: () => timeMs }, onPlace }).run();
    assert.deepEqual([late.verdict, late.abort, late.steps.at(-2)?.state], ['inconclusive', 'A', 'REHEARSE']);
    assert.equal(await digestOf(venue.world(0).openLive()), untouched);
    await runTo(venue, 'rehearsed forwards');
    const other = { ...venue, upgrades: join(folder, 'elsewhere') };
    await assert.rejects(procedure(other, BAD).run(), UpgradeActive);
    assert.deepEqual(upgradesIn(other.upgrades), []);
  });
});
