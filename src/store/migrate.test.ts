import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Database } from './database.ts';
import { appliedMigrations, migrate, migrateDown, MigrationRefused } from './migrate.ts';
import { type Migration, migrationHash } from './migration.ts';
import { openPglite } from './pglite-database.ts';
import { startPostgres, type TestServer } from './postgres.fixture.ts';
import { openPostgres } from './postgres-database.ts';

const FIRST: Migration = { name: '0001-a', up: ['create table a (id int)'], down: ['drop table a'] };
const SECOND: Migration = {
  name: '0002-b',
  up: ['create table b (id int)', 'insert into b values (7)'],
  down: ['drop table b'],
};
const FAILING: Migration = {
  name: '0003-c',
  up: ['create table c (id int)', 'insert into nowhere values (1)'],
  down: [],
};

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-migrate-'));
before(async () => {
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const open: Record<string, () => Promise<Database>> = {
  pglite: () => openPglite(folder),
  postgres: async () => openPostgres(await server.createDatabase('migrations')),
};

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`migrations on ${engine}`, () => {
    let database: Database;
    before(async () => {
      database = await (open[engine] as () => Promise<Database>)();
    });
    after(() => database.close());

    test('are applied once, in their order, with their hashes', async () => {
      assert.deepEqual(await migrate(database, [FIRST]), ['0001-a']);
      assert.deepEqual(await migrate(database, [FIRST, SECOND]), ['0002-b']);
      assert.deepEqual(await migrate(database, [FIRST, SECOND]), []);
      assert.deepEqual(await database.query('select id from b'), [{ id: 7 }]);
      assert.deepEqual(
        await appliedMigrations(database),
        [FIRST, SECOND].map((migration) => ({ name: migration.name, hash: migrationHash(migration) })),
      );
    });

    test('one that was changed after it was applied is refused by name, as is one that is not known', async () => {
      const changed = { ...SECOND, up: ['create table b (id bigint)'] };
      await assert.rejects(
        migrate(database, [FIRST, changed]),
        (error) => error instanceof MigrationRefused && error.migration === '0002-b',
      );
      await assert.rejects(
        migrate(database, [FIRST]),
        (error) => error instanceof MigrationRefused && error.migration === '0002-b',
      );
    });

    test('one that fails in its midst leaves the schema as it was', async () => {
      await assert.rejects(
        migrate(database, [FIRST, SECOND, FAILING]),
        (error) => error instanceof MigrationRefused && error.migration === '0003-c',
      );
      await assert.rejects(database.query('select * from c'));
      assert.equal((await appliedMigrations(database)).length, 2);
    });

    test('the newest is taken back, and applied again', async () => {
      assert.equal(await migrateDown(database, [FIRST, SECOND]), '0002-b');
      await assert.rejects(database.query('select * from b'));
      assert.deepEqual(await migrate(database, [FIRST, SECOND]), ['0002-b']);
    });

    test('three at once apply each migration once', async () => {
      const more: Migration = { name: '0003-d', up: ['create table d (id int)'], down: ['drop table d'] };
      const applied = await Promise.all([1, 2, 3].map(() => migrate(database, [FIRST, SECOND, more])));
      assert.deepEqual(applied.flat(), ['0003-d']);
    });
  });
}
