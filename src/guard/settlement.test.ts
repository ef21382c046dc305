// Settlement of a delisted market under the guard: each with its warrant, and none of a market that nobody delisted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRecord } from '../engine/event.ts';
import { RULE } from '../engine/rules.ts';
import { findPosition, INSURANCE_FUND } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import { all } from '../engine/venue.fixture.ts';
import { type Scene, scene } from './guarded-venue.fixture.ts';

function settled(events: readonly EventRecord[]): number[] {
  return all(events, 'positionSettled').map(({ account }) => account);
}

function delist({ venue, market }: Scene): void {
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.SETTLEMENT, 0));
}

test('every settlement has a warrant that explains the account to the last unit; then all hold nothing', () => {
  const at = scene(true, RULE.funding_gap);
  const { venue, market, long, short } = at;
  delist(at);
  // The account before the long's is the maker, which has but an order.
  const accounts = settled(venue.price(market, 10_050, 5_000)).toSorted((a, b) => a - b);
  assert.deepEqual(accounts, [long - 1, long, short]);
  assert.ok(venue.verdicts.every(({ kind, action }) => kind === 'accept' && action.kind === 'settlePosition'));
  assert.equal(venue.warrants.length, accounts.length);
  for (const line of venue.warrants) {
    const record = JSON.parse(line) as { residual: string; action: { kind: string }; checks: [string, string][] };
    assert.deepEqual([record.residual, record.action.kind], ['0', 'settlePosition']);
    assert.ok(record.checks.some(([, name]) => name === 'delisted'));
  }
  for (const account of [long, short, INSURANCE_FUND]) assert.equal(venue.size(account, market), 0);
});

interface Fault {
  readonly name: string;
  readonly check: string;
  /** Nobody delisted it: the row says so of itself. */
  readonly isDelisted: boolean;
  readonly corrupt: (scene: Scene) => void;
}

const faults: readonly Fault[] = [
  {
    name: 'the status of a market is SETTLEMENT without a command',
    check: 'delisted',
    isDelisted: false,
    corrupt: ({ venue: { state }, market }) => {
      state.market.i32[market * 256 + MARKET.STATUS] = STATUS.SETTLEMENT;
    },
  },
  {
    name: 'the size of a position to be settled is half',
    check: 'position_size',
    isDelisted: true,
    corrupt: ({ venue: { state }, market, long }) => {
      state.position.f64[findPosition(state, long, market) * 16 + POSITION.SIZE] = 50;
    },
  },
  {
    name: 'the cost of a position to be settled is less',
    check: 'position_cost',
    isDelisted: true,
    corrupt: ({ venue: { state }, market, long }) => {
      state.position.f64[findPosition(state, long, market) * 16 + POSITION.COST_LOW] = 1;
    },
  },
];

for (const { name, check, isDelisted, corrupt } of faults) {
  const strike = (at: Scene): number[] => {
    if (isDelisted) delist(at);
    corrupt(at);
    return settled(at.venue.price(at.market, 10_000, 5_000));
  };
  test(`${name}: the account is not settled, and its hold says why`, () => {
    const at = scene(true, RULE.funding_gap);
    assert.ok(!strike(at).includes(at.long));
    const held = at.venue.verdicts.find(({ account }) => account === at.long);
    assert.equal(held?.kind, 'hold');
    const names = [held?.check?.name, held?.check?.about].join(' ');
    assert.ok(names.includes(check), JSON.stringify(held?.check));
  });
  test(`${name}: without the guard it is`, () => {
    const at = scene(false, RULE.funding_gap);
    assert.ok(strike(at).includes(at.long));
  });
}
