import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUND_MARKET } from '../engine/venue.fixture.ts';
import type { MarketParameter } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { RULE, type RuleName } from '../engine/rules.ts';
import { isGuardLimit } from './authority/guard-limits.ts';
import { type ScreenedScene, ScreenedVenue, screenedScene } from './screened-venue.fixture.ts';

const ACT = { kind: 'act', hash: '', announcedMs: undefined } as const;
const ANNOUNCED = { kind: 'act', hash: '', announcedMs: -1e12 } as const;

/** Sets a parameter of the scene's market; returns what held it. */
function set({ venue, market }: ScreenedScene, parameter: MarketParameter, value: number): string[] {
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, parameter, value));
  return venue.heldBy;
}

function rule({ venue }: ScreenedScene, name: RuleName, value: number): string[] {
  venue.setRule(RULE[name], value);
  return venue.heldBy;
}

test('what no parameter may be is not taken, announced or not', () => {
  const at = screenedScene();
  for (const source of [at.venue.source, ANNOUNCED]) {
    at.venue.source = source;
    assert.deepEqual(set(at, 'MAINTENANCE_FACTOR', 1), ['parameter_bounds']);
    assert.deepEqual(set(at, 'MAINTENANCE_FACTOR', 1_000_000), ['parameter_bounds']);
    assert.deepEqual(set(at, 'MAINTENANCE_FACTOR', 5_000_000), ['parameter_bounds']);
    assert.deepEqual(set(at, 'PRICE_BAND', 1), ['parameter_bounds']);
    assert.deepEqual(set(at, 'MAXIMUM_FUNDING_RATE', 0), ['parameter_bounds']);
    assert.deepEqual(set(at, 'MAXIMUM_FUNDING_RATE', Number.NaN), ['parameter_bounds']);
    assert.deepEqual(rule(at, 'taker_fee', 50_000), ['parameter_bounds']);
    assert.deepEqual(rule(at, 'taker_fee', -450), ['parameter_bounds']);
    assert.deepEqual(rule(at, 'maker_fee', -900), ['parameter_bounds']);
    assert.deepEqual(rule(at, 'oracle_age', 3_600_000), ['parameter_bounds']);
  }
});

test('a step that is too large is taken only with notice; an ordinary one always', () => {
  const at = screenedScene();
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 210_000), ['parameter_step']);
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 10_000), ['parameter_step']);
  assert.deepEqual(set(at, 'MAXIMUM_FUNDING_RATE', 50_000_000_000), ['parameter_step']);
  assert.deepEqual(set(at, 'INTEREST_RATE', -100_000_000), []);
  assert.deepEqual(set(at, 'INTEREST_RATE', 20_000_000_000), ['parameter_step']);
  assert.deepEqual(rule(at, 'liquidation_fee', 100_000), ['parameter_step']);
  assert.deepEqual(rule(at, 'taker_fee', 4_500), ['parameter_step']);
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 120_000), []);
  assert.deepEqual(rule(at, 'taker_fee', 500), []);
  at.venue.source = ACT;
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 10_000), ['parameter_step']);
  at.venue.source = ANNOUNCED;
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 10_000), []);
});

test('a change that would make accounts liquidatable at the marks of now names them, and waits for notice', () => {
  const at = screenedScene();
  const { venue, market, long } = at;
  venue.say(new Map([[market, [9_200, 9_200, 9_200, 9_200]]]));
  // 1,600 − 800 of equity; maintenance of 9,200 is 4.6 % at 100,000 ppm, 9.2 % at 200,000.
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 150_000), []);
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 200_000), ['parameter_impact']);
  assert.match(venue.held[0]?.check.found ?? '', new RegExp(`^1 accounts more could be liquidated: ${long}$`));
  assert.deepEqual(set(at, 'MAINTENANCE_FACTOR', 850_000), ['parameter_impact']);
  assert.deepEqual(set(at, 'MAINTENANCE_FACTOR', 550_000), []);
  // Exact to the unit: the largest fraction that still leaves the account healthy is taken, one ppm more is not.
  const limit = largestFit(at);
  assert.deepEqual(set(at, 'INITIAL_MARGIN', limit + 2), ['parameter_impact']);
  assert.deepEqual(set(at, 'INITIAL_MARGIN', limit), []);
  venue.source = ANNOUNCED;
  assert.deepEqual(set(at, 'INITIAL_MARGIN', 200_000), []);
});

/** The largest initial margin, ppm, that the screen takes; by halving. */
function largestFit(at: ScreenedScene): number {
  const { venue, market } = at;
  let [low, high] = [150_000, 300_000];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const { guard, state, timeMs } = venue;
    const buffer = new CommandBuffer();
    buffer.setMarketParameter(timeMs, market, 'INITIAL_MARGIN', middle);
    if (guard?.heldOf(state, buffer, venue.source).length === 0) low = middle;
    else high = middle;
  }
  return low;
}

test('a fee that would do the same is held for the same reason', () => {
  const at = screenedScene();
  const { venue, market } = at;
  venue.say(new Map([[market, [8_866, 8_866, 8_866, 8_866]]]));
  assert.deepEqual(rule(at, 'taker_fee', 2_400), ['parameter_impact']);
  assert.deepEqual(rule(at, 'taker_fee', 470), []);
});

test('limits of the guard are tightened by anyone and loosened by an act alone; a venue being founded is free', () => {
  const at = screenedScene();
  for (const [name, tight, loose] of [
    ['guard_quorum', 3, 1],
    ['guard_sample_age', 10_000, 60_000],
    ['guard_family_band', 20_000, 500_000],
    ['guard_notice', 100_000_000, 0],
    ['breaker_liquidations', 50_000, 1_000_000],
  ] as const) {
    assert.ok(isGuardLimit(RULE[name]));
    assert.deepEqual(rule(at, name, loose), ['guard_limit'], name);
    assert.deepEqual(rule(at, name, tight), [], name);
  }
  at.venue.source = ACT;
  assert.deepEqual(rule(at, 'guard_quorum', 1), []);
  const founding = new ScreenedVenue();
  founding.setRule(RULE.guard_quorum, 1);
  assert.deepEqual(founding.heldBy, []);
});

test('a new market has parameters that make sense, or is not taken', () => {
  const { venue } = screenedScene();
  const define = (changes: Partial<typeof ROUND_MARKET>): string[] => {
    venue.apply((buffer, timeMs) => buffer.defineMarket(timeMs, { ...ROUND_MARKET, name: 'NEW', ...changes }));
    return venue.heldBy;
  };
  assert.deepEqual(define({ MAINTENANCE_FACTOR: 1_000_000 }), ['parameter_bounds']);
  assert.deepEqual(define({ MAXIMUM_FUNDING_RATE: 1e12 }), ['parameter_bounds']);
  assert.deepEqual(define({}), []);
});
