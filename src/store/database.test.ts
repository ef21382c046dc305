// What both engines must do alike: the store has one dialect.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { JournalLocked } from '../journal/lock-file.ts';
import { type Database, DatabaseUnavailable, SqlFailed, UnsafeInteger } from './database.ts';
import { linesOf } from './line-buffer.ts';
import { openPglite } from './pglite-database.ts';
import { startPostgres, type TestServer } from './postgres.fixture.ts';
import { openPostgres } from './postgres-database.ts';

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-store-'));
const open: Record<string, () => Promise<Database>> = {
  pglite: () => openPglite(join(folder, 'own')),
  postgres: async () => openPostgres(await server.createDatabase('contract')),
};

before(async () => {
  server = await startPostgres();
});

after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`a database on ${engine}`, () => {
    let database: Database;
    before(async () => {
      database = await (open[engine] as () => Promise<Database>)();
      await database.query(
        'create table t (id bigint primary key, name text, price double precision, sum numeric, raw bytea)',
      );
    });
    after(() => database.close());

    test('gives back every value as it was: whole numbers, floats to the last bit, long digits, bytes, text, nothing', async () => {
      const rows = [
        [
          1,
          'tab\there, line\nthere, back\\slash',
          0.1,
          '123456789012345678901234567890',
          Uint8Array.of(0, 9, 10, 92, 255),
        ],
        [2 ** 53 - 1, '', Number.MIN_VALUE, '-1', new Uint8Array()],
        [-3, null, -0, null, null],
        [4, '\\N', 1.7976931348623157e308, '0', null],
      ] as const;
      await database.copy('t', ['id', 'name', 'price', 'sum', 'raw'], [linesOf(rows)]);
      const read = await database.query<{ id: number; name: string; price: number; sum: string; raw: Uint8Array }>(
        'select * from t order by case when id < 0 then 3 else 0 end, id',
      );
      const byId = new Map(read.map((row) => [row.id, row]));
      for (const [id, name, price, sum, raw] of rows) {
        const row = byId.get(id);
        assert.ok(row !== undefined);
        assert.equal(row.name, name);
        assert.ok(Object.is(row.price, price), `${row.price}`);
        assert.equal(row.sum, sum);
        assert.deepEqual(row.raw === null ? null : [...row.raw], raw === null ? null : [...raw]);
      }
    });

    test('a copy is all or nothing, and its failure has a name and a code', async () => {
      const lines = [
        [10, 'a', 1, '1', null],
        [1, 'again', 1, '1', null],
      ].map((row) => linesOf([row]));
      await assert.rejects(
        database.copy('t', ['id', 'name', 'price', 'sum', 'raw'], lines),
        (error) => error instanceof SqlFailed && error.code === '23505',
      );
      assert.deepEqual(await database.query('select 1 from t where id = 10'), []);
    });

    test('a transaction that fails leaves nothing, one that succeeds everything; others wait for it', async () => {
      const failing = database.transaction(async (session) => {
        await session.query('insert into t (id) values ($1)', [20]);
        throw new Error('not so');
      });
      await assert.rejects(failing, /not so/);
      assert.deepEqual(await database.query('select 1 from t where id = 20'), []);
      const both = await Promise.all([
        database.transaction(async (session) => {
          await session.query('insert into t (id) values ($1)', [21]);
          return (await session.query('select id from t where id = 21')).length;
        }),
        database.query('select 1 as one'),
      ]);
      assert.deepEqual(both, [1, [{ one: 1 }]]);
      assert.deepEqual(await database.query('select id from t where id = 21'), [{ id: 21 }]);
    });

    test('a wrong statement is refused by name, and the next one works', async () => {
      await assert.rejects(
        database.query('select nothing from nowhere'),
        (error) => error instanceof SqlFailed && error.code === '42P01',
      );
      assert.deepEqual(await database.query('select 2 as two'), [{ two: 2 }]);
    });

    test('a whole number that is not exact here is refused, not rounded', async () => {
      await assert.rejects(database.query('select 9007199254740993::bigint as id'), (error) =>
        String(error).includes(new UnsafeInteger('9007199254740993').message),
      );
    });
  });
}

test('the embedded database of a folder has one user at a time, and is there again when it was closed', async () => {
  const path = join(folder, 'once');
  const first = await openPglite(path);
  await first.query('create table kept (id int)');
  await assert.rejects(openPglite(path), JournalLocked);
  await first.close();
  const again = await openPglite(path);
  assert.deepEqual(await again.query('select * from kept'), []);
  await again.close();
});

test('a server that is not there is refused by name, without its password', async () => {
  await assert.rejects(openPostgres('postgres://a:secret@127.0.0.1:1/none'), (error) => {
    return error instanceof DatabaseUnavailable && !error.message.includes('secret');
  });
});
