import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Jump, mappedFeeds } from './sample-mapping.ts';
import { type Said, screenedScene } from './screened-venue.fixture.ts';

type Moved = readonly [before: number, after: number, units?: number, remapped?: number];

function jumpsOf(jumps: Readonly<Record<number, Moved>>): Map<number, Jump> {
  return new Map(
    Object.entries(jumps).map(([market, [before, after, units = 1, remapped]]) => {
      return [Number(market), { before, after, units, remapped }] as const;
    }),
  );
}

const mapped = (jumps: Readonly<Record<number, Moved>>): unknown => Object.fromEntries(mappedFeeds(jumpsOf(jumps)));

test('two feeds that changed places are known by each being about where the other one was', () => {
  assert.deepEqual(mapped({ 1: [10_000, 3_012], 2: [3_000, 9_950] }), { 1: 2, 2: 1 });
});

test('a table that is shifted by one is a circle, as numbers and as values of other units', () => {
  assert.deepEqual(mapped({ 1: [100, 200], 2: [200, 401], 3: [400, 101] }), { 1: 2, 2: 3, 3: 1 });
  assert.deepEqual(mapped({ 1: [100, 20_000, 1], 2: [200, 4, 0.01], 3: [4, 0.01, 0.0001] }), { 1: 2, 2: 3, 3: 1 });
});

test('one that jumps onto the old price of another is no mapping while that one does not lead back', () => {
  assert.deepEqual(mapped({ 1: [10_000, 3_012], 2: [3_000, 2_400] }), {});
  assert.deepEqual(mapped({ 1: [10_000, 3_012] }), {});
  assert.deepEqual(mapped({}), {});
  // A chain that ends in a feed that is another market's to the unit leads to a mapping as well.
  assert.deepEqual(mapped({ 1: [10_000, 3_012], 2: [3_000, 555, 1, 9] }), { 1: 2, 2: 9 });
});

test('where many jump, two that lie like that by chance are no mapping; when most do, the rest does not hide it', () => {
  const swapped = { 1: [150, 100], 2: [100, 150] } as const;
  const crash: Record<number, Moved> = { 3: [1e3, 700], 4: [1e4, 7e3], 5: [1e5, 7e4] };
  assert.deepEqual(mapped({ ...swapped, ...crash }), {});
  assert.deepEqual(mapped({ ...swapped, 3: [1_000, 700] }), { 1: 2, 2: 1 });
});

test('so are two that are near each other anyway', () => {
  assert.deepEqual(mapped({ 1: [113, 100], 2: [100, 113] }), {});
  assert.deepEqual(mapped({ 1: [113, 100], 2: [100, 200], 3: [200, 113] }), { 1: 2, 2: 3, 3: 1 });
});

test('a table that is shifted, of which one feed came nowhere, is known by all the others', () => {
  const shifted = { 2: [2_000, 100], 3: [40_000, 2_010], 4: [800_000, 39_900] } as const;
  assert.deepEqual(mapped({ 1: [100, 5_555_555], ...shifted }), { 1: 4, 2: 1, 3: 2, 4: 3 });
  // Not where the others are fewer, or changed by less, or are not most of what jumped.
  assert.deepEqual(mapped({ 1: [100, 5_555_555], 2: shifted[2], 3: shifted[3] }), {});
  assert.deepEqual(mapped({ 1: [100, 70], 2: [140, 100], 3: [196, 140], 4: [274, 196] }), {});
  assert.deepEqual(mapped({ 1: [100, 5_555_555], ...shifted, 5: [7, 5], 6: [9, 7.9] }), {});
  // One price that several come to says nothing of them.
  assert.deepEqual(mapped({ 1: [100, 5_555_555], 2: [2_000, 100], 3: [40_000, 101], 4: [800_000, 99] }), {});
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

test('feeds that changed places are held as their prices move on, into the band as well, and no longer than they are away', () => {
  const { venue, market, other } = screenedScene();
  const said = (one: number, two: number): number => {
    venue.say(
      new Map([
        [market, four(Math.round(one))],
        [other, four(Math.round(two))],
      ]),
    );
    return venue.held.length;
  };
  let price = 3_000;
  for (; price < 9_600; price *= 1.015) assert.equal(said(price, 10_000), 8, `${price}`);
  assert.match(venue.held[0]?.check.about ?? '', /the price of market \d: wrong mapping/);
  // Back where they belong, though the market has come to be nearer to the wrong feed than to what was taken last.
  assert.equal(said(9_400, 3_000), 0);
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

test('in markets that just moved by more than the band it is chance, too', () => {
  const { venue, market, other } = screenedScene();
  const both = (price: number, others: number): number => {
    venue.say(
      new Map([
        [market, four(price)],
        [other, four(others)],
      ]),
    );
    return venue.held.length;
  };
  assert.deepEqual([both(7_100, 3_900), both(3_900, 7_100)], [0, 0]);
});
