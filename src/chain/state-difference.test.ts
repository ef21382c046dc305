import assert from 'node:assert/strict';
import { test } from 'node:test';
import { genesis, type State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';
import { describeDifference, diffStates } from './state-difference.ts';

function stateOfMarkets(count: number): State {
  const state = genesis();
  for (let n = 0; n < count; n++) state.market.allocate();
  return state;
}

test('equal states have no difference, whatever room they have', () => {
  assert.deepEqual(diffStates(genesis(), genesis({ accounts: 9000 }), 10), []);
});

test('a difference names table, row, column and both values', () => {
  const control = stateOfMarkets(4);
  const candidate = stateOfMarkets(4);
  control.market.f64[3 * control.market.rowFloats + MARKET.FUNDING_INDEX] = 600_000_000_000;
  const [difference, ...more] = diffStates(control, candidate, 10);
  assert.deepEqual(more, []);
  assert.ok(difference);
  assert.equal(describeDifference(difference), 'market/3/fundingIndex: control 600000000000, candidate 0');
});

test('differences come in the order of tables, rows and columns, up to the limit', () => {
  const control = genesis();
  const candidate = genesis();
  candidate.account.f64[2 * candidate.account.rowFloats] = 7;
  candidate.account.f64[1 * candidate.account.rowFloats + 1] = 8;
  candidate.account.f64[1 * candidate.account.rowFloats + 3] = 9;
  candidate.rule.f64[candidate.rule.rowFloats + 5] = -1;
  const names = (limit: number): string[] =>
    diffStates(control, candidate, limit).map(({ table, row, column, index }) => `${table} ${row} ${column} ${index}`);
  const all = ['rule 1 value 5', 'account 1 balanceLow 0', 'account 1 pendingLow 0', 'account 2 balanceHigh 0'];
  assert.deepEqual(names(10), all);
  assert.deepEqual(names(2), all.slice(0, 2));
  assert.deepEqual(names(1), all.slice(0, 1));
});

test('counts are compared, and a row that one state lacks is absent, not zero', () => {
  const control = genesis();
  const candidate = genesis();
  candidate.withdrawal.allocate();
  candidate.withdrawal.f64[candidate.withdrawal.rowFloats + 2] = 5;
  assert.deepEqual(diffStates(control, candidate, 10).map(describeDifference), [
    'withdrawal/0/rows: control 1, candidate 2',
    'withdrawal/0/live: control 0, candidate 1',
    'withdrawal/1/account: control none, candidate 0',
    'withdrawal/1/status: control none, candidate 0',
    'withdrawal/1/id: control none, candidate 0',
    'withdrawal/1/amount: control none, candidate 5',
    'withdrawal/1/loss: control none, candidate 0',
    'withdrawal/1/requestedMs: control none, candidate 0',
  ]);
});

test('rows beyond what the other state has room for are found', () => {
  const control = genesis();
  const candidate = genesis();
  for (let n = 0; n < 500; n++) candidate.order.allocate();
  candidate.order.i32[500 * candidate.order.rowWords + 1] = 3;
  assert.ok(diffStates(control, candidate, 100).some(({ row, column }) => row === 500 && column === 'remaining'));
});

test('zero and negative zero differ, and so do bytes that no column holds', () => {
  const control = genesis();
  const candidate = genesis();
  candidate.account.f64[candidate.account.rowFloats] = -0;
  candidate.account.i32[2 * candidate.account.rowWords + 11] = 1;
  const [zero, gap] = diffStates(control, candidate, 2);
  assert.equal(zero?.column, 'balanceHigh');
  assert.deepEqual({ column: gap?.column, row: gap?.row, index: gap?.index }, { column: 'byte', row: 2, index: 44 });
});
