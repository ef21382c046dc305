import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Block, blockHash, decodeBlock, encodeBlock } from './block.ts';
import { toHex } from './digest.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const block: Block = {
  height: 1604710,
  fork: 3,
  parentHash: new Uint8Array(32).fill(0x11),
  firstSequence: 2 ** 45,
  lastSequence: 2 ** 45 + 4095,
  firstMs: 1_768_800_000_000,
  lastMs: 1_768_800_000_999,
  commandsRoot: new Uint8Array(32).fill(0x22),
  stateRoot: new Uint8Array(32).fill(0x33),
  rulesHash: new Uint8Array(32).fill(0x44),
  release: 1,
};

test('a block is read back as it was written', () => {
  assert.deepEqual(decodeBlock(encodeBlock(block)), block);
});

test('the canonical bytes and the hash are fixed', () => {
  const bytes = encodeBlock(block);
  const fields =
    '4d57424b01000000030000000100000000000000667c3841000000000000c042' +
    '80ff07000000c042000080214bbd79420070be214bbd79420000000000000000';
  assert.equal(toHex(bytes), fields + '11'.repeat(32) + '22'.repeat(32) + '33'.repeat(32) + '44'.repeat(32));
  const hash = 'cecc70efd898920ca4276da65ede7a74c0660064a8edd37859b712083009fa28';
  assert.equal(toHex(blockHash(block, sha256)), hash);
});

test('every field is under the hash', () => {
  const hashes = new Set([toHex(blockHash(block, sha256))]);
  const digest = new Uint8Array(32).fill(0x55);
  const changes: Partial<Block>[] = [
    { height: 1 },
    { fork: 4 },
    { parentHash: digest },
    { firstSequence: 1 },
    { lastSequence: 1 },
    { firstMs: 1 },
    { lastMs: 1 },
    { commandsRoot: digest },
    { stateRoot: digest },
    { rulesHash: digest },
    { release: 2 },
    { restores: 0 },
    { restores: 1 },
  ];
  for (const change of changes) hashes.add(toHex(blockHash({ ...block, ...change }, sha256)));
  assert.equal(hashes.size, 14);
});

test('bytes that are not of a block of this format are none', () => {
  const bytes = encodeBlock(block);
  assert.equal(decodeBlock(bytes.subarray(1)), undefined);
  for (const at of [0, 4, 56]) {
    const other = bytes.slice();
    other[at] = (other[at] as number) ^ 1;
    assert.equal(decodeBlock(other), undefined, `byte ${at}`);
  }
});

test('a block restores one below it, or none', () => {
  const restores = (height: number): Block => ({ ...block, restores: height });
  for (const height of [0, 1, block.height - 1]) {
    assert.deepEqual(decodeBlock(encodeBlock(restores(height))), restores(height));
  }
  for (const height of [block.height, block.height + 1, -2, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(decodeBlock(encodeBlock(restores(height))), undefined, `${height}`);
  }
  const negativeZero = encodeBlock(block);
  new Float64Array(negativeZero.buffer)[7] = -0;
  assert.equal(decodeBlock(negativeZero), undefined);
});
