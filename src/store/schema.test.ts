// The schema is frozen text; what the code writes and reads must be its columns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIGRATIONS } from './migrations.ts';
import { PROJECTED_TABLES } from './projected-tables.ts';
import { STATE_TABLES } from './state-columns.ts';

/** Names and types of the columns of each table, by the statements that make them. */
function tablesOf(name: string): Map<string, [column: string, type: string][]> {
  const migration = MIGRATIONS.find((each) => each.name === name) ?? assert.fail(name);
  const tables = new Map<string, [string, string][]>();
  for (const statement of migration.up) {
    const [, table, body] = /^create table (\w+) \(\n([^;]*?)\n\s*\)/.exec(statement) ?? [];
    if (table === undefined || body === undefined) continue;
    const columns = body
      .split(/,\s+(?![^(]*\))/)
      .map((line) => /^\s*"?(\w+)"? (\w+(?: precision)?)/.exec(line))
      .filter((found) => found !== null && found[1] !== 'primary')
      .map((found) => [found?.[1], found?.[2]] as [string, string]);
    tables.set(table, columns);
  }
  return tables;
}

test('every column of the engine has its column in the tables of the state, in the same order, and no other does', () => {
  const tables = tablesOf('0002-state');
  for (const { name, columns } of STATE_TABLES) {
    assert.deepEqual(tables.get(name), [
      ['row', 'integer'],
      ...columns.map((each) => [each.name, each.column.kind === 'f64' ? 'double precision' : 'integer']),
    ]);
    tables.delete(name);
  }
  assert.deepEqual([...tables.keys()], ['state_head', 'state_table']);
});

test('the projected tables are those of the schema', () => {
  const tables = tablesOf('0001-history');
  const types = {
    float: 'double precision',
    wide: 'numeric',
    text: 'text',
    json: 'json',
    bytes: 'bytea',
    truth: 'boolean',
  };
  for (const { name, columns, order } of PROJECTED_TABLES) {
    const found = tables.get(name) ?? assert.fail(name);
    assert.deepEqual(
      found.map(([column]) => column),
      columns.map(([column]) => column),
    );
    columns.forEach(([column, type], n) => {
      const expected = type === 'whole' ? ['integer', 'bigint'] : [types[type]];
      assert.ok(expected.includes(found[n]?.[1] ?? ''), `${name}.${column} is ${found[n]?.[1]}`);
    });
    for (const column of order)
      assert.ok(
        columns.some(([own]) => own === column),
        `${name}.${column}`,
      );
  }
});
