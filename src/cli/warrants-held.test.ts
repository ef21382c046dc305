import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check, Verdict } from '../guard/verdict.ts';
import { Holds } from './warrants-held.ts';

const check: Check = {
  class: 'II',
  name: 'mark_age',
  about: 'market 3',
  holds: false,
  found: 'none',
  expected: '30000',
};
const verdict = (kind: Verdict['kind'], of: Check | undefined): Verdict => ({
  kind,
  account: 7,
  action: { kind: 'liquidate', share: 200_000 },
  sequence: 99,
  timeMs: 1000,
  check: of,
});

test('what was held is said once for each check, with its first case; what was accepted or flagged is not', () => {
  const holds = new Holds();
  assert.deepEqual(holds.lines(), []);
  holds.count(verdict('accept', undefined));
  holds.count(verdict('flag', { ...check, class: 'III' }));
  assert.deepEqual(holds.lines(), []);
  holds.count(verdict('hold', check));
  holds.count(verdict('hold', check));
  holds.count(verdict('halt', { ...check, class: 'I', name: 'rules', about: '' }));
  const [, first, second] = holds.lines();
  assert.match(
    first ?? '',
    /class II mark_age: 2 times, first liquidate of account 7 .* market 3 is none, expected 30000/,
  );
  assert.match(second ?? '', /class I rules: 1 times/);
});
