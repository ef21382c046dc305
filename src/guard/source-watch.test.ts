import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HoldRecord } from './hold-record.ts';
import { decodeHolds } from './hold-record.ts';
import { type Said, type ScreenedScene, screenedScene } from './screened-venue.fixture.ts';

const NONE: Said = [undefined, undefined, undefined, undefined];
const ALL: Said = [10_000, 10_000, 10_000, 10_000];

/** The sources of the first market say this for so many ticks of 5 s; returns what the record has of its sources since. */
function ticks({ venue, market, other }: ScreenedScene, said: Said, count: number): HoldRecord[] {
  for (let n = 0; n < count; n++) {
    venue.say(
      new Map([
        [market, said],
        [other, [3_000, 3_000, 3_000, 3_000]],
      ]),
    );
  }
  const holds = venue.guard?.takeHolds() ?? new Uint8Array();
  const records = holds.length === 0 ? [] : (decodeHolds(holds) ?? assert.fail('no records'));
  return records.filter(({ kind }) => kind.startsWith('sources'));
}

const words = (records: readonly HoldRecord[]): string[] =>
  records.map(({ kind, component, class: of, check, found }) => `${kind} ${component} ${of} ${check} ${found}`);

test('sources that fall silent are told once, when it lasts, and once when they speak again', () => {
  const at = screenedScene();
  const began = at.venue.timeMs;
  // Fresh for 20 s, and a loss of 20 s more is one that lasts.
  assert.deepEqual(ticks(at, NONE, 8), []);
  const [lost, ...more] = ticks(at, NONE, 10);
  assert.deepEqual(more, []);
  assert.deepEqual(words([lost as HoldRecord]), [`sources_lost market ${at.market} II sources_silent no oracle`]);
  assert.deepEqual([lost?.sinceMs, lost?.timeMs], [began + 25_000, began + 45_000]);
  const back = ticks(at, ALL, 1);
  assert.deepEqual(words(back), [`sources_back market ${at.market} II sources_silent no oracle`]);
  assert.equal(back[0]?.sinceMs, lost?.sinceMs);
  assert.deepEqual(ticks(at, ALL, 10), []);
});

test('fewer than the quorum, one family alone and venues that mark no more are told by name', () => {
  const told = (said: Said): string[] => words(ticks(screenedScene(), said, 12)).map((line) => line.slice(13));
  assert.deepEqual(told([10_000, undefined, undefined, undefined]), ['market 1 II sources_quorum 1']);
  assert.deepEqual(told([10_000, 10_000, undefined, undefined]), ['market 1 III sources_family no index of a venue']);
  const at = screenedScene();
  for (let n = 0; n < 12; n++) {
    at.venue.timeMs += 5_000;
    at.venue.apply((buffer, timeMs) => {
      buffer.collateralPrice(timeMs, 1e8, timeMs);
      for (const source of [0, 1]) buffer.oraclePrice(timeMs, at.market, source, 10_000e6, timeMs);
      // The index alone.
      buffer.venueQuote(timeMs, at.market, 0, 2, timeMs, 0, 10_000e6, 0, 0);
      buffer.tick(timeMs);
    });
  }
  const records = ticks(at, NONE, 0).filter(({ component }) => component === `market ${at.market}`);
  assert.deepEqual(words(records), [`sources_lost market ${at.market} III sources_marks no mark of a venue`]);
});

test('gaps of a quiet market, and a market that never had more sources, are no loss', () => {
  const quiet = screenedScene();
  for (let n = 0; n < 6; n++) {
    assert.deepEqual(ticks(quiet, NONE, 7), []);
    assert.deepEqual(ticks(quiet, ALL, 1), []);
  }
  const single = screenedScene([10_000, undefined, undefined, undefined]);
  assert.deepEqual(ticks(single, [10_000, undefined, undefined, undefined], 20), []);
});
