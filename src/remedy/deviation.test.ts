import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyState } from '../chain/copy-state.ts';
import { diffStates } from '../chain/state-difference.ts';
import { genesis } from '../engine/state.ts';
import { ACCOUNT, POSITION } from '../engine/tables.ts';
import { deviate, type StateWrite, UnknownPlace } from './deviation.ts';
import { TrueIndexes } from './true-index.ts';
import { worthOfWritten, writtenBy } from './written.ts';

const write = (more: Partial<StateWrite>): StateWrite => ({
  table: 'account',
  row: 1,
  column: 'balanceLow',
  index: 0,
  value: 5,
  ...more,
});

test('a deviation writes values, counts and bytes, and nothing else', () => {
  const state = genesis();
  const before = copyState(state);
  const writes = [
    write({}),
    write({ column: 'kind', value: 7 }),
    write({ table: 'accountKey', column: 'key', index: 3, value: 9 }),
    write({ table: 'order', row: 0, column: 'rows', value: 40 }),
    write({ column: 'byte', index: 63, value: 1 }),
  ];
  deviate(state, { afterSequence: 0, writes });
  const found = diffStates(before, state, 100).map(({ table, row, column, index, candidate }) => [
    table,
    row,
    column,
    index,
    candidate,
  ]);
  assert.ok(found.some((each) => each.join() === 'account,1,balanceLow,0,5'));
  assert.ok(found.some((each) => each.join() === 'account,1,kind,0,7'));
  assert.ok(found.some((each) => each.join() === 'accountKey,1,key,3,9'));
  assert.ok(found.some((each) => each.join() === 'order,0,rows,0,40'));
  assert.equal(state.account.bytes[64 + 63], 1);
  assert.equal(state.account.touched[0], 1);
});

test('places that are none are refused by name', () => {
  const refused: Partial<StateWrite>[] = [
    { table: 'money' as StateWrite['table'] },
    { column: 'fortune' },
    { row: 99 },
    { row: 0, column: 'balanceLow' },
    { row: 0, column: 'rows', value: -1 },
    { index: 1 },
    { column: 'byte', index: 64 },
  ];
  for (const each of refused) {
    assert.throws(() => deviate(genesis(), { afterSequence: 0, writes: [write(each)] }), UnknownPlace);
  }
});

test('what was written as money or lots is known, what was not is nothing', () => {
  const state = genesis();
  const of = (write: () => void): bigint => worthOfWritten([writtenBy(state, write)], [0n, 3n]);
  const balance = 8 + ACCOUNT.BALANCE_LOW;
  assert.equal(
    of(() => state.account.f64.set([100], balance)),
    100n,
  );
  assert.equal(
    of(() => state.account.f64.set([40], balance)),
    -60n,
  );
  assert.equal(
    of(() => state.account.i32.set([1], 16 + ACCOUNT.FEE_CLASS)),
    0n,
  );
  const row = state.position.allocate();
  state.position.i32[row * 32 + POSITION.MARKET] = 1;
  assert.equal(
    of(() => state.position.f64.set([-7], row * 16 + POSITION.SIZE)),
    -21n,
  );
  assert.equal(
    of(() => state.account.f64.set([2], 8 + ACCOUNT.RECEIVABLE)),
    -2n,
  );
});

test('true indexes: who has not settled since a write settled before it, whatever was written twice', () => {
  const state = genesis();
  const market = state.market.allocate();
  const [one, two] = [state.position.allocate(), state.position.allocate()];
  for (const row of [one, two]) state.position.i32[row * 32 + POSITION.MARKET] = market;
  const settle = (row: number, index: number): void => {
    state.position.f64[row * 16 + POSITION.FUNDING_INDEX] = index;
  };
  const move = (index: number): void => {
    state.market.f64[market * 128 + 49] = index;
  };
  move(5000);
  settle(one, 4000);
  settle(two, 5000);
  const truth = new TrueIndexes();
  truth.around(state, () => move(0));
  assert.equal(truth.index(state, market), 5000n);
  assert.equal(truth.settled(state, one), 4000n);
  move(10);
  settle(two, 10);
  assert.equal(truth.settled(state, two), 5010n);
  truth.around(state, () => move(7));
  assert.equal(truth.index(state, market), 5010n);
  assert.equal(truth.settled(state, two), 5010n);
  assert.equal(truth.settled(state, one), 4000n);
  settle(one, 7);
  assert.equal(truth.settled(state, one), 5010n);
  // A cached index that is written is no settlement.
  truth.around(state, () => settle(two, 0));
  assert.equal(truth.settled(state, two), 5010n);
});
