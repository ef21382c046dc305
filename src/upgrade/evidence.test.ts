import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Evidence, evidenceHash, evidenceText, makeEvidence, verifyEvidence } from './evidence.ts';
import { STATES } from './states.ts';

const SEED = new Uint8Array(32).fill(5);

function chainOf(seed: Uint8Array, length: number): Evidence[] {
  const chain: Evidence[] = [];
  for (const state of STATES.slice(0, length)) {
    const report = {
      state,
      verdict: 'pass',
      abort: null,
      beganMs: 1,
      endedMs: 2,
      content: { rows: 3, paths: ['a/1/b'] },
    } as const;
    chain.push(makeEvidence(chain, 'u1', report, seed));
  }
  return chain;
}

const CHAIN = chainOf(SEED, 5);
const TEXTS = CHAIN.map(evidenceText);

test('a chain as it was written is sound, and its texts are what they were made of', () => {
  const verdict = verifyEvidence(TEXTS, { key: CHAIN[0]?.key ?? '', hashes: CHAIN.map(evidenceHash) });
  assert.deepEqual(verdict, { sound: true, chain: CHAIN });
});

test('any edit of any byte of any document is found', () => {
  fc.assert(
    fc.property(fc.nat(TEXTS.length - 1), fc.nat(), fc.integer({ min: 32, max: 126 }), (which, place, code) => {
      const text = TEXTS[which] as string;
      const at = place % text.length;
      const edited = `${text.slice(0, at)}${String.fromCharCode(code)}${text.slice(at + 1)}`;
      fc.pre(edited !== text);
      const verdict = verifyEvidence(TEXTS.with(which, edited));
      assert.equal(verdict.sound, false);
      assert.ok(!verdict.sound && verdict.fault.ordinal <= which + 1);
    }),
    { numRuns: 60 },
  );
});

test('one that was taken out, put elsewhere, or signed by another key is named', () => {
  const what = (texts: readonly string[], more?: Parameters<typeof verifyEvidence>[1]): unknown => {
    const verdict = verifyEvidence(texts, more);
    return verdict.sound ? 'sound' : [verdict.fault.ordinal, verdict.fault.what];
  };
  assert.deepEqual(what(TEXTS.toSpliced(2, 1)), [2, 'wrong_place']);
  assert.deepEqual(what([TEXTS[1] as string]), [0, 'wrong_place']);
  const others = chainOf(new Uint8Array(32).fill(6), 5);
  assert.deepEqual(what(others.map(evidenceText), { key: CHAIN[0]?.key ?? '' }), [0, 'key_changed']);
  const forged = makeEvidence(CHAIN.slice(0, 4), 'u1', CHAIN[4] as Evidence, new Uint8Array(32).fill(6));
  assert.deepEqual(what(TEXTS.with(4, evidenceText(forged))), [4, 'key_changed']);
  // The last one is missed only by who knows that there was one.
  assert.deepEqual(what(TEXTS.slice(0, 4)), 'sound');
  assert.deepEqual(what(TEXTS.slice(0, 4), { hashes: CHAIN.map(evidenceHash) }), [4, 'missing']);
  assert.deepEqual(what(TEXTS, { hashes: CHAIN.map((each, n) => (n === 3 ? '00' : evidenceHash(each))) }), [
    3,
    'chain_broken',
  ]);
});
