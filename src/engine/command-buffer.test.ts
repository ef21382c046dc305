import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CommandBuffer, utf8 } from './command-buffer.ts';
import { ACCOUNT_KIND } from './state.ts';
import { ROUND_MARKET } from './venue.fixture.ts';

test('text is encoded as the platform encodes it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(utf8(text), new Uint8Array(new TextEncoder().encode(text)));
    }),
  );
  assert.throws(() => utf8('\ud800'), /lone surrogate/);
});

test('text that does not fit and keys of another length are refused, and nothing is half written', () => {
  const buffer = new CommandBuffer();
  assert.throws(() => buffer.placeOrder(1, 3, 1, 1, 1, 0, 0, 'é'.repeat(33)), /text of 66 bytes, at most 64/);
  assert.throws(() => buffer.cancelByClientId(1, 3, '\udc00'), /lone surrogate/);
  assert.throws(
    () => buffer.defineMarket(1, { ...ROUND_MARKET, name: 'x'.repeat(33) }),
    /text of 33 bytes, at most 32/,
  );
  assert.throws(() => buffer.defineAccount(1, new Uint8Array(31), ACCOUNT_KIND.TRADER, 0), /32 bytes, not 31/);
  assert.deepEqual([buffer.rows, buffer.commands], [0, 0]);
});

test('the buffer grows and keeps what is in it; a batch is one command', () => {
  const buffer = new CommandBuffer(1);
  for (let tick = 1; tick <= 100; tick++) buffer.tick(tick);
  const first = buffer.rows;
  buffer.placeBatch(101, 3, 2);
  buffer.placeOrder(101, 3, 1, 1, 1, 0);
  buffer.placeOrder(101, 3, 1, 1, 1, 0, 0, 'id');
  buffer.endBatch(first);
  assert.deepEqual([buffer.rows, buffer.commands, buffer.i32[first * 16 + 1]], [104, 101, 4]);
  assert.equal(buffer.f64[99 * 8 + 1], 100);
});

test('a cleared buffer leaves nothing of what was in it in the rows of the next commands', () => {
  const buffer = new CommandBuffer();
  buffer.defineMarket(1, ROUND_MARKET);
  buffer.placeOrder(1, 3, 1, 1, 1, 0, 0, 'a-client-id');
  buffer.clear();
  buffer.placeOrder(2, 4, 1, 5, 6, 0, 0, 'x');
  const fresh = new CommandBuffer();
  fresh.placeOrder(2, 4, 1, 5, 6, 0, 0, 'x');
  assert.deepEqual(buffer.bytes.slice(0, 128), fresh.bytes.slice(0, 128));
});
