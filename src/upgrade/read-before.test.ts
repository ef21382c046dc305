// What was read before is read again as soon as one row or one column is not what it was.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Database, SqlSession } from '../store/database.ts';
import { startPostgres, type TestServer } from '../store/postgres.fixture.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { ReadBefore } from './read-before.ts';

let server: TestServer;
let database: Database;

before(async () => {
  server = await startPostgres();
  database = await openPostgres(await server.createDatabase('known'));
});
after(async () => {
  await database.close();
  await server.stop();
});

/** Looks at a database once: how often both tables were read for it. */
async function look(known: ReadBefore, tables: readonly string[]): Promise<number> {
  let reads = 0;
  await database.hold(async (session: SqlSession) => {
    await session.query('begin isolation level repeatable read');
    await known.begin('control', session);
    for (const key of ['sums', 'counts']) {
      const value = await known.once('control', tables, key, () => Promise.resolve(`${key} ${++reads}`));
      assert.ok(value.startsWith(key));
    }
    await session.query('rollback');
  });
  return reads;
}

const CHANGES: readonly (readonly [name: string, statement: string])[] = [
  ['a row is added', 'insert into a values (100, 1)'],
  ['a row is changed', 'update a set value = value + 1 where id = 7'],
  ['a row is written again as it was', 'update a set value = value where id = 7'],
  ['a row is removed', 'delete from a where id = 8'],
  [
    'one row goes and another comes',
    'with gone as (delete from a where id = 9 returning 1) insert into a values (109, 3)',
  ],
  ['all rows go', 'truncate a'],
  ['a column comes with a value for all rows', 'alter table a add column more integer not null default 5'],
  ['that value becomes another', 'alter table a drop column more, add column again integer not null default 6'],
  ['a type changes', 'alter table a alter column value type numeric'],
  ['another table takes its name', 'drop table a; create table a (id integer, value integer)'],
];

test('nothing is read twice of what stands as it did, and all of what does not', async () => {
  await database.query('create table a (id integer, value integer)');
  await database.query('create table b (id integer)');
  await database.query('insert into a select n, n from generate_series(1, 50) n');
  const known = new ReadBefore();
  assert.equal(await look(known, ['a', 'b']), 2);
  assert.equal(known.about, '');
  assert.equal(await look(known, ['a', 'b']), 0);
  assert.equal(known.about, '; 50 of both sides not written since they were read before, and not read again');
  for (const [name, statement] of CHANGES) {
    await database.query(statement);
    assert.equal(await look(known, ['a', 'b']), 2, name);
    assert.equal(await look(known, ['a', 'b']), 0, name);
    await database.query('vacuum freeze analyze a');
    assert.equal(await look(known, ['a', 'b']), 0, `${name}, and the table is tidied`);
  }
  assert.equal(await look(known, ['b']), 2, 'what depends on other tables is another thing');
});

test('what is written by a transaction that began before a look and ended behind it is seen', async () => {
  await database.query('create table late (id integer)');
  await database.query('insert into late values (1)');
  const known = new ReadBefore();
  await database.hold(async (session) => {
    await session.query('begin');
    await session.query('insert into late values (2)');
    assert.equal(await look(known, ['late']), 2);
    await session.query('commit');
  });
  assert.equal(await look(known, ['late']), 2);
  assert.equal(await look(known, ['late']), 0);
});

test('pages are those of the same files, whatever columns are named; rows that were written make others of them', async () => {
  await database.query('create table paged (id integer, value integer)');
  await database.query('insert into paged select n, n from generate_series(1, 50) n');
  const known = new ReadBefore();
  const lookAtPages = async (): Promise<boolean> => {
    let isRead = false;
    await database.hold(async (session: SqlSession) => {
      await session.query('begin isolation level repeatable read');
      await known.begin('control', session);
      known.beginBeside('pages', session, 'control');
      await known.once('pages', ['paged'], 'index', () => Promise.resolve((isRead = true)), 'pages');
      await session.query('rollback');
    });
    return isRead;
  };
  assert.equal(await lookAtPages(), true);
  await database.query('alter table paged drop column value');
  assert.equal(await lookAtPages(), false, 'a column goes');
  await database.query('update paged set id = id where id = 3');
  assert.equal(await lookAtPages(), true, 'a row is written');
  await database.query('vacuum full paged');
  assert.equal(await lookAtPages(), true, 'the files are others');
  assert.equal(await lookAtPages(), false);
});

test('of a statement that does not name a column it does not matter that the column goes', async () => {
  await database.query('create table named (id integer, value integer)');
  await database.query('insert into named select n, n from generate_series(1, 50) n');
  const known = new ReadBefore();
  const reads = async (statement: string): Promise<boolean> => {
    let isRead = false;
    await database.hold(async (session: SqlSession) => {
      await session.query('begin isolation level repeatable read');
      await known.begin('control', session);
      await known.once('control', ['named'], statement, () => Promise.resolve((isRead = true)), { statement });
      await session.query('rollback');
    });
    return isRead;
  };
  const [ofIds, ofValues] = ['select sum(id) from named', 'select sum(value) from named'];
  assert.deepEqual([await reads(ofIds), await reads(ofValues)], [true, true]);
  await database.query('alter table named drop column value');
  await database.query('alter table named add column value integer');
  assert.deepEqual([await reads(ofIds), await reads(ofValues)], [false, true]);
  await database.query('insert into named values (51)');
  assert.deepEqual([await reads(ofIds), await reads(ofValues)], [true, true]);
});

test('of another database in the same role nothing was read', async () => {
  const known = new ReadBefore();
  assert.equal(await look(known, ['b']), 2);
  known.forget('control');
  assert.equal(await look(known, ['b']), 2);
});
