import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE } from '../engine/rules.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';

/** Six longs that fall at 8,900 and six at 8,700, each with a short of its own that is rich. */
function crowd(): { venue: GuardedVenue; market: number; early: number[]; late: number[] } {
  const venue = new GuardedVenue(true);
  const market = venue.market();
  venue.price(market, 10_000);
  const rich = venue.trader(1_000_000);
  const open = (usdc: number): number => {
    const account = venue.trader(usdc);
    venue.trade(account, rich, market, 100, 10_000);
    return account;
  };
  const early = Array.from({ length: 6 }, () => open(1_500));
  const late = Array.from({ length: 6 }, () => open(1_700));
  // On the first tick of an interval, so that all that follows is in it.
  const interval = 60_000;
  venue.price(market, 10_000, interval - (venue.timeMs % interval));
  venue.seal();
  return { venue, market, early, late };
}

test('after six liquidations of an interval the next ones wait for the grace, and then happen, flagged', () => {
  const { venue, market, early, late } = crowd();
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 8_900, 5_000)).toSorted(), early);
  assert.deepEqual(new Set(venue.verdicts.map(({ kind }) => kind)), new Set(['accept']));
  venue.verdicts.length = 0;
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 8_700, 5_000)), []);
  assert.ok(venue.verdicts.length > 0);
  for (const { kind, check } of venue.verdicts) assert.deepEqual([kind, check?.name], ['hold', 'breaker_liquidations']);
  venue.verdicts.length = 0;
  const happened = GuardedVenue.liquidated(venue.price(market, 8_700, 5_000));
  assert.ok(late.every((account) => happened.includes(account)));
  for (const { kind, check } of venue.verdicts) assert.deepEqual([kind, check?.name], ['flag', 'breaker_liquidations']);
});

test('a breaker counts over its interval alone', () => {
  const { venue, market, late } = crowd();
  venue.price(market, 8_900, 5_000);
  venue.price(market, 8_900, 55_000);
  const happened = GuardedVenue.liquidated(venue.price(market, 8_700, 5_000));
  assert.ok(late.every((account) => happened.includes(account)));
});

test('a loss of the insurance fund beyond its share of the fund slows down as well', () => {
  const { venue, market, late } = crowd();
  venue.setRule(RULE.breaker_liquidations, 1_000_000);
  venue.setRule(RULE.breaker_losses, 1_000);
  venue.deposit(1, 100);
  venue.price(market, 8_900, 5_000);
  // The fund holds what it took over at 8,900, and loses by the fall.
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 8_400, 5_000)), []);
  assert.ok(venue.verdicts.some(({ kind, check }) => kind === 'hold' && check?.name === 'breaker_losses'));
  const happened = GuardedVenue.liquidated(venue.price(market, 8_400, 5_000));
  assert.ok(late.every((account) => happened.includes(account)));
});
