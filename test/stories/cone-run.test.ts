// A case run by the cone of its corrections says what the full replay of both worlds says: worlds, claims, and what each remedy would do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectRoots } from '../../src/chain/roots.ts';
import type { State } from '../../src/engine/state.ts';
import { MARKET } from '../../src/engine/tables.ts';
import { type CaseRun, CaseRunner } from '../../src/incident/case-runner.ts';
import { claimsOfRun } from '../../src/incident/draft.ts';
import { measure } from '../../src/incident/measure.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import type { IncidentCase } from '../../src/remedy/incident-case.ts';
import { differenceOfWorlds } from '../../src/remedy/same-world.ts';
import { caseOf, falsePrices, tradeWrongly, type Venue, type VenueOptions, type Wrong } from './incident.fixture.ts';

const EVERYTHING = 100_000_000;

function runnerOf({ journal }: Venue, mostPpm = EVERYTHING): CaseRunner {
  return new CaseRunner({
    history: journal,
    stateAt: (height) => stateAtBlock(journal, height, { head: height }).state,
    hash: sha256,
    roots: () => new DirectRoots(sha256),
    mostPpm,
  });
}

function ran(found: ReturnType<CaseRunner['run']>): CaseRun {
  if ('finding' in found) throw new Error(`${found.finding}: ${found.about}`);
  return found;
}

/** Both runs of a case, compared in all that anything is made of. */
function checkBoth(venue: Venue, incident: IncidentCase, runner = runnerOf(venue)): CaseRun {
  const cone = ran(runner.run(incident));
  const full = ran(runner.run(incident, true));
  assert.equal(cone.method.beyond, null);
  assert.equal(cone.method.method, 'cone');
  const [one, two] = [cone.run, full.run];
  assert.equal(differenceOfWorlds(one.worlds.other, two.worlds.other), undefined);
  for (const field of ['divergence', 'marketsByReference', 'moves', 'givenBack', 'written', 'valuation'] as const) {
    assert.deepEqual(one.worlds[field], two.worlds[field], field);
  }
  assert.deepEqual(one.record.truePrices, two.record.truePrices);
  assert.deepEqual(one.record.houseTruePrices, two.record.houseTruePrices);
  assert.deepEqual(cone.trades, { honest: full.trades.honest, notional: full.trades.notional });
  assert.deepEqual(measure(incident, one, cone.trades), measure(incident, two, full.trades));
  const options = { incident, history: venue.journal };
  assert.deepEqual(claimsOfRun(options, one), claimsOfRun(options, two));
  return cone;
}

const shifted =
  (rows: readonly number[], at: number, by: number): NonNullable<Wrong['deviation']> =>
  (tick, { market }: State) =>
    tick !== at
      ? undefined
      : rows.map((row) => ({
          table: 'market',
          row,
          column: 'fundingIndex',
          index: 0,
          value: (market.f64[row * 128 + MARKET.FUNDING_INDEX] as number) + by,
        }));

const CASES: readonly (readonly [string, Wrong, VenueOptions])[] = [
  ['funding indexes that a process lost', { deviation: shifted([1, 3], 60, -4e14) }, { seed: 3, ticks: 100 }],
  ['one that it lost in a market alone', { deviation: shifted([2], 50, 3e13) }, { seed: 5, ticks: 90 }],
  ['false prices at which accounts are taken', { falsify: falsePrices(1, 60, 72, 1_600_000) }, { seed: 9, ticks: 100 }],
  ['false prices that reach other markets', { falsify: falsePrices(2, 50, 62, 800_000) }, { seed: 6, ticks: 90 }],
];

for (const [name, wrong, options] of CASES) {
  test(`${name}: the cone is what the full replay finds, claim by claim`, () => {
    const venue = tradeWrongly(wrong, options);
    const { run } = checkBoth(venue, caseOf(venue));
    assert.notEqual(differenceOfWorlds(run.worlds.actual, run.worlds.other), undefined);
  });
}

test('a further case of the window is not replayed again, and has its own cone', () => {
  const venue = tradeWrongly({ falsify: falsePrices(1, 60, 70, 900_000) }, { seed: 4, ticks: 100 });
  let states = 0;
  const counted = new CaseRunner({
    history: venue.journal,
    stateAt: (height) => {
      states++;
      return stateAtBlock(venue.journal, height, { head: height }).state;
    },
    hash: sha256,
    roots: () => new DirectRoots(sha256),
    mostPpm: EVERYTHING,
  });
  const all = caseOf(venue);
  const [first, ...rest] = all.corrections.commands;
  const some = caseOf(venue, { corrections: { ...all.corrections, commands: rest.slice(0, 3) } });
  assert.ok(first !== undefined);
  const methods = [all, some, all].map((incident) => ran(counted.run(incident)).method);
  assert.deepEqual([states, methods[0]], [1, methods[2]]);
  checkBoth(venue, some, counted);
});

test('where there is no cone the full replay decides, and why is said by name', () => {
  const venue = tradeWrongly({ falsify: falsePrices(1, 60, 70, 900_000) }, { seed: 4, ticks: 100 });
  const why = (changes: Partial<IncidentCase>, mostPpm?: number): string | null => {
    const { method } = ran(runnerOf(venue, mostPpm).run(caseOf(venue, changes)));
    assert.equal(method.method, 'full replay');
    return method.beyond;
  };
  assert.equal(why({ mode: 'bounded' }), 'a second world without the orders of who may have reacted');
  assert.equal(why({ mode: 'reference' }), 'every market by the reference');
  assert.match(why({}, 1_000) ?? '', /^1 markets, \d+ of \d+ commands$/);
  assert.equal(ran(runnerOf(venue).run(caseOf(venue), true)).method.beyond, null);
});

test('a case that does not explain the history says nothing, by cone as by full replay', () => {
  const venue = tradeWrongly({ deviation: shifted([1], 60, -4e14) }, { seed: 3, ticks: 80 });
  const wrong = caseOf(venue, { corrections: { ...venue.corrections, deviations: [] } });
  const found = [false, true].map((isFull) => runnerOf(venue).run(wrong, isFull));
  assert.ok(found.every((each) => 'finding' in each && each.finding === 'actual_differs'));
});
