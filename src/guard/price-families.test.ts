import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE } from '../engine/rules.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';
import { type Said, type ScreenedScene, screenedScene, TICK_MS } from './screened-venue.fixture.ts';

/** Says prices of the first market, the other one moving a little, and returns who is liquidated. */
function say({ venue, market, other }: ScreenedScene, said: Said, elapsedMs = TICK_MS): number[] {
  const small = 3_000 + ((venue.timeMs / 1000) % 7);
  const all = new Map([
    [market, said],
    [other, [small, small, small, small]],
  ]);
  return GuardedVenue.liquidated(venue.say(all, elapsedMs));
}

const last = ({ venue }: ScreenedScene) => venue.verdicts.at(-1);
const checked = (at: ScreenedScene): (string | undefined)[] => {
  const verdict = last(at);
  return [verdict?.kind, verdict?.check?.class, verdict?.check?.name];
};

const ACT = { kind: 'act', hash: '', announcedMs: -1e12 } as const;

/** Brings the long below its margin at the very same price, by a change that was announced long ago. */
function raise({ venue, market }: ScreenedScene): void {
  venue.source = ACT;
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'INITIAL_MARGIN', 400_000));
  assert.deepEqual(venue.held, []);
}

test('two families that fall together liquidate at once, and the warrant has the four checks of the price', () => {
  const at = screenedScene();
  assert.deepEqual(say(at, [8_800, 8_801, 8_799, 8_800]), [at.long]);
  assert.deepEqual(at.venue.held, []);
  const { checks } = JSON.parse(at.venue.warrants[0] ?? '') as { checks: [string, string, string, boolean][] };
  for (const name of ['sample_age', 'price_quorum', 'price_families', 'price_flat']) {
    assert.deepEqual(
      checks.filter((check) => check[1] === name).map(([, , about, holds]) => [about, holds]),
      [[`market ${at.market}`, true]],
    );
  }
});

test('oracles that fall without the venues: disputed, held for as long as it lasts, and nobody takes money out meanwhile', () => {
  const at = screenedScene();
  for (let tick = 0; tick < 5; tick++) {
    assert.deepEqual(say(at, [8_400, 8_400, 8_800, 8_800]), []);
    assert.deepEqual(at.venue.held, []);
  }
  assert.deepEqual(checked(at), ['hold', 'II', 'price_families']);
  at.venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, at.short, 1e8));
  assert.deepEqual(at.venue.heldBy, ['price_families']);
  // They come together again: what is due happens once the bases have forgotten that they were apart.
  assert.deepEqual(say(at, [8_700, 8_700, 8_700, 8_700]), []);
  assert.deepEqual(checked(at), ['hold', 'II', 'price_both_families']);
  const ticks = Array.from({ length: 4 }, () => say(at, [8_700, 8_700, 8_700, 8_700]));
  assert.deepEqual(ticks.flat(), [at.long]);
  at.venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, at.short, 1e8));
  assert.deepEqual(at.venue.held, []);
});

test('a wrong price of USDC makes the families disagree', () => {
  const at = screenedScene();
  const { venue, market, other } = at;
  const all = new Map<number, Said>([
    [market, [9_000, 9_000, 9_000, 9_000]],
    [other, [3_000, 3_000, 3_000, 3_000]],
  ]);
  venue.say(all, TICK_MS, 1.04);
  // At the door already: the venues of all markets speak against it.
  assert.deepEqual(venue.heldBy, ['sample_agreement']);
  assert.match(venue.held[0]?.check.about ?? '', /USDC/);
});

test('two oracles that differ make a spot that is between them: held, whichever is right', () => {
  const at = screenedScene([10_000, 10_000, undefined, undefined], 0);
  raise(at);
  assert.deepEqual(say(at, [9_500, 8_600, undefined, undefined]), []);
  assert.deepEqual(checked(at), ['hold', 'II', 'price_families']);
});

test('samples that a voluntary order may still use are too old for a forced action', () => {
  const at = screenedScene();
  at.venue.setRule(RULE.funding_gap, 60_000);
  const { venue } = at;
  venue.timeMs += 1_000;
  // The price falls by samples, and the tick comes 25 s later.
  venue.apply((buffer, timeMs) => {
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    for (const source of [0, 1]) buffer.oraclePrice(timeMs, at.market, source, 8_800e6, timeMs);
    for (const source of [0, 1]) {
      buffer.venueQuote(timeMs, at.market, source, 3, timeMs, 8_800e6, 8_800e6, 0, 0);
    }
  });
  venue.timeMs += 25_000;
  const events = venue.apply((buffer, timeMs) => buffer.tick(timeMs));
  assert.deepEqual(GuardedVenue.liquidated(events), []);
  assert.deepEqual(checked(at), ['hold', 'II', 'sample_age']);
});

test('too few sources and nothing that confirms them force nobody out; with the own book beside them, after the grace', () => {
  const at = screenedScene();
  const { venue, market, short } = at;
  venue.source = ACT;
  venue.setRule(RULE.guard_quorum, 5);
  for (let tick = 0; tick < 4; tick++) assert.deepEqual(say(at, [8_800, 8_800, 8_800, 8_800]), []);
  assert.deepEqual(checked(at), ['hold', 'II', 'price_quorum']);
  venue.order(short, market, { price: 8_790, size: 10 });
  venue.order(short, market, { sell: true, price: 8_810, size: 10 });
  assert.deepEqual(say(at, [8_800, 8_800, 8_800, 8_800]), []);
  assert.deepEqual(checked(at), ['hold', 'III', 'price_quorum']);
  assert.deepEqual(say(at, [8_800, 8_800, 8_800, 8_800]), [at.long]);
  assert.deepEqual(checked(at), ['flag', 'III', 'price_quorum']);
});

test('an own book that is far from a lone price does not confirm it', () => {
  const at = screenedScene();
  const { venue, market, short } = at;
  venue.source = ACT;
  venue.setRule(RULE.guard_quorum, 5);
  venue.order(short, market, { price: 9_990, size: 10 });
  venue.order(short, market, { sell: true, price: 10_010, size: 10 });
  for (let tick = 0; tick < 4; tick++) assert.deepEqual(say(at, [8_800, 8_800, 8_800, 8_800]), []);
  assert.deepEqual(checked(at), ['hold', 'II', 'price_quorum']);
});

test('a family that fell silent: the other one alone forces out after the grace', () => {
  const at = screenedScene();
  for (let tick = 0; tick < 5; tick++) say(at, [10_000 + tick, 10_000, undefined, undefined]);
  raise(at);
  assert.deepEqual(say(at, [10_006, 10_006, undefined, undefined]), []);
  assert.deepEqual(checked(at), ['hold', 'III', 'price_quorum']);
  assert.deepEqual(say(at, [10_000, 10_000, undefined, undefined]), [at.long]);
});

test('a source fewer in a family that still speaks changes nothing', () => {
  const at = screenedScene();
  for (let tick = 0; tick < 5; tick++) say(at, [10_000 + tick, 10_000, 10_000, undefined]);
  raise(at);
  assert.deepEqual(say(at, [10_006, 10_006, 10_006, undefined]), [at.long]);
});

test('a price that stands still while another market moves delays by the grace alone', () => {
  const at = screenedScene();
  for (let tick = 0; tick < 30; tick++) say(at, [10_000, 10_000, 10_000, 10_000]);
  raise(at);
  assert.deepEqual(say(at, [10_000, 10_000, 10_000, 10_000]), []);
  assert.deepEqual(checked(at), ['hold', 'III', 'price_flat']);
  assert.deepEqual(say(at, [10_000, 10_000, 10_000, 10_000]), [at.long]);
  assert.deepEqual(checked(at), ['flag', 'III', 'price_flat']);
});

test('a whole venue that stands still is a weekend: nothing is delayed', () => {
  const at = screenedScene();
  const { venue, market, other } = at;
  const still = new Map<number, Said>([
    [market, [10_000, 10_000, 10_000, 10_000]],
    [other, [3_000, 3_000, 3_000, 3_000]],
  ]);
  for (let tick = 0; tick < 30; tick++) venue.say(still);
  raise(at);
  assert.deepEqual(GuardedVenue.liquidated(venue.say(still)), [at.long]);
});

test('funding that the own book alone decides is told, and delays nothing', () => {
  const at = screenedScene([10_000, 10_000, undefined, undefined], 0);
  raise(at);
  assert.deepEqual(say(at, [10_001, 10_000, undefined, undefined]), [at.long]);
  assert.deepEqual(checked(at), ['flag', 'III', 'funding_quorum']);
});
