import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Jump, mappedTo } from './sample-mapping.ts';
import { type Said, screenedScene } from './screened-venue.fixture.ts';

const never = (): boolean => false;

function jumpsOf(jumps: Readonly<Record<number, readonly [before: number, after: number, units?: number]>>) {
  return new Map<number, Jump>(
    Object.entries(jumps).map(([market, [before, after, units = 1]]) => [Number(market), { before, after, units }]),
  );
}

test('two feeds that changed places are known by each being about where the other one was', () => {
  const jumps = jumpsOf({ 1: [10_000, 3_012], 2: [3_000, 9_950] });
  assert.equal(mappedTo(jumps, 1, never), 2);
  assert.equal(mappedTo(jumps, 2, never), 1);
});

test('a table that is shifted by one is a circle, as numbers and as values of other units', () => {
  assert.equal(mappedTo(jumpsOf({ 1: [100, 200], 2: [200, 401], 3: [400, 101] }), 1, never), 2);
  const inUnits = jumpsOf({ 1: [100, 20_000, 1], 2: [200, 4, 0.01], 3: [4, 0.01, 0.0001] });
  assert.equal(mappedTo(inUnits, 1, never), 2);
});

test('one that jumps onto the old price of another is no mapping while that one does not lead back', () => {
  assert.equal(mappedTo(jumpsOf({ 1: [10_000, 3_012], 2: [3_000, 2_400] }), 1, never), undefined);
  assert.equal(mappedTo(jumpsOf({ 1: [10_000, 3_012] }), 1, never), undefined);
  assert.equal(mappedTo(new Map(), 1, never), undefined);
  // A chain that ends in a feed that is another market's to the unit leads to a mapping as well.
  assert.equal(
    mappedTo(jumpsOf({ 1: [10_000, 3_012], 2: [3_000, 555] }), 1, (market) => market === 2),
    2,
  );
});

const four = (price: number): Said => [price, price, price, price];

test('feeds of two markets that change places at every source are not taken, however long it lasts', () => {
  const { venue, market, other } = screenedScene();
  for (let tick = 0; tick < 12; tick++) {
    venue.say(
      new Map([
        [market, four(3_000 + tick)],
        [other, four(10_000 - tick)],
      ]),
    );
    assert.equal(venue.held.length, 8, `tick ${tick}`);
    assert.match(venue.held[0]?.check.about ?? '', /the price of market \d: wrong mapping/);
  }
  venue.say(
    new Map([
      [market, four(10_000)],
      [other, four(3_000)],
    ]),
  );
  assert.deepEqual(venue.held, []);
});

test('sources of two markets that change places one after the other, some silent for long, are not taken either', () => {
  const { venue, market, other } = screenedScene();
  const quiet: Said = [10_000, undefined, undefined, undefined];
  for (let tick = 0; tick < 14; tick++) {
    const swapped = tick % 2 === 0 ? [3_003, undefined, 3_001, 3_002] : [3_004, 3_000, undefined, undefined];
    venue.say(
      new Map<number, Said>([
        [market, swapped],
        [other, tick % 3 === 0 ? four(10_004) : quiet],
      ]),
    );
    const said = swapped.filter((price) => price !== undefined).length + (tick % 3 === 0 ? 4 : 1);
    assert.equal(venue.held.length, said, `tick ${tick}`);
  }
});

test('where only one of the two speaks, what was held of the other one before says where the feed may have gone', () => {
  const { venue, market, other } = screenedScene();
  const alone = (price: number): Said => [price, undefined, undefined, undefined];
  venue.say(
    new Map([
      [market, alone(3_001)],
      [other, alone(9_990)],
    ]),
  );
  assert.equal(venue.held.length, 2);
  for (let tick = 0; tick < 3; tick++) venue.say(new Map([[market, alone(3_002)]]));
  // No true sample is fresh any more.
  venue.say(new Map([[market, four(3_003)]]), 10_000);
  assert.equal(venue.held.length, 4);
});

test('a venue that is none of the market confirms no jump', () => {
  const { venue, market } = screenedScene([10_000, 10_000, 10_000, 2_000], 1);
  venue.say(new Map([[market, four(2_000)]]));
  assert.deepEqual(
    venue.held.map(({ check }) => check.about.slice(0, 8)),
    ['oracle 0', 'oracle 1', 'venue 0 '],
  );
});

test('nor does a source that never spoke before', () => {
  const { venue, market } = screenedScene([10_000, undefined, 10_000, 10_000]);
  venue.say(new Map([[market, four(2_000)]]));
  assert.deepEqual(
    venue.held.map(({ check }) => check.about.slice(0, 8)),
    ['oracle 0', 'venue 0 ', 'venue 1 '],
  );
});

test('markets that fall together by the same part are no mapping', () => {
  const { venue, market, other } = screenedScene();
  venue.say(
    new Map([
      [market, four(6_400)],
      [other, four(1_930)],
    ]),
  );
  assert.deepEqual(venue.held, []);
});
