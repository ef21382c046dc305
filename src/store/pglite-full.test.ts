// An embedded database on a disk that is full. Its own files are small here: how much is free is said, not made.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DiskFilled, DiskFull, freeBytes } from './disk-room.ts';
import { openPglite } from './pglite-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-pglite-full-'));
after(() => rmSync(folder, { recursive: true }));

test('nothing is begun without room for its log, a transaction that was begun is ended, and with room it goes on', async () => {
  let free = freeBytes(folder);
  const database = await openPglite(join(folder, 'one'), { room: () => free });
  await database.query('create table t (n int)');
  await database.transaction(async (session) => {
    free = 33_554_431;
    await session.query('insert into t values (1)');
  });
  await assert.rejects(database.query('insert into t values (2)'), DiskFull);
  await assert.rejects(
    database.transaction((session) => session.query('insert into t values (3)')),
    { code: 'disk_full' },
  );
  free = 33_554_432;
  assert.deepEqual(await database.query('select n from t'), [{ n: 1 }]);
  free = 0;
  await database.close();
  await assert.rejects(openPglite(join(folder, 'one'), { room: () => free }), {
    code: 'disk_full',
    message: /0 MB free, 17 MB are needed/,
  });
  const again = await openPglite(join(folder, 'one'));
  assert.deepEqual(await again.query('select n from t'), [{ n: 1 }]);
  await again.close();
});

test('a statement that never ends because the disk became full is ended by name, and the database can be opened anew', async () => {
  let free = freeBytes(folder);
  const database = await openPglite(join(folder, 'two'), { room: () => free });
  await database.query('create table t (n int)');
  await database.query('insert into t values (1)');
  const endless = database.query(
    'do $$ begin loop insert into t values (2); delete from t where n = 2; end loop; end $$',
  );
  const next = database.query('select 1');
  // It has begun.
  await nextTurn();
  free = 16_777_215;
  await assert.rejects(endless, { name: 'DiskFilled', message: /the database there was ended/ });
  await assert.rejects(next, DiskFull);
  // With room again it stays ended: it must be opened anew.
  free = freeBytes(folder);
  await assert.rejects(database.query('select 1'), DiskFilled);
  await assert.rejects(database.close(), DiskFilled);
  const again = await openPglite(join(folder, 'two'));
  assert.deepEqual(await again.query('select n from t'), [{ n: 1 }]);
  await again.close();
});

test('a statement that takes longer than it may is ended by name, and what was committed is there', async () => {
  const place = join(folder, 'three');
  const made = await openPglite(place);
  await made.query('create table t (n int)');
  await made.close();
  // Whatever opening takes is of no account: the limit is that of what a machine under load needs for it.
  const database = await openPglite(place, { statementMs: 8_000 });
  await database.query('insert into t values (1)');
  await assert.rejects(database.query('do $$ begin loop perform 1; end loop; end $$'), { code: '57014' });
  await assert.rejects(database.query('select 1'), { code: '57014' });
  await database.close();
  const again = await openPglite(place);
  assert.deepEqual(await again.query('select n from t'), [{ n: 1 }]);
  await again.close();
});
