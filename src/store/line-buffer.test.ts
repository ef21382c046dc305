import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SqlValue } from './database.ts';
import { columnsOfLines, LineBuffer, linesOf } from './line-buffer.ts';

const decoder = new TextDecoder();

/** The same, plainly. */
function plain(value: SqlValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'string') return `\\\\x${Buffer.from(value).toString('hex')}`;
  return value
    .replaceAll('\0', '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}

const values = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: 0, max: 15 }).map((digits) => 10 ** digits),
  fc.integer({ min: 1, max: 15 }).map((digits) => 1 - 10 ** digits),
  fc.double(),
  fc.constantFrom(-0, 0, 1e9, 1e9 - 1, 999_999_999_999_999, -(2 ** 53) + 1),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', '\\', '\t', '\n', '\r', '\0', 'é', '😀') }),
  fc.uint8Array(),
);

test('lines are what their values are, digit by digit', () => {
  fc.assert(
    fc.property(fc.array(fc.array(values, { minLength: 1, maxLength: 5 }), { maxLength: 5 }), (rows) => {
      const expected = rows.map((row) => `${row.map(plain).join('\t')}\n`).join('');
      assert.equal(decoder.decode(linesOf(rows)), expected);
    }),
    { numRuns: 500 },
  );
});

test('a buffer that gave its lines begins anew, and what it gave stays', () => {
  const lines = new LineBuffer();
  lines.add(['a', 1]);
  const first = lines.take();
  lines.add(['b'.repeat(10_000), 2]);
  assert.equal(lines.rows, 1);
  assert.equal(decoder.decode(first), 'a\t1\n');
  assert.deepEqual(columnsOfLines(lines.take()), [['b'.repeat(10_000), '2']]);
  assert.deepEqual(columnsOfLines(lines.take()), []);
});
