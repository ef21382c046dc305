// A case run by the cone of its corrections says what the full replay of both worlds says: worlds, claims, and what each remedy would do.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CaseRunner } from '../../src/incident/case-runner.ts';
import { WindowFile } from '../../src/incident/window-file.ts';
import type { State } from '../../src/engine/state.ts';
import { MARKET } from '../../src/engine/tables.ts';
import type { IncidentCase } from '../../src/remedy/incident-case.ts';
import { differenceOfWorlds } from '../../src/remedy/same-world.ts';
import { checkBoth, EVERYTHING, ran, runnerOf } from './cone-both.fixture.ts';
import { caseOf, falsePrices, tradeWrongly, type VenueOptions, type Wrong } from './incident.fixture.ts';

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
    const { run } = checkBoth(venue.journal, caseOf(venue));
    assert.notEqual(differenceOfWorlds(run.worlds.actual, run.worlds.other), undefined);
  });
}

test('a further case of the window is not replayed again, and has its own cone', () => {
  const venue = tradeWrongly({ falsify: falsePrices(1, 60, 70, 900_000) }, { seed: 4, ticks: 100 });
  let states = 0;
  const counted = runnerOf(venue.journal, EVERYTHING, () => states++);
  const all = caseOf(venue);
  const [first, ...rest] = all.corrections.commands;
  const some = caseOf(venue, { corrections: { ...all.corrections, commands: rest.slice(0, 3) } });
  assert.ok(first !== undefined);
  const methods = [all, some, all].map((incident) => ran(counted.run(incident)).method);
  assert.deepEqual([states, methods[0]], [1, methods[2]]);
  checkBoth(venue.journal, some, counted);
});

test('a window that was kept in a file is asked without a replay; one of another window, or damaged, is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-window-'));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'window');
  const venue = tradeWrongly({ deviation: shifted([1, 3], 60, -4e14) }, { seed: 3, ticks: 80 });
  const incident = caseOf(venue);
  let states = 0;
  const runner = (): CaseRunner => runnerOf(venue.journal, EVERYTHING, () => states++, new WindowFile(path));
  const first = ran(runner().run(incident));
  assert.equal(states, 1);
  const second = runner();
  const again = ran(second.run(incident));
  assert.equal(states, 1, 'what is kept is not replayed');
  assert.deepEqual(again.method, first.method);
  assert.equal(differenceOfWorlds(again.run.worlds.other, first.run.worlds.other), undefined);
  checkBoth(venue.journal, incident, second);
  states = 0;
  const bytes = readFileSync(path);
  for (const at of [0, 20, bytes.length >> 1, bytes.length - 1]) {
    const damaged = Uint8Array.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 1;
    writeFileSync(path, damaged);
    assert.deepEqual(ran(runner().run(incident)).method, first.method);
    assert.deepEqual(ran(runner().run(incident)).method, first.method);
  }
  assert.equal(states, 4, 'each time it is replayed and written anew, once');
  const wrong = caseOf(venue, { corrections: { ...venue.corrections, deviations: [] } });
  const none = runner().run(wrong);
  assert.ok('finding' in none && none.finding === 'actual_differs', 'another window is replayed');
  const unfit = runner().run({ ...incident, from: { ...incident.from, stateRoot: '00' } });
  assert.ok('finding' in unfit && unfit.finding === 'state_root_differs');
});

test('where there is no cone the full replay decides, and why is said by name', () => {
  const venue = tradeWrongly({ falsify: falsePrices(1, 60, 70, 900_000) }, { seed: 4, ticks: 100 });
  const why = (changes: Partial<IncidentCase>, mostPpm?: number): string | null => {
    const { method } = ran(runnerOf(venue.journal, mostPpm).run(caseOf(venue, changes)));
    assert.equal(method.method, 'full replay');
    return method.beyond;
  };
  assert.equal(why({ mode: 'bounded' }), 'a second world without the orders of who may have reacted');
  assert.equal(why({ mode: 'reference' }), 'every market by the reference');
  assert.match(why({}, 1_000) ?? '', /^1 markets, \d+ of \d+ commands$/);
  assert.equal(ran(runnerOf(venue.journal).run(caseOf(venue), true)).method.beyond, null);
});

test('a case that does not explain the history says nothing, by cone as by full replay', () => {
  const venue = tradeWrongly({ deviation: shifted([1], 60, -4e14) }, { seed: 3, ticks: 80 });
  const wrong = caseOf(venue, { corrections: { ...venue.corrections, deviations: [] } });
  const found = [false, true].map((isFull) => runnerOf(venue.journal).run(wrong, isFull));
  assert.ok(found.every((each) => 'finding' in each && each.finding === 'actual_differs'));
});
