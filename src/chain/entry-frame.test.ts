import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { ENTRY_KIND, type EntryHeader, findEntry, HEADER_BYTES, rowViews, writeEntryHeader } from './entry-frame.ts';

const rows = Uint8Array.from({ length: 3 * HEADER_BYTES }, (_, at) => (at * 7 + 1) & 255);
const header: EntryHeader = {
  kind: ENTRY_KIND.COMMANDS,
  fork: 2,
  closesBlock: true,
  firstSequence: 2 ** 40,
  commands: 2,
  rows: 3,
  rowsChecksum: crc32(rows),
  previous: 0xfedcba98,
  segment: 7,
  durableRows: 11,
};

/** An entry at row 1 of a buffer of six rows. */
function written(entry: EntryHeader = header) {
  const head = rowViews(new ArrayBuffer(HEADER_BYTES));
  const own = writeEntryHeader(head, entry, crc32);
  const views = rowViews(new ArrayBuffer(6 * HEADER_BYTES));
  views.bytes.set(head.bytes, HEADER_BYTES);
  views.bytes.set(rows, 2 * HEADER_BYTES);
  return { views, own };
}

test('an entry is read back as it was written', () => {
  const { views, own } = written();
  assert.deepEqual(findEntry(views, 6 * HEADER_BYTES, 1, crc32), { header, checksum: own, end: 5 });
});

test('every bit of an entry is under a checksum', () => {
  const { views } = written();
  for (let at = HEADER_BYTES; at < 5 * HEADER_BYTES; at++) {
    for (let bit = 0; bit < 8; bit++) {
      views.bytes[at] = (views.bytes[at] as number) ^ (1 << bit);
      assert.equal(typeof findEntry(views, 6 * HEADER_BYTES, 1, crc32), 'string', `byte ${at}, bit ${bit}`);
      views.bytes[at] = (views.bytes[at] as number) ^ (1 << bit);
    }
  }
  assert.equal(typeof findEntry(views, 6 * HEADER_BYTES, 1, crc32), 'object');
});

test('what is wrong has a name', () => {
  const { views } = written();
  const fault = (length: number, at: number): unknown => findEntry(views, length, at, crc32);
  assert.equal(fault(6 * HEADER_BYTES, 0), 'header_empty');
  assert.equal(fault(6 * HEADER_BYTES, 2), 'header_magic');
  assert.equal(fault(2 * HEADER_BYTES - 1, 1), 'header_short');
  assert.equal(fault(5 * HEADER_BYTES - 1, 1), 'rows_short');
  views.bytes[2 * HEADER_BYTES] = 0;
  assert.equal(fault(6 * HEADER_BYTES, 1), 'rows_checksum');
  views.words[16 + 12] = 12;
  assert.equal(fault(6 * HEADER_BYTES, 1), 'header_checksum');
});

const impossible: readonly (readonly [string, Partial<EntryHeader>])[] = [
  ['of an unknown kind', { kind: 200, commands: 0 }],
  ['with more commands than rows', { commands: 4 }],
  ['with a sequence of 0', { firstSequence: 0 }],
  ['with a fraction as its sequence', { firstSequence: 1.5 }],
  ['of holds that have commands', { kind: ENTRY_KIND.HOLDS, commands: 1 }],
  ['of a block that has commands', { kind: ENTRY_KIND.BLOCK, commands: 1 }],
  ['of a block of four rows', { kind: ENTRY_KIND.BLOCK, commands: 0, rows: 4 }],
];
for (const [name, change] of impossible) {
  test(`an entry ${name} is refused although its checksums fit`, () => {
    const { views } = written({ ...header, ...change });
    assert.equal(findEntry(views, 6 * HEADER_BYTES, 1, crc32), 'header_fields');
  });
}

test('an entry of another version is refused by name', () => {
  const { views } = written();
  views.words[16 + 1] = 2;
  views.words[16 + 15] = crc32(views.bytes.subarray(HEADER_BYTES, 2 * HEADER_BYTES - 4));
  assert.equal(findEntry(views, 6 * HEADER_BYTES, 1, crc32), 'header_version');
});
