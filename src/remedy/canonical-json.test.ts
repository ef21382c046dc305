import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalBytes, canonicalJson, type Json } from './canonical-json.ts';

test('keys stand in order of their code units, nothing stands between, lists keep their order', () => {
  const value = { b: [1, -2, true, null], a: { '\u20ac': '', Z: 'z', aa: '1' }, '': false };
  assert.equal(canonicalJson(value), '{"":false,"a":{"Z":"z","aa":"1","\u20ac":""},"b":[1,-2,true,null]}');
});

test('any text and any whole numbers read back as they were, and the same text is written whatever the order of keys', () => {
  const whole = fc.maxSafeInteger().map((value) => value + 0);
  const text = fc.string({ unit: 'binary' });
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      text,
      whole,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (one) => {
      const written = canonicalJson(one);
      assert.deepEqual(JSON.parse(written), one);
      assert.equal(canonicalJson(reversed(one)), written);
      assert.equal(new TextDecoder().decode(canonicalBytes(one)), written);
    }),
  );
});

function reversed(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member as Json)]),
  );
}

test('what has no canonical text is refused by its place', () => {
  assert.throws(() => canonicalJson({ a: [1, { b: 0.5 }] }), { message: '.a[1].b: 0.5 is no whole number' });
  assert.throws(() => canonicalJson([-0]), { message: '[0]: 0 is no whole number' });
  assert.throws(() => canonicalJson('\ud800'), { message: 'the document: the text has a lone surrogate' });
  assert.throws(() => canonicalJson({ a: undefined } as unknown as Json), { message: '.a: undefined has no text' });
});

test('an object whose text is known is written as that', () => {
  const shared = { b: 2, a: 1 };
  const known = new Map<object, string>([[shared, canonicalJson(shared)]]);
  assert.equal(
    canonicalJson({ own: 1, shared, list: [shared] }, known),
    canonicalJson({ own: 1, shared, list: [shared] }),
  );
  assert.equal(canonicalJson([shared], new Map([[shared, '"it"']])), '["it"]');
});
