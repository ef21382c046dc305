import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { COMMAND_BYTES } from '../engine/command.ts';
import { CommandsRoot } from './commands-root.ts';
import { toHex } from './digest.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

function rowsOf(count: number): Uint8Array {
  return Uint8Array.from({ length: count * COMMAND_BYTES }, (_, at) => (at * 31 + (at >> 8)) & 255);
}

/** The definition, written out. */
function expected(rows: Uint8Array): string {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < rows.length; at += 65536) parts.push(sha256(rows.subarray(at, at + 65536)));
  const count = Buffer.alloc(8);
  count.writeDoubleLE(rows.length / COMMAND_BYTES);
  return toHex(sha256(Buffer.concat([...parts, count])));
}

test('the root is that of the definition, for no rows, some, whole leaves and many', () => {
  for (const count of [0, 1, 1023, 1024, 1025, 2048, 70_000]) {
    const root = new CommandsRoot(sha256);
    root.add(rowsOf(count));
    assert.equal(toHex(root.finish()), expected(rowsOf(count)), `${count} rows`);
  }
});

test('the root does not depend on how the rows were batched', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1500), { maxLength: 8 }), (cuts) => {
      const rows = rowsOf(cuts.reduce((sum, count) => sum + count, 0));
      const root = new CommandsRoot(sha256);
      let at = 0;
      for (const count of cuts) {
        root.add(rows.subarray(at, at + count * COMMAND_BYTES));
        at += count * COMMAND_BYTES;
      }
      assert.equal(toHex(root.finish()), expected(rows));
    }),
    { numRuns: 30 },
  );
});

test('a root starts anew after the last', () => {
  const root = new CommandsRoot(sha256);
  root.add(rowsOf(1500));
  root.finish();
  root.add(rowsOf(3));
  assert.equal(toHex(root.finish()), expected(rowsOf(3)));
});

test('rows may be overwritten once they were added', () => {
  const rows = rowsOf(10);
  const root = new CommandsRoot(sha256);
  root.add(rows);
  rows.fill(0);
  assert.equal(toHex(root.finish()), expected(rowsOf(10)));
});
