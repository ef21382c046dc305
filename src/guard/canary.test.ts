import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE } from '../engine/rules.ts';
import { MARKET } from '../engine/tables.ts';
import { survivingCanary } from './canary.ts';
import { GuardedVenue, scene } from './guarded-venue.fixture.ts';
import { Checks } from './verdict.ts';

test('the canary is judged on a falsified copy: the state is not touched', () => {
  const { venue, market } = scene(true, RULE.funding_gap);
  const before = venue.state.market.bytes.slice();
  let seen = 0;
  survivingCanary(venue.state, 1, market, (lane) => {
    seen =
      (lane.market.f64[market * 128 + MARKET.MARK] as number) -
      (venue.state.market.f64[market * 128 + MARKET.MARK] as number);
    return new Checks();
  });
  assert.equal(seen, 1);
  assert.deepEqual(venue.state.market.bytes, before);
});

test('a guard that denies nothing, or not by every name, does not pass', () => {
  const { venue, market } = scene(true, RULE.funding_gap);
  assert.equal(
    survivingCanary(venue.state, 1, market, () => new Checks()),
    'funding_index_continuity',
  );
  const partly = survivingCanary(venue.state, 1, market, () => {
    const checks = new Checks();
    checks.note('I', 'funding_index_continuity', '', false, 1, 0);
    checks.note('I', 'mark_continuity', '', false, 1, 0);
    checks.note('I', 'market_parameters', '', true, 1, 1);
    return checks;
  });
  assert.equal(partly, 'market_parameters');
});

test('a guard that was not told of the last commands forces nothing on anyone', () => {
  for (const isTold of [true, false]) {
    const { venue, market, long } = scene(true, RULE.funding_gap);
    if (!isTold) venue.deafen();
    const events = venue.price(market, 8_400, 5_000);
    assert.deepEqual(GuardedVenue.liquidated(events), isTold ? [long] : []);
    assert.deepEqual(new Set(venue.verdicts.map(({ kind }) => kind)), new Set([isTold ? 'accept' : 'halt']));
    if (!isTold) assert.equal(venue.verdicts[0]?.check?.name, 'guard_heard');
  }
});
