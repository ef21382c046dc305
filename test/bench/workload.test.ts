// The portable workload: the bytes and the figures by which engines are compared, and files that are none.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withScratchFolder } from '../../bench/scratch-folder.ts';
import { generateWorkload, HEADER_WORDS, RECORD_WORDS, type WorkloadParameters } from '../../bench/workload.ts';
import { readWorkload, WorkloadError, writeWorkload } from '../../bench/workload-file.ts';

/** Parameters, and what the public generator of this format makes of them: the file's SHA-256, trades and volume. */
const PUBLIC: readonly (readonly [WorkloadParameters, string, number, number])[] = [
  [
    { operations: 20_000, markets: 3, accounts: 500, liveTarget: 400, seed: 5 },
    '3105d4499c10b9bc9ef6911a482240ba2195828d4f2097f10cc971e26ca574ed',
    6589,
    259981,
  ],
  [
    { operations: 20_000, markets: 1, accounts: 500, liveTarget: 400, seed: 9 },
    '88a5bd7fafe479cf8b036700e559bea1f0565ddcc00210d396f9923d0b01ddb8',
    7007,
    287031,
  ],
];
const [small] = PUBLIC[0] as (typeof PUBLIC)[number];

test('generated operations are those of the public generator, byte for byte, with its trades and volume', async () => {
  await withScratchFolder(undefined, (folder) => {
    for (const [parameters, digest, trades, volume] of PUBLIC) {
      const workload = generateWorkload(parameters);
      const file = join(folder, 'operations.bin');
      writeWorkload(file, workload);
      assert.equal(createHash('sha256').update(readFileSync(file)).digest('hex'), digest);
      assert.deepEqual([workload.trades, workload.volume], [trades, volume]);
    }
  });
});

test('a file that was written reads as what was written', async () => {
  await withScratchFolder(undefined, (folder) => {
    const workload = generateWorkload(small);
    const file = join(folder, 'operations.bin');
    writeWorkload(file, workload);
    const read = readWorkload(file);
    assert.deepEqual(read.words, workload.words);
    assert.deepEqual([read.operations, read.markets, read.orders], [workload.operations, 3, workload.orders]);
    assert.deepEqual([read.trades, read.volume], [workload.trades, workload.volume]);
    assert.ok(read.accounts <= small.accounts);
  });
});

test('a file that is none is refused, and the message names it and the record', async () => {
  await withScratchFolder(undefined, (folder) => {
    const file = join(folder, 'operations.bin');
    const { words } = generateWorkload({ ...small, operations: 1_000 });
    const whole = Buffer.from(words.buffer);
    const changed = (record: number, field: number, value: number): Buffer => {
      const copy = Int32Array.from(words);
      copy[HEADER_WORDS + record * RECORD_WORDS + field] = value;
      return Buffer.from(copy.buffer);
    };
    const cancel = words.findIndex((word, at) => at % RECORD_WORDS === HEADER_WORDS && (word & 255) === 1);
    const cancelled = (cancel - HEADER_WORDS) / RECORD_WORDS;
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [Buffer.alloc(0), /no workload: 0 bytes/],
      [Buffer.from('orders, and then some'), /no workload: 21 bytes/],
      [Buffer.from('a text of forty-four bytes, which is no file'), /its header is not that of version 1/],
      [whole.subarray(0, whole.length - 40), /announces 1000 records and its length holds 999$/],
      [whole.subarray(0, whole.length - 8), /announces 1000 records and its length holds 999\.8$/],
      [changed(7, 0, 9), /record 7: no operation of this format/],
      [changed(7, 1, 0), /record 7: size 0/],
      [changed(7, 6, -5), /record 7: price -5/],
      [changed(7, 4, 1001), /record 7: order 1001/],
      [changed(7, 9, 5000), /5001 markets, at most 4096/],
      [changed(7, 8, 5_000_000), /5000001 accounts, at most 4000000/],
      [changed(7, 4, 7), /record 7: order 7 lives already/],
      [changed(cancelled, 4, 1000), new RegExp(`record ${cancelled}: order 1000 does not live`)],
      [changed(cancelled, 9, 4), new RegExp(`record ${cancelled}: order \\d+ is not in market 4 on side`)],
    ];
    for (const [bytes, message] of cases) {
      writeFileSync(file, bytes);
      assert.throws(
        () => readWorkload(file),
        (error) => error instanceof WorkloadError && error.code === 'workload_invalid' && message.test(error.message),
        String(message),
      );
    }
  });
});
