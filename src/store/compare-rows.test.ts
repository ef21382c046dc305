import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDifference } from './compare-rows.ts';
import type { SqlValue } from './database.ts';
import { linesOf } from './line-buffer.ts';
import { type ColumnType, PROJECTED_TABLES, type ProjectedTable } from './projected-tables.ts';
import { SumsOfLines } from './table-sums.ts';

const VALUES: Readonly<Record<ColumnType, readonly [SqlValue, SqlValue]>> = {
  whole: [7, 8],
  float: [0.1, -0],
  wide: ['123456789012345678901', '-1'],
  text: ['a\tb', ''],
  json: ['{"a":"\\\\"}', '{}'],
  bytes: [Uint8Array.of(1, 2), Uint8Array.of()],
  truth: [true, false],
};

/** Rows of a table, each with its own key. */
function rowsOf({ columns, order }: ProjectedTable, count: number): SqlValue[][] {
  return Array.from({ length: count }, (_, n) =>
    columns.map(([name, type]) => (order.includes(name) || name === 'height' ? 100 + n : VALUES[type][0])),
  );
}

for (const table of PROJECTED_TABLES) {
  test(`${table.name}: a row that differs is named by its column, one that is missing or too many by its key`, () => {
    const rows = rowsOf(table, 4);
    const expected = linesOf(rows);
    assert.equal(firstDifference(table, expected, linesOf(rows)), undefined);
    const key = ['height', ...table.order].map((name) => `${name} 102`).join(' ');
    table.columns.forEach(([name, type], column) => {
      if (table.order.includes(name) || name === 'height') return;
      const changed = rows.map((row, n) =>
        row.map((value, at) => (n === 2 && at === column ? VALUES[type][1] : value)),
      );
      const found = firstDifference(table, expected, linesOf(changed));
      assert.deepEqual([found?.table, found?.row, found?.column], [table.name, key, name]);
    });
    const without = linesOf(rows.filter((_, n) => n !== 2));
    const missing = firstDifference(table, expected, without);
    assert.deepEqual([missing?.row, missing?.column, missing?.database], [key, 'row', 'none']);
    const tooMany = firstDifference(table, without, expected);
    assert.deepEqual([tooMany?.row, tooMany?.column, tooMany?.journal], [key, 'row', 'none']);
  });
}

test('sums of lines are exact beyond 2^53', () => {
  const table = PROJECTED_TABLES.find(({ name }) => name === 'balance_version') as ProjectedTable;
  const sums = new SumsOfLines(table);
  const great = 2n ** 60n;
  for (const balance of [great, -3n, great + 5n]) {
    sums.add(linesOf([[0, 1, 2, String(balance), '-7', 2 ** 52]]), 1);
  }
  assert.deepEqual(sums.totals, {
    rows: 3,
    sums: { balance: great * 2n + 2n, pending: -21n, receivable: 3n * 2n ** 52n },
  });
});
