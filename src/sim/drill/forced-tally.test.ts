import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT, EventBuffer } from '../../engine/event.ts';
import { CLOSE } from '../../engine/refusal.ts';
import { ForcedTally } from './forced-tally.ts';

const OLD_ORDER = 7;
const isShared = (order: number): boolean => order === OLD_ORDER;

function tally(write: (events: EventBuffer) => void): ForcedTally {
  const events = new EventBuffer();
  write(events);
  const result = new ForcedTally(isShared);
  result.take(events);
  return result;
}

function liquidate(events: EventBuffer, account: number, size = 10, mark = 5e8): void {
  events.emit(EVENT.positionTaken, account, 1, size, mark, 0);
  events.emit(EVENT.liquidated, account, 1e6, 0);
}

test('a liquidation that the clean run has as well is right, and one more of the same account is not', () => {
  const clean = tally((events) => liquidate(events, 3));
  const run = tally((events) => {
    for (const account of [3, 3, 4]) liquidate(events, account);
  });
  const { wrongful, legitimate, accounts } = run.against(clean);
  assert.deepEqual(wrongful, { count: 2, accounts: 2, notionalUsd: 100 });
  assert.deepEqual(legitimate, { count: 1 });
  assert.deepEqual(accounts, [3, 4]);
  assert.equal(run.against(run).wrongful.count, 0);
  assert.equal(clean.against(tally(() => {})).wrongful.notionalUsd, 50);
});

test('orders that both runs have are compared, those of one alone say nothing', () => {
  const run = tally((events) => {
    for (const order of [OLD_ORDER, 8]) events.emit(EVENT.orderTriggered, order, 5, 1, 5e8, 100, 10);
    events.emit(EVENT.orderClosed, OLD_ORDER, 5, 1, CLOSE.DELEVERAGE, 10);
    events.emit(EVENT.orderClosed, OLD_ORDER, 5, 1, CLOSE.USER_CANCELED, 10);
  });
  const { wrongful, legitimate } = run.against(tally(() => {}));
  assert.deepEqual(wrongful, { count: 2, accounts: 1, notionalUsd: 50 });
  assert.deepEqual(legitimate, { count: 1 });
});

test('accounts that only one run has trading are left out, and what is right all the same is', () => {
  const run = tally((events) => {
    for (const account of [3, 4, 5]) liquidate(events, account);
  });
  const clean = tally(() => {});
  assert.equal(run.against(clean, [4]).wrongful.count, 2);
  const some = run.against(clean, [4], ({ account }) => account === 5);
  assert.deepEqual([some.wrongful.count, some.legitimate.count], [1, 1]);
  assert.equal(run.from(2).against(clean).wrongful.count, 1);
});
