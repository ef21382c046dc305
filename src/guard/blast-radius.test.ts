import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlastRadius, componentOf, isCorruption } from './blast-radius.ts';
import type { Check } from './verdict.ts';

const failed = (name: string, about: string, of: Check['class'] = 'II'): Check => ({
  class: of,
  name,
  about,
  holds: false,
  found: '1',
  expected: '2',
});

test('a failed check names what it is about: the venue, a market, or the account itself', () => {
  assert.deepEqual(componentOf(failed('rules', 'maker_fee', 'I'), 7), { kind: 'venue' });
  assert.deepEqual(componentOf(failed('market_parameters', 'market 3 INITIAL_MARGIN', 'I'), 7), {
    kind: 'market',
    market: 3,
  });
  assert.deepEqual(componentOf(failed('position_size', 'position 12 market 3'), 7), { kind: 'account', account: 7 });
  assert.deepEqual(componentOf(failed('account_balance', ''), 7), { kind: 'account', account: 7 });
});

test('data that may come right by itself is no corruption, nor is a doubt', () => {
  assert.ok(isCorruption(failed('account_balance', '')));
  assert.ok(isCorruption(failed('funding_step_bound', 'market 1', 'I')));
  for (const name of ['price_families', 'sample_age', 'mark_age', 'quarantine'])
    assert.ok(!isCorruption(failed(name, '')));
  assert.ok(!isCorruption(failed('mark_near_external_fair', 'market 1', 'III')));
});

function radiusOf(
  count: number,
  check: (account: number) => Check,
  markets: (account: number) => number[],
): BlastRadius {
  const radius = new BlastRadius();
  for (let account = 10; account < 10 + count; account++) {
    radius.deny({ account, check: check(account), markets: markets(account) });
  }
  return radius;
}

test('five accounts of a hundred are denied one by one; a sixth makes it a pattern', () => {
  const check = (): Check => failed('account_balance', '');
  assert.equal(
    radiusOf(5, check, () => [1]).explain(6, () => 100),
    undefined,
  );
  assert.notEqual(
    radiusOf(6, check, () => [1]).explain(6, () => 100),
    undefined,
  );
  assert.equal(
    radiusOf(50, check, () => [1]).explain(6, () => 10_000),
    undefined,
  );
  assert.equal(radiusOf(51, check, () => [1]).explain(6, () => 10_000)?.check.found, '51');
});

test('one account denied often is one account', () => {
  const radius = new BlastRadius();
  for (let n = 0; n < 50; n++) radius.deny({ account: 9, check: failed('account_balance', ''), markets: [1] });
  assert.equal(
    radius.explain(6, () => 100),
    undefined,
  );
});

test('the component is the market whose own checks failed most', () => {
  const check = (account: number): Check =>
    account < 12 ? failed('account_balance', '') : failed('funding_index_continuity', 'market 4 FUNDING_INDEX', 'I');
  assert.deepEqual(radiusOf(9, check, () => [1, 4]).explain(6, () => 100)?.components, [{ kind: 'market', market: 4 }]);
});

test('else the markets whose positions failed, where each denial names one; all of them are the venue', () => {
  const check = (account: number): Check => failed('position_size', `position ${account} market ${1 + (account % 3)}`);
  const markets = (account: number): number[] => [1 + (account % 3)];
  const found = radiusOf(9, check, markets).explain(6, () => 100)?.components;
  assert.deepEqual(
    found,
    [1, 2, 3].map((market) => ({ kind: 'market', market })),
  );
  assert.deepEqual(radiusOf(9, check, markets).explain(3, () => 100)?.components, [{ kind: 'venue' }]);
});

test('else the one market that all of them hold; where there is none or more than one, the venue', () => {
  const check = (): Check => failed('account_balance', '');
  const common = radiusOf(9, check, (account) => [2, account]);
  assert.deepEqual(common.explain(6, () => 100)?.components, [{ kind: 'market', market: 2 }]);
  assert.deepEqual(radiusOf(9, check, (account) => [account]).explain(6, () => 100)?.components, [{ kind: 'venue' }]);
  assert.deepEqual(radiusOf(9, check, () => [1, 2]).explain(6, () => 100)?.components, [{ kind: 'venue' }]);
});
