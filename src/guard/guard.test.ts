import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from '../engine/invariant-broken.ts';
import { RULE } from '../engine/rules.ts';
import { findPosition } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { USDC } from '../engine/venue.fixture.ts';
import { Guard } from './guard.ts';
import { GuardedVenue, type Scene, scene } from './guarded-venue.fixture.ts';
import type { Verdict } from './verdict.ts';

interface Fault {
  readonly name: string;
  /** The check that must find it. */
  readonly check: string;
  readonly verdict: 'hold' | 'halt';
  readonly corrupt: (scene: Scene) => void;
  /** No samples come with the tick after the fault. */
  readonly isSilent?: boolean;
}

const position = ({ venue, market }: Scene, account: number): number => findPosition(venue.state, account, market) * 16;

const faults: readonly Fault[] = [
  {
    // The engine finds one that only the table has (below); rows that a restart took over are consistent in themselves.
    name: 'the funding index of a market is zero after a restart',
    check: 'funding_step_bound',
    verdict: 'hold',
    corrupt: ({ venue: { state }, market }) => {
      state.market.f64[market * 128 + MARKET.FUNDING_INDEX] = 0;
      state.index.fundingIndexes[market] = 0;
    },
  },
  {
    name: 'the cached funding index of a position is zero',
    check: 'position_funding_index',
    verdict: 'hold',
    corrupt: (at) => {
      at.venue.state.position.f64[position(at, at.long) + POSITION.FUNDING_INDEX] = 0;
    },
  },
  {
    name: 'a balance is less',
    check: 'account_balance',
    verdict: 'hold',
    corrupt: ({ venue: { state }, long }) => {
      state.account.f64[long * 8 + ACCOUNT.BALANCE_LOW] = 1;
    },
  },
  {
    name: 'a size is half',
    check: 'position_size',
    verdict: 'hold',
    corrupt: (at) => {
      at.venue.state.position.f64[position(at, at.long) + POSITION.SIZE] = 50;
    },
  },
  {
    name: 'a cost is more',
    check: 'position_cost',
    verdict: 'hold',
    corrupt: (at) => {
      const { f64 } = at.venue.state.position;
      const column = position(at, at.long) + POSITION.COST_LOW;
      f64[column] = (f64[column] as number) + 1_900 * USDC;
    },
  },
  {
    name: 'a cost is no number',
    check: 'fields_are_numbers',
    verdict: 'hold',
    corrupt: (at) => {
      at.venue.state.position.f64[position(at, at.long) + POSITION.COST_LOW] = 1.19e12 + 0.5;
    },
  },
  {
    name: 'the mark moves without samples',
    check: 'mark_continuity',
    verdict: 'hold',
    isSilent: true,
    corrupt: ({ venue: { state }, market }) => {
      state.market.f64[market * 128 + MARKET.MARK] = 5_000e6;
    },
  },
  {
    name: 'the maintenance factor changes without a command',
    check: 'market_parameters',
    verdict: 'hold',
    corrupt: ({ venue: { state }, market }) => {
      state.market.f64[market * 128 + MARKET.MAINTENANCE_FACTOR] = 2_000_000;
    },
  },
  {
    name: 'a rule changes without a command',
    check: 'rules',
    verdict: 'halt',
    corrupt: ({ venue: { state } }) => {
      state.rule.f64[64 + RULE.retail_taker_fee] = 200_000;
      state.rule.f64[64 + RULE.taker_fee] = 200_000;
    },
  },
];

/** Corrupts the scene and lets the clock tick; returns who is liquidated. */
function strike(at: Scene, { corrupt, isSilent = false }: Fault): number[] {
  const { venue, market } = at;
  corrupt(at);
  // As after a restart: what was derived before says nothing any more.
  venue.state.index.bounds.reset(venue.state.account.rows);
  if (!isSilent) return GuardedVenue.liquidated(venue.price(market, 10_000, 5_000));
  venue.timeMs += 40_000;
  return GuardedVenue.liquidated(venue.apply((buffer, timeMs) => buffer.tick(timeMs)));
}

for (const fault of faults) {
  test(`${fault.name}: nobody is forced out, and ${fault.check} says why`, () => {
    const at = scene(true, RULE.funding_gap);
    assert.deepEqual(strike(at, fault), []);
    const [first] = at.venue.verdicts;
    assert.equal(first?.kind, fault.verdict);
    assert.equal(first?.check?.name, fault.check);
    assert.deepEqual(at.venue.warrants, []);
  });
  test(`${fault.name}: a block that is closed over it does not make it good`, () => {
    const at = scene(true, RULE.funding_gap);
    const { venue, market } = at;
    venue.deposit(at.long, 1);
    fault.corrupt(at);
    for (const [, table] of venue.state.tables()) table.touched.fill(1);
    if (fault.isSilent !== true && fault.name.includes('index of a market')) venue.price(market, 10_000, 1_000);
    venue.seal();
    venue.deposit(at.long, 1);
    venue.seal();
    assert.deepEqual(strike(at, { ...fault, corrupt: () => undefined }), []);
    assert.equal(venue.verdicts[0]?.check?.name, fault.check);
    assert.deepEqual(venue.warrants, []);
  });
  test(`${fault.name}: without the guard someone is`, () => {
    const at = scene(false, RULE.funding_gap);
    assert.ok(strike(at, fault).length > 0);
  });
}

test('an index that is not what the last tick left stops the engine itself, before any guard', () => {
  const { venue, market } = scene(true, RULE.funding_gap);
  venue.state.market.f64[market * 128 + MARKET.FUNDING_INDEX] = 0;
  assert.throws(() => venue.price(market, 10_000, 5_000), InvariantBroken);
});

test('a sound venue has no proposals; a real fall is explained by price and goes through', () => {
  const { venue, market, long } = scene(true, RULE.funding_gap);
  venue.price(market, 10_000, 5_000);
  assert.deepEqual(venue.verdicts, []);
  const events = venue.price(market, 8_800, 5_000);
  assert.deepEqual(GuardedVenue.liquidated(events), [long]);
  assert.deepEqual(
    venue.verdicts.map(({ kind, account }) => [kind, account]),
    [['accept', long]],
  );
  const [line = ''] = venue.warrants;
  const { split, residual, equity, account } = JSON.parse(line) as Record<string, unknown>;
  const { price, funding, fees, trades, transfers, rules } = split as Record<string, string>;
  assert.equal(account, long);
  assert.equal(residual, '0');
  // 1 base, 1,200 USDC down.
  assert.equal(price, String(-1_200 * USDC));
  assert.deepEqual([fees, trades, transfers, rules], ['0', '0', '0', '0']);
  const { sealed, now } = equity as { sealed: string; now: string };
  assert.equal(BigInt(now) - BigInt(sealed), BigInt(price as string) + BigInt(funding as string));
  assert.ok(BigInt(funding as string) < 0n, 'the long paid funding');
});

test('what happens between two blocks is part of the explanation: trades, fees, deposits, a second liquidation', () => {
  const { venue, market, long, short } = scene(true, RULE.funding_gap);
  venue.deposit(long, 20);
  venue.trade(long, short, market, 10, 10_000);
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'INITIAL_MARGIN', 110_000));
  venue.setRule(RULE.taker_fee, 500);
  venue.trade(short, long, market, 5, 9_990);
  venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, short, 1 * USDC));
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 8_900, 5_000)), [long]);
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 8_600, 5_000)), [long]);
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 12_900, 5_000)), [short]);
  assert.ok(venue.verdicts.every(({ kind }) => kind === 'accept' || kind === 'flag'));
  assert.equal(venue.warrants.length, venue.verdicts.length);
  for (const line of venue.warrants) assert.equal((JSON.parse(line) as { residual: string }).residual, '0');
});

test('a guard that saw no block gives no warrant', () => {
  const { venue, market } = scene(false, RULE.funding_gap);
  const verdicts: Verdict[] = [];
  const guard = new Guard({ onVerdict: (verdict) => verdicts.push(verdict) });
  venue.price(market, 8_800, 5_000);
  guard.listen(venue.state);
  assert.deepEqual(guard.judge(venue.state, 0, { fork: 0, height: 1 }), []);
  assert.deepEqual(
    verdicts.map(({ kind, check }) => [kind, check?.name]),
    [['hold', 'sealed_block']],
  );
});
