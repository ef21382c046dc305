import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS } from '../store/migrations.ts';
import { BAD_MIGRATIONS } from './bad-migrations.fixture.ts';
import { reachOf } from './statement-reach.ts';
import { migrationOf } from './upgrade-migration.ts';

test('a statement that would change another database, the server or its files is named', () => {
  for (const [statement, what] of [
    ["alter database venue set timezone = 'Asia/Tokyo'", 'alter database'],
    ['ALTER  ROLE postgres\n SET search_path = other', 'ALTER ROLE'],
    ['alter system set fsync = off', 'alter system'],
    ["do $$ begin execute 'drop database venue'; end $$", 'drop database'],
    ["select dblink_exec('dbname=venue', 'delete from trade')", 'dblink_exec('],
    ["copy trade to program 'cat > trades'", 'copy trade to program'],
    ['insert into bar select 1; select pg_terminate_backend(1)', 'pg_terminate_backend('],
  ] as const) {
    assert.equal(reachOf(statement), `it reaches beyond its own database: ${what}`, statement);
  }
});

test('a statement that would end its transaction is named, and one that only says so is not', () => {
  for (const statement of ['commit', 'update bar set high = 0; COMMIT; update bar set low = 0', 'rollback; begin']) {
    assert.match(reachOf(statement) ?? '', /^it ends its transaction: (?:commit|rollback)/i, statement);
  }
  for (const statement of [
    'do $$ begin update bar set high = 0; end $$',
    "insert into setting (name) values ('; commit')",
    'update bar set high = 0 -- ; commit',
    'create index begin_of on bar (begin_ms)',
    'create table user_role (role text) /* alter database */',
  ]) {
    assert.equal(reachOf(statement), undefined, statement);
  }
});

test('no migration of a release, no sample and none of the bad ones is refused for its text', () => {
  const folder = fileURLToPath(new URL('samples/', import.meta.url));
  const samples = readdirSync(folder).map(
    (name) => migrationOf(JSON.parse(readFileSync(`${folder}${name}`, 'utf8')), name).up,
  );
  const all = [...MIGRATIONS.flatMap(({ up, down }) => [...up, ...down]), ...BAD_MIGRATIONS.flatMap(({ up }) => up)];
  for (const statement of [...all, ...samples.flat()]) assert.equal(reachOf(statement), undefined, statement);
});

test('a migration file with such a statement is refused, in either direction', () => {
  const good = { name: '0100-x', up: ['select 1'], down: ['select 1'] };
  for (const way of ['up', 'down'] as const) {
    assert.throws(() => migrationOf({ ...good, [way]: ['select 1', 'alter system set fsync = off'] }, 'x.json'), {
      code: 'bad_migration',
      message: `x.json: ${way}[1]: it reaches beyond its own database: alter system`,
    });
  }
});
