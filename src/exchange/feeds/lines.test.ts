import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readFirstLine, readTextFile } from './lines.ts';
import { temporaryFile, temporaryFolder } from './temporary-folder.ts';

const read = (file: string): [number, string][] =>
  [...readTextFile(file).lines()].map(({ lineNumber, text }) => [lineNumber, text]);

const manyRows = Array.from({ length: 5000 }, (_, index) => `row ${index},${(index * 7919) % 104729}`);

test('lines are numbered from 1, with either line break, plain or gzip, whatever the name', (context) => {
  const text = 'one\r\ntwo\n\nfour';
  const expected = [
    [1, 'one'],
    [2, 'two'],
    [3, ''],
    [4, 'four'],
  ];
  const folder = temporaryFolder(context, {
    'plain.csv': text,
    'plain.csv.gz': text,
    'zipped.csv': gzipSync(text),
    'members.csv.gz': Buffer.concat([gzipSync('one\r\ntw'), gzipSync('o\n\nfour')]),
    'mark.csv': `\uFEFF${text}`,
  });
  for (const name of ['plain.csv', 'plain.csv.gz', 'zipped.csv', 'members.csv.gz', 'mark.csv']) {
    assert.deepEqual(read(join(folder, name)), expected, name);
    assert.equal(readFirstLine(join(folder, name)), 'one', name);
    assert.equal(readTextFile(join(folder, name)).endsWithNewline, false, name);
  }
});

test('a file beyond one block loses no line and cuts no character', (context) => {
  const rows = Array.from({ length: 120_000 }, (_, index) => `${index} 币安人生 é`);
  const file = temporaryFile(context, 'long.csv', `${rows.join('\n')}\n`);
  assert.deepEqual(
    read(file),
    rows.map((row, index) => [index + 1, row]),
  );
  assert.equal(readTextFile(file).endsWithNewline, true);
  const wide = temporaryFile(context, 'wide.csv', `${'x'.repeat(3_000_000)}\nlast\n`);
  assert.deepEqual(
    read(wide).map(([line, text]) => [line, text.length]),
    [
      [1, 3_000_000],
      [2, 4],
    ],
  );
});

test('gzip cut at any byte is an error that names the first line that is not there', (context) => {
  const whole = gzipSync(`${manyRows.join('\n')}\n`);
  const folder = temporaryFolder(context, {});
  fc.assert(
    fc.property(fc.integer({ min: 2, max: whole.length - 1 }), (length) => {
      const file = temporaryFile(context, `cut-${length}.csv.gz`, whole.subarray(0, length));
      try {
        readTextFile(file);
        assert.fail('a cut file was read');
      } catch (error) {
        const { code, line, message } = error as { code: string; line: number; message: string };
        assert.equal(code, 'truncated_gzip');
        assert.ok(line >= 1 && line <= manyRows.length + 1);
        assert.equal(message, `${file}:${line}: the gzip data ends too early: ${line - 1} whole lines are readable`);
      }
    }),
    { numRuns: 40 },
  );
  const nearEnd = join(folder, '..', 'none');
  assert.throws(() => readTextFile(nearEnd), { code: 'file_not_found', file: nearEnd });
});

test('gzip with its last byte missing still says that all lines are readable', (context) => {
  const whole = gzipSync('a\nb\nc\n');
  const file = temporaryFile(context, 'a.gz', whole.subarray(0, -1));
  assert.throws(() => readTextFile(file), { code: 'truncated_gzip', line: 4 });
});

test('a flipped byte in gzip is an error', (context) => {
  const whole = gzipSync(`${manyRows.join('\n')}\n`);
  for (const position of [12, whole.length >> 1, whole.length - 6]) {
    const flipped = Buffer.from(whole);
    flipped[position] = (flipped[position] ?? 0) ^ 0x10;
    const file = temporaryFile(context, `flipped-${position}.csv.gz`, flipped);
    assert.throws(
      () => readTextFile(file),
      (error: { code: string; line: number }) => {
        assert.ok(['corrupt_gzip', 'truncated_gzip'].includes(error.code), error.code);
        assert.ok(error.line >= 1 && error.line <= manyRows.length + 1);
        return true;
      },
    );
  }
});

test('missing, empty and unreadable paths are named errors', (context) => {
  const folder = temporaryFolder(context, { 'empty.csv': '', 'empty.csv.gz': gzipSync('') });
  mkdirSync(join(folder, 'folder'));
  for (const read of [readTextFile, readFirstLine]) {
    assert.throws(() => read(join(folder, 'absent.csv')), { code: 'file_not_found', line: 0 });
    assert.throws(() => read(join(folder, 'empty.csv')), { code: 'empty_file', line: 0 });
    assert.throws(() => read(join(folder, 'folder')), { code: 'file_not_readable', line: 0 });
  }
  assert.throws(() => readTextFile(join(folder, 'empty.csv.gz')), { code: 'empty_file' });
});

test('the first line of what is no text is its first four bytes', (context) => {
  const file = temporaryFile(context, 'a.csv', Buffer.from('PK\u0003\u0004\u0000\u0000rest\n', 'latin1'));
  assert.equal(readFirstLine(file), 'PK\u0003\u0004');
});
