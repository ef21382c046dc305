import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineTable, PAGE_BYTES, Table } from './table.ts';

const { schema } = defineTable('thing', 64, { LINK: ['i32', 0], COUNT: ['i32', 1], WIDE: ['f64', 1, 2] });

test('rows are given out from 1 on; a freed one is given out again, the last freed first', () => {
  const table = new Table(schema, 2);
  assert.deepEqual([table.allocate(), table.allocate(), table.allocate()], [1, 2, 3]);
  table.release(1);
  table.release(3);
  assert.deepEqual([table.live, table.rows, table.free], [1, 4, 3]);
  assert.deepEqual([table.allocate(), table.allocate(), table.allocate()], [3, 1, 4]);
  assert.equal(table.live, 4);
});

test('a retired row is neither live nor given out again', () => {
  const table = new Table(schema, 2);
  table.allocate();
  table.retire(1);
  assert.deepEqual([table.live, table.free, table.allocate()], [0, 0, 2]);
});

test('growing keeps what is there and what is marked', () => {
  const table = new Table(schema, 64);
  table.touched.fill(0);
  const row = table.allocate();
  table.i32[row * table.rowWords + 1] = 7;
  table.f64[row * table.rowFloats + 2] = 0.5;
  table.touch(row);
  while (table.rows < 1_000) table.allocate();
  const [, count, wide] = schema.columns as [
    (typeof schema.columns)[0],
    (typeof schema.columns)[0],
    (typeof schema.columns)[0],
  ];
  assert.deepEqual([table.read(row, count), table.read(row, wide), table.read(row, wide, 1)], [7, 0, 0.5]);
  assert.equal(table.touched[0], 1);
  assert.equal(table.touched.length, table.bytes.length / PAGE_BYTES);
  assert.equal(table.pages, Math.ceil(1_000 / 64));
  table.touch(999);
  assert.equal(table.touched[15], 1);
});

test('a table gives no more rows than its limit', () => {
  const table = new Table(schema, 64, 65);
  while (table.rows < 64) table.allocate();
  assert.equal(table.allocate(), 64);
  assert.throws(() => table.reserve(129), /table thing is full: 65 rows/);
});

test('columns that overlap or leave the row, and rows that do not divide a page, are refused', () => {
  assert.throws(() => defineTable('a', 64, { A: ['i32', 2], B: ['f64', 1] }), /a\.B overlaps/);
  assert.throws(() => defineTable('a', 64, { A: ['f64', 7, 2] }), /a\.A overlaps or leaves the row at 64/);
  assert.throws(() => defineTable('a', 96, {}), /96 does not divide a page/);
});
