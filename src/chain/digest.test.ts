import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from './digest.ts';

test('bytes and hexadecimal digits say the same, in small and in capital letters', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
      const text = Buffer.from(bytes).toString('hex');
      assert.equal(toHex(bytes), text);
      assert.deepEqual(fromHex(text), bytes);
      assert.deepEqual(fromHex(text.toUpperCase()), bytes);
    }),
  );
  assert.deepEqual(toHex(fromHex('000102090a0b0f101f7f80a0abff')), '000102090a0b0f101f7f80a0abff');
});

test('what is no hexadecimal text is refused', () => {
  for (const text of ['0', 'zz', '0g', ' 00', '0x00', '00 ', '@`'])
    assert.throws(() => fromHex(text), /not hexadecimal/);
});
