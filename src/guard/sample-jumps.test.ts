import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternOf } from './sample-pattern.ts';
import { type Said, screenedScene, TICK_MS } from './screened-venue.fixture.ts';

function said(market: number, other: number, price: Said): Map<number, Said> {
  return new Map([
    [market, price],
    [other, [3_000, 3_000, 3_000, 3_000]],
  ]);
}

test('two sources that jump outvote no two that go on as they were, however long it lasts', () => {
  const { venue, market, other, long } = screenedScene();
  for (let tick = 0; tick < 12; tick++) {
    venue.say(said(market, other, [7_700, 7_700, 10_000 + tick, 10_000 + tick]), TICK_MS);
    const held = venue.held.filter((each) => each.market === market);
    assert.deepEqual(
      held.map(({ check }) => [check.name, check.about.slice(0, 8)]),
      [
        ['sample_agreement', 'oracle 0'],
        ['sample_agreement', 'oracle 1'],
      ],
    );
  }
  assert.ok(!venue.verdicts.some(({ account, kind }) => account === long && kind === 'accept'));
  venue.say(said(market, other, [10_010, 10_010, 10_010, 10_010]), TICK_MS);
  assert.deepEqual(venue.held, []);
});

test('a split that nobody declared is held when the last true sample is old, and as far as it drifts from there', () => {
  const { venue, market, other } = screenedScene();
  for (let tick = 0; tick < 30; tick++) {
    const price = 2_000 * (1 - tick / 200);
    venue.say(said(market, other, [price, price, price, price]), TICK_MS);
    assert.equal(venue.held.filter((each) => each.market === market).length, 4, `tick ${tick}`);
  }
});

test('a pattern allows for what a price moves by itself meanwhile', () => {
  assert.match(patternOf(10_000, 2_000) ?? '', /^5 part/);
  assert.equal(patternOf(10_000, 1_970), undefined);
  // Between two ticks it moves by nothing that counts; after a minute of silence it may have.
  assert.equal(patternOf(10_000, 1_970, 25_000), undefined);
  assert.match(patternOf(10_000, 1_970, 60_000) ?? '', /^5 part/);
  assert.equal(patternOf(10_000, 1_850, 3_600_000), undefined);
});

test('a jump that was held and is over does not count against a real fall to the same price later', () => {
  const { venue, market, other } = screenedScene();
  const all = (price: number): number => {
    venue.say(said(market, other, [price, price, price, price]), TICK_MS);
    return venue.held.length;
  };
  assert.deepEqual([all(2_000), all(2_000), all(10_000)], [4, 4, 0]);
  for (const price of [7_100, 4_900, 3_400, 2_050, 2_010]) assert.equal(all(price), 0, `${price}`);
});

test('in a market that just moved by more than the band a halving is no split; a power of ten is a scale all the same', () => {
  const { venue, market, other } = screenedScene();
  const all = (price: number, elapsedMs = TICK_MS): number => {
    venue.say(said(market, other, [price, price, price, price]), elapsedMs);
    return venue.held.length;
  };
  assert.deepEqual([all(7_000), all(3_500), all(350)], [0, 0, 4]);
  assert.equal(all(3_600), 0);
  // Ten quiet minutes later it is one again.
  for (let minute = 0; minute < 60; minute++) all(3_600 + (minute % 3), 11_000);
  assert.equal(all(1_800), 4);
});
