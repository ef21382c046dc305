// Every kind of bad migration through the whole procedure, on both engines: it goes back by itself with the row named, and the live database is as it was.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { JournalReader } from '../journal/journal-reader.ts';
import { startPostgres, type TestServer } from '../store/postgres.fixture.ts';
import { recoverFromDatabase } from '../store/recover-from-database.ts';
import { BAD_KINDS, BAD_MIGRATIONS } from './bad-migrations.fixture.ts';
import { PgliteWorld } from './pglite-world.ts';
import { PostgresWorld } from './postgres-world.ts';
import { Procedure } from './procedure.ts';
import { project, recordJournal } from './recorded-venue.fixture.ts';
import { rowsDigest } from './rows-digest.ts';
import { withDatabase } from './upgrade-context.ts';
import { UpgradeFiles, upgradeId } from './upgrade-files.ts';
import { NOTHING_DECLARED, upgradeMigrationHash } from './upgrade-migration.ts';
import { STOPPED } from './venue.ts';
import type { World } from './world.ts';

const SEED = new Uint8Array(32).fill(9);
const LIMITS = { budgetMs: 3_600_000, holdMs: 0, soakMs: 0, blocks: 3 };

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-bad-migrations-'));
const journal = join(folder, 'journal');

before(async () => {
  recordJournal(journal, 11, 24);
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

test('each of the fourteen ways has a migration', () => {
  const kinds = BAD_MIGRATIONS.flatMap(({ kind }) => kind ?? []);
  assert.deepEqual(new Set(kinds), new Set(BAD_KINDS));
});

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`bad migrations on ${engine}`, () => {
    let world: (number: number) => World;
    let untouched: string;
    before(async () => {
      const url = engine === 'postgres' ? await server.createDatabase('bad') : '';
      world = (number) =>
        engine === 'postgres' ? new PostgresWorld(url, number) : new PgliteWorld(join(folder, 'database'), number);
      await withDatabase(world(0).openLive(), async (live) => {
        await project(live, journal);
        untouched = await rowsDigest(live);
      });
    });

    // A server is fast enough for those beyond the fourteen, too.
    const chosen = BAD_MIGRATIONS.filter(({ kind }) => engine === 'postgres' || kind !== undefined);
    chosen.forEach(({ name, up, path }, place) => {
      test(`aborted: ${name}`, async () => {
        const migration = { name: '0200-bad', up, down: ['select 1'], declared: NOTHING_DECLARED };
        const id = upgradeId(place + 1, upgradeMigrationHash(migration));
        const own = world(place + 1);
        const outcome = await new Procedure({
          id,
          files: new UpgradeFiles(join(folder, `upgrades-${engine}`), id),
          world: own,
          venue: STOPPED,
          migration,
          journal,
          exchange: 'ours',
          seat: 'here',
          limits: LIMITS,
          seed: SEED,
        }).run();
        const { verdict, abort, steps, findings, tradingPauseMs } = outcome;
        assert.deepEqual({ verdict, abort, tradingPauseMs }, { verdict: 'fail', abort: 'A', tradingPauseMs: 0 });
        assert.deepEqual(
          steps.map((step) => `${step.state} ${step.verdict}`),
          ['PLAN pass', 'REHEARSE fail', 'ABORT pass'],
        );
        const named = findings.find((finding) => path.test(finding.path));
        assert.ok(named, findings.map((finding) => finding.path).join(', '));
        assert.notEqual(named.control, named.candidate);
        for (const role of ['control', 'candidate', 'old', 'failed'] as const) {
          assert.equal(await own.has(role), false, role);
        }
        await withDatabase(own.openLive(), async (live) => {
          assert.equal(await rowsDigest(live), untouched);
          const { accepted } = await recoverFromDatabase(live, new JournalReader(journal));
          assert.equal(accepted, true);
        });
      });
    });
  });
}
