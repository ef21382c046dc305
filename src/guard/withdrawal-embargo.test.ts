import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATION, STATUS } from '../engine/status.ts';
import { type SoakFacts, WithdrawalEmbargo } from './withdrawal-embargo.ts';

const { WITHDRAWALS, TRANSFERS } = OPERATION;
const OPEN = { status: STATUS.OK, paused: WITHDRAWALS };

function facts(timeMs: number, more: Partial<SoakFacts> = {}): SoakFacts {
  return { timeMs, gapMs: 1_000, soakMs: 5_000, venue: OPEN, isReopening: false, decided: undefined, ...more };
}

function begun(): WithdrawalEmbargo {
  const embargo = new WithdrawalEmbargo();
  embargo.begin(0);
  return embargo;
}

test('withdrawals open once everything stood open for the time, and not before', () => {
  const embargo = begun();
  for (let timeMs = 0; timeMs < 5_000; timeMs += 500) assert.equal(embargo.pass(facts(timeMs)), undefined, `${timeMs}`);
  const venue = { status: STATUS.OK, paused: WITHDRAWALS | TRANSFERS };
  assert.deepEqual(embargo.pass(facts(5_000, { venue })), { status: STATUS.OK, paused: TRANSFERS });
  assert.equal(embargo.isOn, false);
  assert.equal(embargo.pass(facts(5_500)), undefined);
});

test('the time begins anew when the venue stops or a market is on its way, and silence does not count', () => {
  for (const change of [{ venue: { status: STATUS.MAINTENANCE, paused: WITHDRAWALS } }, { isReopening: true }]) {
    const embargo = begun();
    for (let timeMs = 0; timeMs < 5_000; timeMs += 500) embargo.pass(facts(timeMs));
    embargo.pass(facts(5_000, change));
    for (let timeMs = 5_500; timeMs < 10_500; timeMs += 500) assert.equal(embargo.pass(facts(timeMs)), undefined);
    assert.ok(embargo.pass(facts(10_500)) !== undefined);
  }
  const silent = begun();
  silent.pass(facts(0));
  assert.equal(silent.pass(facts(60_000)), undefined);
});

test('who opens withdrawals too early is corrected; a record that opens them says that it is over', () => {
  const embargo = begun();
  assert.deepEqual(embargo.correction({ status: STATUS.OK, paused: TRANSFERS }), {
    status: STATUS.OK,
    paused: TRANSFERS | WITHDRAWALS,
  });
  assert.equal(embargo.correction(OPEN), undefined);
  embargo.recall(OPEN);
  assert.ok(embargo.isOn);
  embargo.recall({ status: STATUS.OK, paused: 0 });
  assert.ok(!embargo.isOn);
  assert.equal(embargo.correction({ status: STATUS.OK, paused: 0 }), undefined);
});

test('what people paused stays paused', () => {
  const before = new WithdrawalEmbargo();
  before.begin(WITHDRAWALS);
  assert.ok(!before.isOn);
  const since = begun();
  const decided = { status: STATUS.OK, paused: WITHDRAWALS };
  for (let timeMs = 0; timeMs <= 6_000; timeMs += 500) assert.equal(since.pass(facts(timeMs, { decided })), undefined);
  assert.ok(!since.isOn);
});
