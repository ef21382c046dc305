import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIONS, cellOf, readTable, VALIDITIES, VALIDITY_TABLE } from './validity.ts';

const severity = { allow: 0, slow: 1, hold: 2 } as const;
const voluntary = ['place', 'reduce', 'cancel', 'withdraw', 'transfer'] as const;
const forced = ['trigger', 'liquidate', 'forceCancel', 'settle'] as const;

test('a valid price allows everything; a broken one lets people out and forces nothing', () => {
  for (const action of ACTIONS) assert.equal(cellOf('valid', action), 'allow', action);
  for (const action of ACTIONS) {
    assert.equal(cellOf('broken', action), action === 'reduce' || action === 'cancel' ? 'allow' : 'hold', action);
  }
});

test('whatever the price, a forced action is held at least as strictly as any voluntary one, and people may always leave', () => {
  for (const validity of VALIDITIES) {
    const strictest = Math.max(...voluntary.map((action) => severity[cellOf(validity, action)]));
    for (const action of forced) assert.ok(severity[cellOf(validity, action)] >= strictest, `${validity} ${action}`);
    assert.equal(cellOf(validity, 'reduce'), 'allow');
    assert.equal(cellOf(validity, 'cancel'), 'allow');
  }
});

test('plausibility alone slows forced actions down and never holds them', () => {
  for (const validity of ['flat', 'thin'] as const) {
    for (const action of forced) assert.equal(cellOf(validity, action), 'slow');
  }
});

test('a table that lacks a row, a column or a word of a cell is refused', () => {
  assert.throws(() => readTable(VALIDITY_TABLE.replace(/.*stale.*\n/, '')), RangeError);
  assert.throws(() => readTable(VALIDITY_TABLE.replace('reopen', '')), RangeError);
  assert.throws(() => readTable(VALIDITY_TABLE.replace('slow', 'maybe')), RangeError);
});
