import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EXTREMES } from './corpus.ts';
import type { Extreme } from './extreme.ts';
import { playExtreme } from './lockstep.ts';
import { modelledScenario } from './modelled.ts';
import { changeSamples } from './rewriting.ts';
import type { ExtremeRow } from './row.ts';
import { costPercent, summarise } from './summary.ts';

const STAGE = { data: undefined, seed: 1 };

function played(number: number): ExtremeRow {
  const extreme = EXTREMES.find((each) => each.number === number) as Extreme;
  return playExtreme(extreme, STAGE).row;
}

/** A fall of a fifth within twenty minutes, of one market with 200 accounts; `script` meddles with it. */
function fall(script: Parameters<typeof changeSamples>[1] | undefined): Extreme {
  return {
    number: 1,
    name: 'a fall',
    open: ({ seed }) => ({
      ...modelledScenario(
        seed,
        Date.UTC(2026, 0, 5),
        60,
        5_000,
        200,
        [
          {
            name: 'ETH-USD-PERP',
            corners: [
              [0, 3_000],
              [35, 3_000],
              [55, 2_400],
            ],
          },
        ],
        'a test',
      ),
      script: (inputs, { passedMs }) => {
        if (script !== undefined && passedMs > 40 * 60_000) changeSamples(inputs, script);
      },
    }),
  };
}

describe('the corpus', () => {
  test('has all 25, in order', () => {
    assert.deepEqual(
      [...new Set(EXTREMES.map(({ number }) => number))],
      [...Array(25).keys()].map((n) => n + 1),
    );
  });

  test('accounts that one tick ends are liquidated by it: the guard changes nothing', () => {
    const row = played(21);
    assert.ok(row.forced.unguarded.liquidations >= 60, `${row.forced.unguarded.liquidations} liquidations`);
    assert.equal(row.isSame, true);
    assert.deepEqual(row.misses, []);
  });

  test('everyone’s stops at a round number fire at once', () => {
    const row = played(20);
    assert.ok(row.forced.unguarded.triggers > 300, `${row.forced.unguarded.triggers} triggers`);
    assert.deepEqual([row.isSame, row.misses], [true, []]);
  });

  test('a bad print is held where one source disagrees, and its correction is taken', () => {
    const row = played(19);
    assert.ok(row.classIIVetoes > 0);
    assert.ok(row.forced.unguarded.liquidations > 20);
    assert.deepEqual(row.misses, []);
  });

  test('a market is listed, and settled, while the day goes on', () => {
    const row = played(14);
    assert.ok(row.forced.unguarded.settlements > 100 && row.forced.unguarded.liquidations > 50);
    assert.deepEqual(row.misses, []);
    assert.match(row.limits ?? '', /no command that rescales positions/);
  });
});

describe('what is measured', () => {
  test('a fall on which all sources agree passes: liquidations, none held', () => {
    const { row } = playExtreme(fall(undefined), STAGE);
    assert.ok(row.forced.unguarded.liquidations > 5);
    assert.deepEqual([row.isSame, row.classIIVetoes, row.misses], [true, 0, []]);
  });

  test('a fall in which oracles and venues are apart is held, with a disagreement behind each hold', () => {
    const row = playExtreme(
      fall(({ family, price }) => (family === 'oracle' ? { price: Math.floor(price * 0.95) } : {})),
      STAGE,
    ).row;
    assert.ok(row.classIIVetoes > 0);
    assert.equal(row.classIIHoldsWithoutDisagreement, 0);
    assert.ok(row.forced.guarded.liquidations < row.forced.unguarded.liquidations);
  });

  test('a hold without a disagreement misses its bound: nothing but silence is behind it', () => {
    // Stamps that are older than a forced action may rest on, and young enough for the engine.
    const row = playExtreme(
      fall(({ sourceMs }) => ({ sourceMs: sourceMs - 25_000 })),
      STAGE,
    ).row;
    assert.ok(row.classIIHoldsWithoutDisagreement > 0);
    assert.ok(row.misses.some((miss) => miss.includes('although no source disagreed')));
    assert.ok(row.addedDelayMs.p99 > 5_000);
  });

  test('the summary counts an extreme of two rows once and sums the rest', () => {
    const one = playExtreme(fall(undefined), STAGE);
    const other = { ...one, row: { ...one.row, number: 2, classIVetoes: 3, misses: ['3 vetoes of class I'] } };
    const result = summarise([other, one, one]);
    assert.deepEqual([result.cases, result.classIVetoes, result.missed], [2, 3, [2]]);
    assert.deepEqual(
      result.rows.map(({ number }) => number),
      [1, 1, 2],
    );
    assert.equal(costPercent(200, 210), 1);
    assert.equal(costPercent(5_000, 5_100), 2);
  });
});
